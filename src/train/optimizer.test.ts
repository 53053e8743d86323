import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors } from "../../test/golden-files.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import { parameterLayout } from "../model/parameters.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { gradientNorm, Optimizer, type OptimizerSettings } from "./optimizer.ts";

interface Golden {
  readonly config: ModelConfig;
  readonly rates: readonly number[];
  readonly kept: readonly number[];
  readonly norms: readonly number[];
  readonly cases: readonly { readonly id: string; readonly settings: OptimizerSettings }[];
}
const golden = goldenJson<Golden>("optimizers");
const { config } = golden;
const tensors = goldenTensors("optimizers");
const start = flatten(config, tensors, "start.");
const gradients = golden.rates.map((_, t) => flatten(config, tensors, `g.${t}.`));
const layout = parameterLayout(config);

/** How far the change of each parameter is from the golden change, relative to its largest; the worst parameter. */
function worstChange(parameters: Float32Array, expected: Float32Array): { name: string; error: number } {
  let worst = { name: "", error: 0 };
  for (const { name, offset, size } of layout.entries) {
    let [gap, change] = [0, 0];
    for (let i = offset; i < offset + size; i++) {
      gap = Math.max(gap, Math.abs(parameters[i]! - expected[i]!));
      change = Math.max(change, Math.abs(expected[i]! - start[i]!));
    }
    if (!(gap / change <= worst.error)) worst = { name, error: gap / change };
  }
  return worst;
}

for (const { id, settings } of golden.cases) {
  test(`${id}: twenty steps equal PyTorch's`, async () => {
    const optimizer = await Optimizer.create(await cpuProvider(), config, settings);
    const parameters = start.slice();
    for (const [t, rate] of golden.rates.entries()) {
      const before = gradients[t]!.slice();
      const norm = await optimizer.step(parameters, gradients[t]!, rate);
      assert.deepEqual(gradients[t], before, "the gradient is only read");
      assert.ok(Math.abs(norm / golden.norms[t]! - 1) < 1e-6, `norm ${norm}, expected ${golden.norms[t]}`);
      if (!golden.kept.includes(t)) continue;
      const { name, error } = worstChange(parameters, flatten(config, tensors, `${id}.${t}.`));
      // A step moves by about a hundredth; float32 keeps values near 1 within 6e-8.
      assert.ok(error < 5e-5, `after step ${t} the change of ${name} is off by ${error}`);
    }
    assert.equal(optimizer.state.step, golden.rates.length);
    await optimizer.release();
  });
}

test("padding between parameters stays zero, in the moments too", async () => {
  const used = new Uint8Array(layout.size);
  for (const { offset, size } of layout.entries) used.fill(1, offset, offset + size);
  assert.ok(used.includes(0), "this layout has padding");
  for (const name of ["adamw", "muon"] as const) {
    const optimizer = await Optimizer.create(await cpuProvider(), config, { name, weightDecay: 0.1 });
    const parameters = start.slice();
    await optimizer.step(parameters, gradients[0]!, 0.01);
    for (const buffer of [parameters, optimizer.state.first, optimizer.state.second])
      assert.ok(buffer.every((x, i) => used[i] === 1 || x === 0));
    await optimizer.release();
  }
});

test("a gradient that is not finite is refused, and nothing has moved", async () => {
  for (const name of ["adamw", "muon"] as const) {
    const optimizer = await Optimizer.create(await cpuProvider(), config, { name });
    const parameters = start.slice();
    await optimizer.step(parameters, gradients[0]!, 0.01);
    const kept = [parameters, optimizer.state.first, optimizer.state.second].map((buffer) => buffer.slice());
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const gradient = gradients[1]!.slice();
      gradient[layout.entries[2]!.offset] = bad;
      await assert.rejects(optimizer.step(parameters, gradient, 0.01), (error: unknown) => {
        assert.ok(error instanceof ReckonError);
        assert.equal(error.code, "TRAIN_NOT_FINITE");
        assert.match(error.summary, /step 2$/);
        return true;
      });
      assert.deepEqual([parameters, optimizer.state.first, optimizer.state.second], kept);
      assert.equal(optimizer.state.step, 1);
    }
    await optimizer.step(parameters, gradients[1]!, 0.01);
    assert.notDeepEqual(parameters, kept[0], "and it goes on");
    await optimizer.release();
  }
});

test("a state that is saved and given to another optimiser goes on bit for bit", async () => {
  for (const { settings } of golden.cases) {
    const provider = await cpuProvider();
    const whole = await Optimizer.create(provider, config, settings);
    const resumed = await Optimizer.create(provider, config, settings);
    const [a, b] = [start.slice(), start.slice()];
    for (let t = 0; t < 6; t++) {
      await whole.step(a, gradients[t]!, golden.rates[t]!);
      if (t !== 2) continue;
      b.set(a);
      resumed.state.first.set(whole.state.first);
      resumed.state.second.set(whole.state.second);
      resumed.state.step = whole.state.step;
    }
    for (let t = 3; t < 6; t++) await resumed.step(b, gradients[t]!, golden.rates[t]!);
    assert.deepEqual(b, a);
    await whole.release();
    await resumed.release();
  }
});

test("parameters larger than one chunk are updated to the last element, each by its own gradient", async () => {
  const large: ModelConfig = { ...config, vocabSize: 5000, hiddenSize: 64, tieEmbeddings: true };
  const { size } = parameterLayout(large);
  assert.ok(size > 2 * (1 << 17));
  const parameters = initialise(large, 1);
  const before = parameters.slice();
  const random = Random.of(2, "gradient");
  const gradient = Float32Array.from({ length: size }, () => (random.chance(0.5) ? 0.01 : -0.01));
  const optimizer = await Optimizer.create(await cpuProvider(), large, { name: "adamw", maxGradNorm: 0 });
  await optimizer.step(parameters, gradient, 0.1);
  // AdamW's first step is the sign of the gradient.
  for (const { name, offset, size: length } of parameterLayout(large).entries) {
    for (let i = offset; i < offset + length; i++) {
      const expected = before[i]! - 0.1 * Math.sign(gradient[i]!);
      if (Math.abs(parameters[i]! - expected) > 1e-4)
        assert.fail(`${name}[${i - offset}]: ${parameters[i]}, expected ${expected}`);
    }
  }
  await optimizer.release();
});

test("the norm of a gradient neither overflows nor vanishes in single precision", () => {
  assert.ok(Math.abs(gradientNorm(Float32Array.of(3e30, 4e30)) / 5e30 - 1) < 1e-6);
  assert.ok(Math.abs(gradientNorm(Float32Array.of(3e-30, 4e-30)) / 5e-30 - 1) < 1e-6);
  assert.equal(gradientNorm(new Float32Array(4)), 0);
});
