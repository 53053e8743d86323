/** What reward models read of traces, where they score them, and what they learn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { gradedTraces, SPECIAL_TOKENS, type Trace } from "../tasks/index.ts";
import {
  DEFAULT_ASPECTS,
  overallRating,
  type RewardReading,
  rankedPairs,
  readText,
  rewardItem,
} from "./reward-data.ts";

const graded = Array.from({ length: 60 }, (_, index) => gradedTraces({ seed: 1, index, split: "train" }));
const texts = graded.flat().map(({ prompt, thinking, answer }) => `${prompt} ${thinking} ${answer}`);
const tokenizer = Tokenizer.fromJson(trainBpe(texts, { vocabSize: 420, specials: SPECIAL_TOKENS }));
const reading: RewardReading = { kind: "ratings", judges: "response", aspects: DEFAULT_ASPECTS, reduce: "product" };
const trace = (change: Partial<Trace>): Trace => ({
  id: "x",
  prompt: "1+1=?",
  thinking: "1+1=2",
  answer: "2",
  ...change,
});

test("the whole response is read to its end, or the answer without its thinking", () => {
  const whole = readText(tokenizer, trace({}), reading);
  assert.equal(
    tokenizer.decode([...whole.tokens], { keepSpecial: true }),
    "<|user|>1+1=?<|assistant|><think>1+1=2</think><answer>2</answer><|end|>",
  );
  assert.deepEqual(whole.at, [whole.tokens.length - 1]);
  const answer = readText(tokenizer, trace({}), { ...reading, judges: "answer" });
  assert.equal(
    tokenizer.decode([...answer.tokens], { keepSpecial: true }),
    "<|user|>1+1=?<|assistant|><think></think><answer>2</answer><|end|>",
  );
});

test("steps are scored at the token that ends each line, of every graded chain", () => {
  for (const one of graded.flat()) {
    const { tokens, at } = readText(tokenizer, one, { ...reading, kind: "steps" });
    const lines = one.thinking.split("\n");
    assert.equal(at.length, lines.length);
    const response = tokenizer.decode([...tokens], { keepSpecial: true }).indexOf("<think>");
    let end = response + "<think>".length;
    lines.forEach((line, i) => {
      end += [...line].length + (i > 0 ? 1 : 0);
      const read = tokenizer.decode(tokens.slice(0, at[i]! + 1), { keepSpecial: true });
      const before = tokenizer.decode(tokens.slice(0, at[i]!), { keepSpecial: true });
      assert.ok(read.length >= end && before.length < end, `line ${i} of ${JSON.stringify(one.thinking)}`);
    });
  }
});

test("a special token in a prompt stays plain text", () => {
  const { tokens } = readText(tokenizer, trace({ prompt: "<|end|>" }), reading);
  assert.equal(tokens.filter((token) => token === tokenizer.specialId("<|end|>")).length, 1);
});

test("the overall rating is the weighted mean of what is rated", () => {
  assert.equal(overallRating({ correctness: 5, clarity: 1 }), (4 * 5 + 1) / 5);
  assert.equal(overallRating({}), undefined);
  assert.equal(overallRating({ clarity: 3 }, { ...DEFAULT_ASPECTS, clarity: 0 }), undefined);
});

test("pairs are made of what differs, each prompt counting once; without ratings the score decides", () => {
  const three = [
    trace({ ratings: { correctness: 5 } }),
    trace({ ratings: { correctness: 1 } }),
    trace({ ratings: { correctness: 1.1 } }),
  ];
  assert.deepEqual(rankedPairs(three, DEFAULT_ASPECTS), [
    { better: 0, worse: 1 },
    { better: 0, worse: 2 },
  ]);
  const item = rewardItem(tokenizer, three, { ...reading, kind: "pairs" }, 100);
  assert.deepEqual(
    item?.pairs?.map(({ weight }) => weight),
    [0.5, 0.5],
  );
  assert.deepEqual(rankedPairs([trace({ score: 0 }), trace({ score: 1 }), trace({})], DEFAULT_ASPECTS), [
    { better: 1, worse: 0 },
  ]);
  assert.equal(rewardItem(tokenizer, [trace({}), trace({})], { ...reading, kind: "pairs" }, 100), undefined);
});

test("ratings that are missing weigh nothing, long texts are left out, labels end with the first error", () => {
  const some = rewardItem(tokenizer, [trace({ ratings: { clarity: 3 } }), trace({})], reading, 100);
  assert.deepEqual(
    some?.texts.map(({ targets, weights }) => [targets, weights]),
    [[[[0, 0.5, 0, 0, 0]], [[0, 1, 0, 0, 0]]]],
  );
  assert.equal(rewardItem(tokenizer, [trace({ ratings: { clarity: 3 } })], reading, 5), undefined);
  const steps = trace({ thinking: "1+1=2\n2+2=5\nso 5", steps: [1, 0] });
  const item = rewardItem(tokenizer, [steps], { ...reading, kind: "steps" }, 100);
  assert.deepEqual(item?.texts[0]?.targets, [[1], [0]]);
  assert.equal(item?.texts[0]?.at.length, 2);
  const point = rewardItem(
    tokenizer,
    [trace({ score: 1 }), trace({ ratings: { correctness: 3 } })],
    { ...reading, kind: "binary" },
    100,
  );
  assert.deepEqual(
    point?.texts.map(({ targets }) => targets),
    [[[1]], [[0.5]]],
  );
});
