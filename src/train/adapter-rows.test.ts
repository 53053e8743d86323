/**
 * Rows of tokens, and the output matrix, beside low-rank adapters: their gradients against those of all weights at the merged
 * model, which the chain rule turns into theirs; and what training with them changes and leaves.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { relativeError, worstEntry } from "../../test/golden-files.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import { initialiseLora, type LoraSettings, loraLayout, loraScale, mergeLora } from "../model/lora.ts";
import { parameterLayout, views } from "../model/parameters.ts";
import { Random } from "../util/random.ts";
import { microBatches, type Sequence } from "./batch.ts";
import { GradientEngine } from "./gradient-engine.ts";
import type { Objective } from "./objective.ts";
import { letterBase, MemoryStore, runPretrain, runReinforce, timeless, config as toy } from "./testing.ts";

const provider = await cpuProvider();

const tied: ModelConfig = {
  ...{ architecture: "llama", vocabSize: 12, hiddenSize: 16, layers: 2, heads: 2, kvHeads: 1, headDim: 8 },
  ...{ intermediateSize: 24, ropeTheta: 10_000, rmsNormEps: 1e-5, tieEmbeddings: true, qkvBias: false, qkNorm: false },
  maxPositions: 32,
};
const untied: ModelConfig = { ...tied, tieEmbeddings: false };
/** Read, and to be foretold; the last of the vocabulary among them. */
const tokens = [11, 3, 7];
const documents: Sequence[] = Array.from({ length: 5 }, (_, i) => {
  const random = Random.of(1, "documents", i);
  return { tokens: Array.from({ length: 9 }, () => random.int(0, 11)), from: 2, weight: 0.1 };
});

const CASES: readonly { readonly name: string; readonly config: ModelConfig; readonly lora: LoraSettings }[] = [
  { name: "tied", config: tied, lora: { rank: 2, alpha: 3, targets: ["q", "down"], tokens } },
  { name: "untied", config: untied, lora: { rank: 2, alpha: 3, targets: ["q"], tokens } },
  {
    name: "untied with an adapter on the output",
    config: untied,
    lora: { rank: 2, alpha: 3, targets: ["lm_head", "v"], tokens },
  },
  { name: "an adapter on the output alone", config: untied, lora: { rank: 3, alpha: 3, targets: ["lm_head"] } },
];

/** Adapters that are somewhere in their training: nothing of them is zero. */
function trained(config: ModelConfig, lora: LoraSettings): Float32Array {
  const adapters = initialiseLora(config, lora, 1);
  const random = Random.of(2, "adapters");
  for (const { offset, size } of loraLayout(config, lora).entries)
    for (let i = offset; i < offset + size; i++) adapters[i]! += 0.1 * random.normal();
  return adapters;
}

/** What the gradient of all weights at the merged model says of the adapters': W + s A B, and E with a change of some rows. */
function chained(config: ModelConfig, lora: LoraSettings, adapters: Float32Array, full: Float32Array): Float32Array {
  const layout = loraLayout(config, lora);
  const out = new Float32Array(layout.size);
  const [own, learnt] = [views(layout, adapters), views(layout, out)];
  const gradients = views(parameterLayout(config), full);
  const scale = loraScale(lora);
  for (const { name, shape } of layout.entries) {
    const into = learnt.get(name)!;
    const weight = name.replace(/\.(a|b|rows)$/, "");
    const dW = gradients.get(weight)!;
    if (name.endsWith(".rows")) {
      const { hiddenSize, vocabSize } = config;
      for (const [n, token] of tokens.entries()) {
        for (let h = 0; h < hiddenSize; h++) {
          if (weight === "embedding") into[n * hiddenSize + h] = dW[token * hiddenSize + h]!;
          else into[h * tokens.length + n] = dW[h * vocabSize + token]!;
        }
      }
      continue;
    }
    const [a, b] = [own.get(`${weight}.a`)!, own.get(`${weight}.b`)!];
    const columns = b.length / lora.rank;
    const [rows, width] = shape as [number, number];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) {
        let sum = 0;
        if (name.endsWith(".a")) for (let o = 0; o < columns; o++) sum += dW[i * columns + o]! * b[j * columns + o]!;
        else for (let k = 0; k < a.length / lora.rank; k++) sum += a[k * lora.rank + i]! * dW[k * columns + j]!;
        into[i * width + j] = scale * sum;
      }
    }
  }
  return out;
}

const objectives: readonly Objective[] = [
  { kind: "crossEntropy" },
  // As reinforcement has it, under a temperature.
  { kind: "policy", clipLow: 0.2, clipHigh: 0.2, klWeight: 0, temperature: 1.5 },
];

for (const { name, config, lora } of CASES) {
  const base = initialise(config, 3, { embeddingScale: 2 });
  const adapters = trained(config, lora);
  const merged = base.slice();
  mergeLora(config, lora, { base, adapters, into: merged });

  for (const target of ["fused", "portable"] as const) {
    test(`${name}: loss and gradients are those of the merged model's weights (${target})`, async () => {
      for (const objective of objectives) {
        const run = async (learning: LoraSettings | undefined) => {
          const options = { packed: false, positions: 32, target, ...(learning ? { lora: learning } : {}) };
          const engine = await GradientEngine.create(provider, config, objective, options);
          const gradient = new Float32Array(engine.layout.size);
          const batches = microBatches(
            documents.map((document) => ({
              ...{ ...document, advantage: 1 },
              old: new Float32Array(document.tokens.length - document.from).fill(-2.4),
            })),
            { tokens: 30 },
          );
          assert.ok(batches.length > 1, "gradients are added up, too");
          const results = await engine.gradients(learning ? adapters : merged, gradient, batches, base);
          await engine.release();
          return { gradient, results };
        };
        const [own, all] = [await run(lora), await run(undefined)];
        for (const [i, { loss, logprobs }] of own.results.entries()) {
          assert.ok(Math.abs(loss - all.results[i]!.loss) < 1e-5 * (1 + Math.abs(loss)));
          assert.ok(relativeError(logprobs, all.results[i]!.logprobs) < 1e-5);
        }
        const worst = worstEntry(loraLayout(config, lora), own.gradient, chained(config, lora, adapters, all.gradient));
        assert.ok(worst.error < 5e-5, `the gradient of ${worst.name} is off by ${worst.error}`);
      }
    });
  }

  test(`${name}: merged, no row of another token has changed, and fresh ones change nothing`, () => {
    const fresh = base.slice();
    mergeLora(config, lora, { base, adapters: initialiseLora(config, lora, 1), into: fresh });
    assert.deepEqual(fresh, base);
    const places = parameterLayout(config).entries;
    const { offset } = places.find((entry) => entry.name === "embedding")!;
    assert.deepEqual(changedTokens(config, base, merged, offset, false), lora.tokens ? [3, 7, 11] : []);
    const head = places.find((entry) => entry.name === "lmHead");
    if (!head || lora.targets.includes("lm_head")) return;
    assert.deepEqual(changedTokens(config, base, merged, head.offset, true), [3, 7, 11]);
  });
}

/** Tokens of whose row any number is another one. */
function changedTokens(
  { vocabSize, hiddenSize }: ModelConfig,
  before: Float32Array,
  after: Float32Array,
  offset: number,
  transposed: boolean,
): number[] {
  return [...Array(vocabSize).keys()].filter((token) =>
    [...Array(hiddenSize).keys()].some((h) => {
      const at = offset + (transposed ? h * vocabSize + token : token * hiddenSize + h);
      return before[at] !== after[at];
    }),
  );
}

test("the layout: after the adapters, whose places stay, by PEFT's names; without tokens there is nothing more", () => {
  const lora: LoraSettings = { rank: 2, alpha: 4, targets: ["q"] };
  const plain = loraLayout(untied, lora);
  assert.deepEqual(loraLayout(untied, { ...lora, tokens: [] }), plain);
  const { entries, parameterCount } = loraLayout(untied, { ...lora, targets: ["lm_head", "q"], tokens });
  assert.deepEqual(entries.slice(0, plain.entries.length), plain.entries);
  assert.deepEqual(
    entries.slice(plain.entries.length).map(({ hfName, hfShape }) => [hfName, ...hfShape]),
    [
      ["lm_head.lora_A.weight", 2, 16],
      ["lm_head.lora_B.weight", 12, 2],
      ["model.embed_tokens.trainable_tokens_delta", 3, 16],
      ["lm_head.trainable_tokens_delta", 3, 16],
    ],
  );
  assert.equal(parameterCount, plain.parameterCount + 2 * (16 + 12) + 2 * 3 * 16);
});

test("an output matrix that is the embedding has no adapter, and that is said", () => {
  assert.throws(() => loraLayout(tied, { rank: 2, alpha: 4, targets: ["q", "lm_head"] }), {
    code: "LORA_TARGET",
    message: /got[\s\S]*q, lm_head/i,
  });
});

/** A digit that is read and a letter that is to be written. */
const LORA: LoraSettings = { rank: 2, alpha: 4, targets: ["q"], tokens: [14, 8] };

test("training changes the rows that it may and no other, by both optimisers, and a stopped run ends with the same bits", async () => {
  const before = await letterBase(provider);
  const document = (index: number) => ({ tokens: [2, 8 + (index % 3), 3, 14, 1], from: 3 });
  const pretraining = {
    ...{ steps: 6, tokensPerStep: 100, rowLength: 32, microBatchTokens: 512, learningRate: 0.02 },
    ...{ schedule: { kind: "constant", warmup: 0 } as const, checkpointEvery: 1000, evaluateEvery: 0 },
  };
  const runs = [
    ...(["adamw", "muon"] as const).map((name) => (store: MemoryStore) => {
      const optimizer = { name, weightDecay: 0.1 };
      return runPretrain(provider, pretraining, { store, parameters: before, document, lora: LORA, optimizer });
    }),
    async (store: MemoryStore) =>
      (await runReinforce(provider, { steps: 6, klWeight: 0.01 }, { store, lora: LORA })).parameters,
  ];
  for (const run of runs) {
    const whole = new MemoryStore();
    const expected = await run(whole);
    const { offset } = parameterLayout(toy).entries.find(({ name }) => name === "embedding")!;
    assert.deepEqual(changedTokens(toy, before, expected, offset, false), [8, 14]);
    const gaps = whole.curve("sampling/sampling_logp_difference/max");
    assert.ok(
      gaps.every((gap) => gap < 1e-4),
      "what is sampled from is what is trained",
    );
    const store = new MemoryStore();
    store.stopAfter = 2;
    await run(store);
    store.stopAfter = Number.POSITIVE_INFINITY;
    assert.deepEqual(await run(store), expected);
    assert.deepEqual(timeless(store.records), timeless(whole.records));
  }
});
