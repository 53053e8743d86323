/** Distillation on a teacher's distribution against golden values (test/golden/distil.py), and from a teacher that runs here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors, relativeError, worstParameter } from "../../../test/golden-files.ts";
import { cpuProvider } from "../../graph/node.ts";
import type { ModelConfig } from "../../model/config.ts";
import { initialise } from "../../model/initialise.ts";
import { ReckonError } from "../../util/errors.ts";
import { type BatchOptions, microBatches, type Sequence } from "../batch.ts";
import { LocalCompute } from "../compute.ts";
import { GradientEngine } from "../gradient-engine.ts";
import { Optimizer } from "../optimizer.ts";
import { PRETRAIN_START, pretrain } from "../pretrain.ts";
import { checkTeacher, teach } from "../teach.ts";
import { letterBase, letterDocument, MemoryStore, config as toy } from "../testing.ts";
import type { DistilObjective } from "./distil.ts";

interface Golden {
  readonly config: ModelConfig;
  readonly teacherConfig: ModelConfig;
  readonly documents: readonly { tokens: number[]; from: number; weight: number }[];
  readonly cases: readonly {
    readonly name: string;
    readonly top: number;
    readonly temperature: number;
    readonly hardWeight: number;
    readonly loss: number;
    readonly teacher: readonly { ids: number[][]; logprobs: number[][] }[];
  }[];
}

const golden = goldenJson<Golden>("distil");
const tensors = goldenTensors("distil");
const { config, teacherConfig, documents } = golden;
const parameters = flatten(config, tensors);
const provider = await cpuProvider();

async function differentiate(
  objective: DistilObjective,
  sequences: readonly Sequence[],
  options: BatchOptions,
  target: "fused" | "portable",
): Promise<{ loss: number; gradient: Float32Array }> {
  const engine = await GradientEngine.create(provider, config, objective, {
    packed: options.pack !== undefined,
    positions: 64,
    target,
  });
  const gradient = new Float32Array(parameters.length);
  const results = await engine.gradients(parameters, gradient, microBatches(sequences, options));
  await engine.release();
  return { loss: results.reduce((sum, { loss }) => sum + loss, 0), gradient };
}

const teacher = new LocalCompute(provider, { config: teacherConfig, shards: 2, positions: 64, packed: false });
teacher.buffers.parameters.set(flatten(teacherConfig, tensors, "teacher."));

for (const { name, loss, teacher: given, ...choices } of golden.cases) {
  const objective: DistilObjective = { kind: "distil", ...choices };
  const { top } = objective;
  const fed = documents.map((document, i) => ({
    ...document,
    teacher: {
      top,
      ids: Int32Array.from(given[i]!.ids.flat()),
      logprobs: Float32Array.from(given[i]!.logprobs.flat()),
    },
  }));
  for (const target of ["fused", "portable"] as const) {
    test(`${name}: loss and gradients equal PyTorch's, in padded and in packed rows (${target})`, async () => {
      for (const options of [
        { tokens: 24, multiple: 4 },
        { tokens: 64, multiple: 8, pack: 24 },
      ]) {
        const got = await differentiate(objective, fed, options, target);
        assert.ok(Math.abs(got.loss - loss) < 2e-6 * (1 + loss), `loss ${got.loss}, expected ${loss}`);
        const worst = worstParameter(config, got.gradient, flatten(config, tensors, `${name}.`));
        assert.ok(worst.error < 2e-5, `the gradient of ${worst.name} is off by ${worst.error}`);
      }
    });
  }
  test(`${name}: a teacher that runs here says the same`, async () => {
    const taught = await teach(teacher, objective, documents, { tokens: 24, multiple: 4 });
    taught.forEach((sequence, i) => {
      assert.deepEqual([...sequence.teacher!.ids], given[i]!.ids.flat());
      assert.ok(relativeError(sequence.teacher!.logprobs, given[i]!.logprobs.flat()) < 1e-5);
    });
  });
}

test("a teacher that is the student teaches nothing, and tokens it never says stay numbers", async () => {
  const self = new LocalCompute(provider, { config, shards: 1, positions: 64, packed: true });
  self.buffers.parameters.set(parameters);
  for (const top of [18, 3]) {
    const objective: DistilObjective = { kind: "distil", top, temperature: 1.3 };
    const taught = await teach(self, objective, documents, { tokens: 64, pack: 24 });
    const { loss, gradient } = await differentiate(objective, taught, { tokens: 64 }, "fused");
    assert.ok(Math.abs(loss) < 1e-5, `${loss}`);
    assert.ok(gradient.every((x) => Math.abs(x) < 1e-5));
    for (const sequence of taught) sequence.teacher!.logprobs[top - 1] = Number.NEGATIVE_INFINITY;
    const impossible = await differentiate(objective, taught, { tokens: 64 }, "fused");
    assert.ok(Number.isFinite(impossible.loss) && impossible.gradient.every(Number.isFinite));
  }
  await self.close();
});

test("another vocabulary and more tokens than there are are refused", () => {
  const objective: DistilObjective = { kind: "distil", top: 20 };
  for (const [own, other] of [
    [18, 40],
    [18, 18],
  ] as const)
    assert.throws(
      () => checkTeacher(objective, own, other),
      (error: unknown) => error instanceof ReckonError && error.code === "TEACHER_VOCABULARY",
    );
  checkTeacher(objective, 20, 20);
});

test("a fresh student learns its teacher's distribution, from the whole of it or its likeliest tokens", async () => {
  const master = new LocalCompute(provider, { config: toy, shards: 1, positions: 32, packed: true });
  master.buffers.parameters.set(await letterBase(provider));
  for (const top of [toy.vocabSize, 6]) {
    const objective: DistilObjective = { kind: "distil", top };
    const compute = new LocalCompute(provider, { config: toy, shards: 2, positions: 32, packed: true });
    const optimizer = await Optimizer.create(provider, toy, { name: "adamw" });
    compute.buffers.parameters.set(initialise(toy, 3));
    const store = new MemoryStore();
    const settings = {
      ...{ steps: 40, tokensPerStep: 300, rowLength: 32, microBatchTokens: 512, learningRate: 0.01 },
      ...{ schedule: { kind: "linear", warmup: 5 } as const, checkpointEvery: 1000, evaluateEvery: 0 },
    };
    await pretrain(
      settings,
      { ...PRETRAIN_START },
      {
        ...{ compute, optimizer, store, document: letterDocument },
        distil: { objective, teach: (sequences, options) => teach(master, objective, sequences, options) },
        save: async () => {},
      },
    );
    const losses = store.curve("loss");
    assert.ok(losses[0]! > 1 && losses.at(-1)! < 0.02, `${losses[0]} to ${losses.at(-1)}`);
    await compute.close();
    await optimizer.release();
  }
  await master.close();
});
