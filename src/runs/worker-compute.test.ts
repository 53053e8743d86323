import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { type ModelConfig, validateConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import { microBatches } from "../train/batch.ts";
import { type Compute, type ComputeSpec, LocalCompute, type RolloutRequest } from "../train/compute.ts";
import { scoreBatches } from "../train/score-batch.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { WorkerCompute } from "./worker-compute.ts";

const config: ModelConfig = validateConfig({
  architecture: "llama",
  vocabSize: 40,
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  intermediateSize: 24,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 64,
});
const spec: ComputeSpec = { config, shards: 3, positions: 32, packed: false };
const random = Random.of(5, "worker-compute");
const tokens = (length: number): number[] => Array.from({ length }, () => random.int(8, 39));
const shards = [4, 2, 5].map((count) =>
  microBatches(
    Array.from({ length: count }, (_, i) => ({ tokens: tokens(6 + 3 * i), from: 2, weight: 0.1 })),
    { tokens: 24 },
  ),
);
const requests = [0, 1, 2].map(
  (s): RolloutRequest => ({
    prompts: [tokens(3), tokens(5)],
    samples: 2,
    maxNewTokens: 10,
    temperature: 1,
    stopTokens: [1],
    seed: 9,
    key: ["test"],
    itemOffset: 4 * s,
  }),
);

/** Everything that a computation gives, twice, so that threads take the shards in turn. */
async function everything(compute: Compute): Promise<unknown[]> {
  const results: unknown[] = [];
  compute.buffers.parameters.set(initialise(config, 1));
  compute.buffers.reference.set(initialise(config, 2));
  for (let round = 0; round < 2; round++) {
    results.push(await compute.gradients({ kind: "crossEntropy" }, shards), compute.gradient.slice());
    results.push(await compute.score("reference", shards));
    results.push(await compute.generate(requests), await compute.generate(requests.slice(0, 1), "reference"));
  }
  await compute.close();
  return results;
}

test("threads change nothing: one, two and three give what this thread gives, bit for bit", async () => {
  const local = await everything(new LocalCompute(await cpuProvider(), spec));
  for (const workers of [1, 2, 3]) assert.deepEqual(await everything(new WorkerCompute(spec, workers)), local);
});

test("scores and their gradients, too, do not depend on threads", async () => {
  const judging: ComputeSpec = { ...spec, config: { ...config, scores: ["a", "b"] } };
  const items = Array.from({ length: 9 }, (_, i) => ({
    texts: [
      {
        tokens: tokens(4 + 2 * i),
        at: [1, 3 + i],
        targets: [
          [0, 1],
          [1, 0.5],
        ],
      },
    ],
  }));
  const parts = [0, 1, 2].map((s) =>
    scoreBatches(
      items.filter((__, i) => i % 3 === s),
      { tokens: 40, outputs: 2 },
    ),
  );
  const all = async (compute: Compute): Promise<unknown[]> => {
    const parameters = initialise(judging.config, 1);
    compute.buffers.parameters.set(parameters.map((x, i) => (i >= parameters.length - 32 ? (i % 5) - 2 : x)));
    const results = [await compute.scoreGradients({ kind: "binary" }, parts), compute.gradient.slice()];
    results.push(await compute.readScores(parts));
    await compute.close();
    return results;
  };
  const local = await all(new LocalCompute(await cpuProvider(), judging));
  assert.ok((local[1] as Float32Array).some((x) => x !== 0));
  for (const workers of [1, 3]) assert.deepEqual(await all(new WorkerCompute(judging, workers)), local);
});

test("an error that speaks to the user keeps its code and its words across threads", async () => {
  const compute = new WorkerCompute(spec, 1);
  const local = new LocalCompute(await cpuProvider(), spec);
  const request: RolloutRequest = { ...requests[0]!, prompts: [tokens(30)] };
  const expected = await local.generate([request]).then(
    () => assert.fail("the prompt fits"),
    (error: unknown) => error,
  );
  assert.ok(expected instanceof ReckonError, String(expected));
  await assert.rejects(compute.generate([request]), (error) => {
    assert.ok(error instanceof ReckonError);
    const { code, message, help } = expected;
    assert.deepEqual([error.code, error.message, error.help], [code, message, help]);
    return true;
  });
  assert.equal((await compute.generate(requests)).length, 3, "and the thread works on");
  await compute.close();
  await local.close();
});

test("threads that wait for work do not keep a process alive that has failed", () => {
  const code = `
    const { WorkerCompute } = await import(${JSON.stringify(import.meta.resolve("./worker-compute.ts"))});
    const compute = new WorkerCompute(${JSON.stringify(spec)}, 2);
    await compute.generate(${JSON.stringify(requests)});
    process.exitCode = 7;`;
  const { status, signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.deepEqual([status, signal], [7, null], stderr);
});
