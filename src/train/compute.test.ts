/** Equivalences: however sequences are laid out, cut up and shared out, gradients, scores and samples stay the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { worstParameter } from "../../test/golden-files.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import { parameterLayout } from "../model/parameters.ts";
import { Random } from "../util/random.ts";
import { type BatchOptions, microBatches, type Sequence } from "./batch.ts";
import { type Compute, LocalCompute, type RolloutRequest } from "./compute.ts";
import type { Objective } from "./objective.ts";

const config: ModelConfig = {
  architecture: "qwen3",
  vocabSize: 50,
  hiddenSize: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 6,
  intermediateSize: 32,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: true,
  maxPositions: 128,
};
const random = Random.of(4, "compute");
const sequences = Array.from({ length: 24 }, (): Sequence => {
  const length = random.int(2, 40);
  const from = random.int(1, length - 1);
  const draw = () => Float32Array.from({ length: length - from }, () => -4 + random.normal());
  return {
    tokens: Array.from({ length }, () => random.int(0, 49)),
    from,
    weight: 0.01 * (1 + random.next()),
    advantage: random.normal(),
    old: draw(),
    reference: draw(),
  };
});
const objectives: Record<string, Objective> = {
  "cross entropy": { kind: "crossEntropy" },
  policy: { kind: "policy", clipLow: 0.2, clipHigh: 0.3, klWeight: 0.05 },
};

async function local(shards: number, packed = false, positions = 40): Promise<LocalCompute> {
  const compute = new LocalCompute(await cpuProvider(), { config, shards, positions, packed });
  compute.buffers.parameters.set(initialise(config, 1, { embeddingScale: 4 }));
  compute.buffers.reference.set(initialise(config, 2, { embeddingScale: 4 }));
  return compute;
}

/** Gradient, loss and log-probabilities by sequence of all sequences, dealt out to the shards in turn. */
async function gradientOf(
  compute: Compute,
  objective: Objective,
  options: BatchOptions,
): Promise<{ gradient: Float32Array; loss: number; logprobs: Float32Array[] }> {
  const { shards } = compute.spec;
  const indices = Array.from({ length: shards }, (_, s) => [...sequences.keys()].filter((i) => i % shards === s));
  const batches = indices.map((list) =>
    microBatches(
      list.map((i) => sequences[i]!),
      options,
    ),
  );
  const results = await compute.gradients(objective, batches);
  const logprobs: Float32Array[] = [];
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      for (const { index, start, count } of batch.spans)
        logprobs[indices[s]![index]!] = results[s]![b]!.logprobs.slice(start, start + count);
    });
  });
  const loss = results.flat().reduce((sum, result) => sum + result.loss, 0);
  return { gradient: compute.gradient.slice(), loss, logprobs };
}

const layouts: Record<string, { shards: number; options: BatchOptions }> = {
  "one row at a time": { shards: 1, options: { tokens: 1 } },
  "a few rows": { shards: 1, options: { tokens: 100, multiple: 8 } },
  "packed rows": { shards: 1, options: { tokens: 96, pack: 48, multiple: 16 } },
  "long packed rows": { shards: 1, options: { tokens: 500, pack: 120, multiple: 8 } },
  "two shards": { shards: 2, options: { tokens: 2000 } },
  "four shards, packed, small batches": { shards: 4, options: { tokens: 50, pack: 40, multiple: 1 } },
  "more shards than sequences": { shards: 30, options: { tokens: 100 } },
};

for (const [name, objective] of Object.entries(objectives)) {
  test(`${name}: the gradient does not depend on micro-batches, packing or shards`, async () => {
    const compute = await local(1);
    const expected = await gradientOf(compute, objective, { tokens: 100_000 });
    await compute.close();
    assert.ok(expected.gradient.some((x) => x !== 0));
    for (const [layout, { shards, options }] of Object.entries(layouts)) {
      const other = await local(shards, options.pack !== undefined, options.pack ?? 40);
      const got = await gradientOf(other, objective, options);
      const worst = worstParameter(config, got.gradient, expected.gradient);
      assert.ok(worst.error < 1e-5, `${layout}: ${worst.name} is off by ${worst.error}`);
      assert.ok(Math.abs(got.loss - expected.loss) < 1e-5 * Math.abs(expected.loss), layout);
      for (const [i, logprobs] of got.logprobs.entries())
        assert.ok(
          logprobs.every((x, t) => Math.abs(x - expected.logprobs[i]![t]!) < 2e-5),
          `${layout}: sequence ${i}`,
        );
      await other.close();
    }
  });
}

test("the same work gives the same bits, however often and after whatever else", async () => {
  const compute = await local(2);
  const first = await gradientOf(compute, objectives["policy"]!, { tokens: 100 });
  await gradientOf(compute, objectives["cross entropy"]!, { tokens: 300 });
  await compute.score("reference", [microBatches(sequences, { tokens: 64 })]);
  assert.deepEqual(await gradientOf(compute, objectives["policy"]!, { tokens: 100 }), first);
  await compute.close();
});

test("rows that are rounded up beyond the longest sequence are no trouble", async () => {
  const tokens = Array.from({ length: 40 }, (_, i) => i);
  const of = (positions: number, pack?: number) => local(1, pack !== undefined, positions);
  const results: number[] = [];
  for (const [compute, options] of [
    [await of(64), { tokens: 1, multiple: 1 }],
    [await of(40), { tokens: 1, multiple: 64 }],
    [await of(41, 40), { tokens: 1, multiple: 32, pack: 40 }],
  ] as const) {
    const batches = microBatches([{ tokens, from: 39, weight: 1 }], options);
    const [[result] = []] = await compute.score("parameters", [batches]);
    results.push(result!.logprobs[0]!);
    await compute.close();
  }
  assert.ok(Math.max(...results) - Math.min(...results) < 1e-5, String(results));
});

test("scores read the parameters or the reference, and change neither gradient nor weights", async () => {
  const compute = await local(2);
  await gradientOf(compute, objectives["policy"]!, { tokens: 100 });
  const before = [compute.gradient.slice(), compute.buffers.parameters.slice(), compute.buffers.reference.slice()];
  const batches = [
    microBatches(sequences.slice(0, 3), { tokens: 500 }),
    microBatches(sequences.slice(3, 5), { tokens: 500 }),
  ];
  const own = await compute.score("parameters", batches);
  const reference = await compute.score("reference", batches);
  assert.deepEqual([compute.gradient, compute.buffers.parameters, compute.buffers.reference], before);
  assert.deepEqual(
    own.map((list) => list.length),
    batches.map((list) => list.length),
  );
  assert.notDeepEqual(own, reference);
  compute.buffers.reference.set(compute.buffers.parameters);
  assert.deepEqual(await compute.score("reference", batches), own);
  await compute.close();
});

test("sampled log-probabilities are the trainer's, at any temperature", async () => {
  const compute = await local(1, false, 48);
  for (const temperature of [0.6, 1, 1.7]) {
    const request: RolloutRequest = {
      prompts: [[3, 4, 5], [7], [9, 2, 11, 12, 13, 8, 1]],
      samples: 3,
      maxNewTokens: 20,
      temperature,
      stopTokens: [0, 1, 2],
      seed: 6,
      key: ["test"],
    };
    const completions = (await compute.generate([request])).flat();
    assert.equal(completions.length, 9);
    const rollouts = completions.map(({ prompt, tokens, logprobs }): Sequence & { old: Float32Array } => ({
      tokens: [...request.prompts[prompt]!, ...tokens],
      from: request.prompts[prompt]!.length,
      weight: 1,
      old: logprobs,
    }));
    const batches = microBatches(rollouts, { tokens: 128 });
    const [scored] = await compute.score("parameters", [batches], temperature);
    let [gap, tokens] = [0, 0];
    batches.forEach((batch, b) => {
      for (const { index, start, count } of batch.spans) {
        for (let i = 0; i < count; i++, tokens++)
          gap = Math.max(gap, Math.abs(scored![b]!.logprobs[start + i]! - rollouts[index]!.old[i]!));
      }
    });
    assert.ok(tokens > 30);
    assert.ok(gap < 2e-5, `temperature ${temperature}: ${gap}`);
  }
  await compute.close();
});

test("what is generated does not depend on how requests are shared out", async () => {
  const compute = await local(2, false, 40);
  const prompts = Array.from({ length: 6 }, (_, i) => [3 + i, 4, 5 + i]);
  const request = (list: number[][], itemOffset: number): RolloutRequest => ({
    prompts: list,
    samples: 2,
    maxNewTokens: 12,
    temperature: 1,
    stopTokens: [0],
    seed: 6,
    key: ["share"],
    itemOffset,
  });
  const [whole] = await compute.generate([request(prompts, 0)]);
  const parts = await compute.generate([request(prompts.slice(0, 2), 0), request(prompts.slice(2), 4)]);
  assert.deepEqual(
    parts.flat().map(({ tokens }) => tokens),
    whole!.map(({ tokens }) => tokens),
  );
  const other = await compute.generate([request(prompts, 0)], "reference");
  assert.notDeepEqual(
    other.flat().map(({ tokens }) => tokens),
    whole!.map(({ tokens }) => tokens),
  );
  await compute.close();
});

test("every buffer has the layout's size; one gradient a shard", async () => {
  const compute = await local(3);
  const { size } = parameterLayout(config);
  const { parameters, reference, gradients } = compute.buffers;
  assert.deepEqual(
    [parameters, reference, ...gradients].map((buffer) => buffer.length),
    [size, size, size, size, size],
  );
  assert.equal(compute.gradient, gradients[0]);
  await compute.close();
});
