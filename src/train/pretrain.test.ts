/** Supervised learning: short seeded runs that must reach a figure, and what a run does besides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { OptimizerSettings } from "./optimizer.ts";
import type { PretrainSettings, TokenDocument } from "./pretrain.ts";
import { config, letterDocument, MemoryStore, runPretrain, timeless } from "./testing.ts";

const provider = await cpuProvider();

const settings: PretrainSettings = {
  steps: 100,
  tokensPerStep: 400,
  rowLength: 31,
  microBatchTokens: 256,
  learningRate: 0.01,
  schedule: { kind: "cosine", warmup: 5 },
  checkpointEvery: 1000,
  evaluateEvery: 0,
};

/** Eight documents of random tokens; the first token tells them apart, so that all others can be known. */
const eight = Array.from({ length: 8 }, (_, i): TokenDocument => {
  const random = Random.of(3, "eight", i);
  return { tokens: [20 + i, ...Array.from({ length: 12 + 2 * i }, () => random.int(8, 263)), 1], from: 1 };
});

const optimizers: [OptimizerSettings, number][] = [
  [{ name: "adamw", weightDecay: 0.01 }, 0.01],
  [{ name: "muon" }, 0.02],
];
for (const [optimizer, learningRate] of optimizers) {
  test(`${optimizer.name} learns eight documents by heart`, async () => {
    const store = new MemoryStore();
    const document = (index: number) => eight[index % 8]!;
    await runPretrain(provider, { ...settings, learningRate, tokensPerStep: 150 }, { store, document, optimizer });
    const loss = store.curve("loss");
    assert.ok(Math.abs(loss[0]! - Math.log(config.vocabSize)) < 0.4, `a fresh model knows nothing: ${loss[0]}`);
    assert.ok(loss.at(-1)! < 0.05, `loss ${loss.at(-1)}`);
  });
}

test("a model of random letters reaches the entropy of the letters, and nothing below", async () => {
  const store = new MemoryStore();
  await runPretrain(provider, settings, { store });
  const last = store.curve("loss").slice(-10);
  const loss = last.reduce((a, b) => a + b, 0) / last.length;
  // One of five letters, then the end, which is certain: ln 5 over two tokens.
  assert.ok(Math.abs(loss - Math.log(5) / 2) < 0.02, `loss ${loss}`);
});

for (const stopAfter of [1, 7]) {
  test(`stopped after step ${stopAfter} and continued, a run ends with the same bits`, async () => {
    const short = { ...settings, steps: 12, evaluateEvery: 5, checkpointEvery: 5 };
    const whole = new MemoryStore();
    const expected = await runPretrain(provider, short, { store: whole });
    const store = new MemoryStore();
    store.stopAfter = stopAfter;
    await runPretrain(provider, short, { store });
    assert.equal(store.saved.at(-1)!.step, stopAfter, "a checkpoint is saved when it stops");
    store.stopAfter = Number.POSITIVE_INFINITY;
    const parameters = await runPretrain(provider, short, { store });
    assert.deepEqual(parameters, expected);
    assert.deepEqual(timeless(store.records), timeless(whole.records));
    assert.deepEqual(store.saved.at(-1), whole.saved.at(-1));
  });
}

test("going on from an older checkpoint, as after a crash, ends with the same bits too", async () => {
  const short = { ...settings, steps: 9, checkpointEvery: 3 };
  const store = new MemoryStore();
  const expected = await runPretrain(provider, short, { store });
  const records = timeless(store.records);
  assert.deepEqual(
    store.saved.map(({ step }) => step),
    [3, 6, 9],
  );
  store.saved = store.saved.slice(0, 1);
  assert.deepEqual(await runPretrain(provider, short, { store }), expected);
  assert.deepEqual(timeless(store.records), records);
});

test("metrics say what was learnt, and at what rate", async () => {
  const store = new MemoryStore();
  const short: PretrainSettings = { ...settings, steps: 4, schedule: { kind: "constant", warmup: 2 } };
  const taken: number[] = [];
  const document = (index: number) => {
    taken.push(index);
    return letterDocument(index);
  };
  await runPretrain(provider, short, { store, document });
  assert.deepEqual(store.curve("step"), [1, 2, 3, 4]);
  assert.deepEqual(store.curve("learning_rate"), [0.005, 0.01, 0.01, 0.01]);
  // Each document holds five tokens and teaches two: eighty documents a step.
  assert.deepEqual(store.curve("num_tokens"), [400, 800, 1200, 1600]);
  assert.deepEqual(store.curve("num_loss_tokens"), [160, 320, 480, 640]);
  assert.deepEqual(taken, [...Array(320).keys()], "every document once, in order");
  assert.ok(store.curve("grad_norm").every((norm) => norm > 0));
});

test("long documents are cut at the end of a row, and those with nothing to learn left out", async () => {
  const store = new MemoryStore();
  const stream: TokenDocument[] = [
    { tokens: [5], from: 1 },
    { tokens: Array.from({ length: 100 }, (_, i) => 10 + i), from: 30 },
    { tokens: Array.from({ length: 100 }, (_, i) => 10 + i), from: 50 },
  ];
  await runPretrain(provider, { ...settings, steps: 1, tokensPerStep: 64 }, { store, document: (i) => stream[i % 3]! });
  assert.deepEqual(store.curve("num_loss_tokens"), [4], "twice the two tokens that the second document has left");
  assert.deepEqual(store.curve("num_tokens"), [64], "twice its 32 tokens that fit a row with the target of the last");
});

test("a stream that never holds anything to learn ends the run with a word, not in a hang", async () => {
  const document = () => ({ tokens: [1, 2, 3], from: 3 });
  await assert.rejects(
    runPretrain(provider, settings, { document }),
    (error: unknown) => error instanceof ReckonError && error.code === "TRAIN_NO_DOCUMENTS",
  );
});
