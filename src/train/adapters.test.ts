/** LoRA: gradients against golden values (test/golden/lora.py), merging, and what training with adapters does and leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, flattenInto, goldenJson, goldenTensors, relativeError, worstEntry } from "../../test/golden-files.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialiseLora, LORA_TARGETS, type LoraSettings, loraLayout, mergeLora } from "../model/lora.ts";
import { parameterLayout } from "../model/parameters.ts";
import { ReckonError } from "../util/errors.ts";
import { mean } from "../util/statistics.ts";
import { loadParameters } from "./adapters.ts";
import { microBatches, type Sequence } from "./batch.ts";
import { LocalCompute } from "./compute.ts";
import { GradientEngine } from "./gradient-engine.ts";
import { letterBase, MemoryStore, runPretrain, runReinforce, timeless, config as toy } from "./testing.ts";

const provider = await cpuProvider();
const golden = goldenJson<{
  config: ModelConfig;
  documents: Sequence[];
  cases: { name: string; lora: LoraSettings; loss: number }[];
}>("lora");
const tensors = goldenTensors("lora");
const { config, documents } = golden;
const base = flatten(config, tensors);

for (const { name, lora, loss } of golden.cases) {
  const layout = loraLayout(config, lora);
  const adapters = flattenInto(layout, tensors, `${name}.`);
  const expected = flattenInto(layout, tensors, `${name}.grad.`);
  for (const target of ["fused", "portable"] as const) {
    test(`${name}: loss and the gradients of all adapters equal PyTorch's (${target})`, async () => {
      for (const options of [
        { tokens: 24, multiple: 4 },
        { tokens: 64, multiple: 8, pack: 24 },
      ]) {
        const packed = "pack" in options;
        const engine = await GradientEngine.create(
          provider,
          config,
          { kind: "crossEntropy" },
          { packed, positions: 64, target, lora },
        );
        const gradient = new Float32Array(layout.size);
        const results = await engine.gradients(adapters, gradient, microBatches(documents, options), base);
        await engine.release();
        const got = results.reduce((sum, result) => sum + result.loss, 0);
        assert.ok(Math.abs(got / loss - 1) < 1e-6, `loss ${got}, expected ${loss}`);
        const worst = worstEntry(layout, gradient, expected);
        // The keys' gradient is small beside what it is a difference of: float32 leaves it 2e-5.
        assert.ok(worst.error < 5e-5, `the gradient of ${worst.name} is off by ${worst.error}`);
      }
    });
  }

  test(`${name}: the merged model is the model with its adapters, and differs from its base in the targets alone`, async () => {
    const merged = base.slice();
    mergeLora(config, lora, { base, adapters, into: merged });
    const score = await GradientEngine.create(provider, config, { kind: "score" }, { packed: false, positions: 64 });
    const beside = await GradientEngine.create(
      provider,
      config,
      { kind: "crossEntropy" },
      { packed: false, positions: 64, lora },
    );
    const batches = microBatches(documents, { tokens: 1000 });
    const [one] = await score.score(merged, batches);
    const [other] = await beside.gradients(adapters, new Float32Array(layout.size), batches, base);
    const [before] = await score.score(base, batches);
    await score.release();
    await beside.release();
    assert.ok(relativeError(one!.logprobs, other!.logprobs) < 1e-5);
    assert.ok(relativeError(one!.logprobs, before!.logprobs) > 0.01);
    const letters: Record<string, string> = { q: "wq", k: "wk", v: "wv", o: "wo", gate: "wg", up: "wu", down: "wd" };
    for (const { name: weight, offset, size } of parameterLayout(config).entries) {
      const touched = lora.targets.some((target) => weight.endsWith(`.${letters[target]}`));
      const same = merged.subarray(offset, offset + size).every((x, i) => x === base[offset + i]);
      assert.equal(same, !touched, weight);
    }
  });
}

test("fresh adapters change nothing: merged at once they give the base back, bit for bit", () => {
  const lora: LoraSettings = { rank: 4, alpha: 8, targets: LORA_TARGETS };
  const adapters = initialiseLora(config, lora, 3);
  assert.ok(adapters.some((x) => x !== 0));
  assert.deepEqual(adapters, initialiseLora(config, lora, 3));
  assert.notDeepEqual(adapters, initialiseLora(config, lora, 4));
  const merged = base.slice();
  mergeLora(config, lora, { base, adapters, into: merged });
  assert.deepEqual(merged, base);
});

test("the adapters' layout: PEFT's names and shapes, aligned, nothing twice, in one order whatever the recipe's is", () => {
  const lora: LoraSettings = { rank: 4, alpha: 8, targets: ["down", "q"] };
  const { entries, parameterCount, size } = loraLayout(config, lora);
  assert.deepEqual(entries.map(({ name }) => name).slice(0, 4), [
    "layers.0.wq.a",
    "layers.1.wq.a",
    "layers.0.wq.b",
    "layers.1.wq.b",
  ]);
  assert.equal(entries[0]!.hfName, "model.layers.0.self_attn.q_proj.lora_A.weight");
  assert.deepEqual(entries[0]!.hfShape, [4, 8]);
  assert.equal(parameterCount, 2 * (4 * (8 + 8) + 4 * (12 + 8)));
  assert.ok(size >= parameterCount && size % 16 === 0);
  assert.deepEqual(loraLayout(config, { ...lora, targets: ["q", "down"] }), loraLayout(config, lora));
});

const LORA: LoraSettings = { rank: 4, alpha: 8, targets: LORA_TARGETS };

test("reinforcement with adapters finds out what earns the reward; the base stays, sampler and trainer agree", async () => {
  const before = await letterBase(provider);
  const { store, parameters } = await runReinforce(
    provider,
    { steps: 80, learningRate: 0.02 },
    {
      lora: LORA,
      inspect: async ({ compute }) => {
        assert.deepEqual(compute.buffers.base, before);
        const merged = before.slice();
        const { trained: adapters } = compute.buffers;
        mergeLora(toy, LORA, { base: before, adapters, into: merged });
        assert.deepEqual(merged, compute.buffers.parameters);
      },
    },
  );
  const rewards = store.curve("reward");
  assert.ok(mean(rewards.slice(0, 3)) < 0.3 && mean(rewards.slice(-5)) > 0.7, rewards.join(" "));
  assert.ok(Math.max(...store.curve("sampling/sampling_logp_difference/max")) < 1e-4);
  assert.notDeepEqual(parameters, before);
  const { offset, size } = parameterLayout(toy).entries.find(({ name }) => name === "embedding")!;
  assert.deepEqual(parameters.subarray(offset, offset + size), before.subarray(offset, offset + size));
});

test("fine-tuning with adapters learns; stopped and continued, both kinds of run end with the same bits", async () => {
  const parameters = await letterBase(provider);
  // Only one letter after every digit.
  const document = (index: number) => ({ tokens: [2, 8 + (index % 3), 3, 14, 1], from: 3 });
  const pretraining = {
    ...{ steps: 30, tokensPerStep: 100, rowLength: 32, microBatchTokens: 512, learningRate: 0.02 },
    ...{ schedule: { kind: "constant", warmup: 0 } as const, checkpointEvery: 1000, evaluateEvery: 0 },
  };
  const runs = [
    (store: MemoryStore) => runPretrain(provider, pretraining, { store, parameters, document, lora: LORA }),
    async (store: MemoryStore) =>
      (await runReinforce(provider, { steps: 6, klWeight: 0.01 }, { store, lora: LORA })).parameters,
  ];
  for (const run of runs) {
    const whole = new MemoryStore();
    const expected = await run(whole);
    const store = new MemoryStore();
    for (const stopAfter of [2, Number.POSITIVE_INFINITY]) {
      store.stopAfter = stopAfter;
      const ended = await run(store);
      if (stopAfter > 2) assert.deepEqual(ended, expected);
    }
    assert.deepEqual(timeless(store.records), timeless(whole.records));
    if (run === runs[0]) {
      const losses = whole.curve("loss");
      assert.ok(losses.at(-1)! < 0.3 * losses[0]!, losses.join(" "));
    }
  }
});

test("adapters of another rank do not go on in a run", () => {
  const compute = new LocalCompute(provider, { config: toy, shards: 1, positions: 32, packed: false, lora: LORA });
  const parameters = new Float32Array(parameterLayout(toy).size);
  assert.throws(
    () => loadParameters(compute, parameters, 0, { base: parameters, adapters: new Float32Array(16) }),
    (error: unknown) => error instanceof ReckonError && error.code === "CHECKPOINT_MISMATCH",
  );
});
