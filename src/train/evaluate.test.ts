/** Rollouts, their judgement by rules, and the summary of an evaluation, on answers made by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { getTask, type Problem, parseCompletion, SPECIAL_TOKENS } from "../tasks/index.ts";
import { mean } from "../util/statistics.ts";
import { type Evaluated, summarise } from "./evaluate.ts";
import { DEFAULT_REWARDS, judgeByRules, ruleJudge } from "./judge.ts";
import { type Rollout, rolloutOf, sequenceOf } from "./rollout.ts";

const problem = (a: number, b: number, level = 0, family = "addition"): Problem => ({
  id: `${family}-${a}-${b}`,
  family,
  level,
  language: "en",
  prompt: getTask("addition").prompt({ a, b }, "en"),
  facts: { a, b },
  chance: 1 / 64,
});

function rollout(of: Problem, thinking: string, answer: string, options: Partial<Rollout> = {}): Rollout {
  const text = `<think>${thinking}</think><answer>${answer}</answer><|end|>`;
  return { problem: of, segments: [], text, parsed: parseCompletion(text), finish: "stop", length: 10, ...options };
}

const judged = (given: Rollout): Evaluated => ({ rollout: given, judgement: judgeByRules(given, DEFAULT_REWARDS) });

test("rules: accuracy counts only inside the strict format; the format alone earns its crumb", () => {
  const sum = problem(47, 38);
  const of = (given: Rollout) => {
    const { score, reward, rewards } = judgeByRules(given, DEFAULT_REWARDS);
    return [score, reward, rewards];
  };
  assert.deepEqual(of(rollout(sum, "so 85", "85")), [1, 1.1, { accuracy: 1, format: 1 }]);
  assert.deepEqual(of(rollout(sum, "so 84", "84")), [0, 0.1, { accuracy: 0, format: 1 }]);
  const loose = "<think>so 85</think> <answer>85</answer><|end|>";
  assert.deepEqual(of(rollout(sum, "", "", { text: loose, parsed: parseCompletion(loose) })), [
    0,
    0,
    { accuracy: 0, format: 0 },
  ]);
  const cut = rollout(sum, "so 85", "85", { finish: "length" });
  assert.deepEqual(of(cut), [0, 0, { accuracy: 0, format: 0 }]);
  assert.equal(judgeByRules(cut, DEFAULT_REWARDS).reason, "cut at the length limit");
  assert.deepEqual(judgeByRules(rollout(sum, "", "85"), { accuracy: 2, format: 0.5 }).reward, 2.5);
});

test("rules: another verifier may stand in, is asked only for answers that count, and may give part of the score", async () => {
  const asked: string[] = [];
  const verify = (_: Problem, answer: string) => {
    asked.push(answer);
    return { score: 0.25, reason: "a quarter" };
  };
  const good = judgeByRules(rollout(problem(1, 2), "", "x"), DEFAULT_REWARDS, verify);
  assert.deepEqual([good.score, good.reason, good.reward], [0.25, "a quarter", 0.35]);
  judgeByRules(rollout(problem(1, 2), "", "y", { finish: "length" }), DEFAULT_REWARDS, verify);
  assert.deepEqual(asked, ["x"]);
  const judge = ruleJudge();
  const both = await judge([rollout(problem(1, 2), "", "3"), rollout(problem(1, 2), "", "4")]);
  assert.deepEqual(
    both.map(({ score }) => score),
    [1, 0],
  );
});

test("a rollout keeps prompt and answer apart, and becomes a sequence that learns the answer alone", () => {
  const tokenizer = Tokenizer.fromJson(trainBpe(["12 + 34"], { vocabSize: 270, specials: SPECIAL_TOKENS }));
  const answer = tokenizer.encode("<think>so 3</think><answer>3</answer><|end|>");
  const prompt = [2, 50, 51, 3];
  const logprobs = Float32Array.from(answer, (_, i) => -0.1 * i);
  const made = rolloutOf(problem(1, 2), prompt, { prompt: 0, tokens: answer, logprobs, finish: "stop" }, tokenizer);
  assert.deepEqual(
    [made.text, made.parsed.answer, made.length, made.finish],
    ["<think>so 3</think><answer>3</answer><|end|>", "3", answer.length, "stop"],
  );
  const sequence = sequenceOf(made, 0.5, -1, undefined);
  assert.deepEqual(sequence, { tokens: [...prompt, ...answer], from: 4, weight: 0.5, advantage: -1, old: logprobs });
  const reference = new Float32Array(answer.length);
  assert.equal(sequenceOf(made, 0.5, -1, reference).reference, reference);
  const twoTurns = { ...made, segments: [...made.segments, { role: "tool", tokens: [7], trainable: false }] as const };
  assert.throws(() => sequenceOf(twoTurns, 1, 1, undefined), /last segment/);
});

test("a summary of hand-made answers says what they were", () => {
  const [first, second, third] = [problem(47, 38), problem(1, 2, 2), problem(5, 5, 10)];
  const answers = [
    // 3 of 4 right; one of them after a first try that was wrong.
    rollout(first, "so 85", "85", { length: 10 }),
    rollout(first, "so 84\nwait\nso 85", "85", { length: 30 }),
    rollout(first, "so 85\ncheck 85-38=47", "85", { length: 20 }),
    rollout(first, "so 84", "84", { length: 8 }),
    // 1 of 4 right; one cut off, one that went on in vain.
    rollout(second, "so 3", "3", { length: 12 }),
    rollout(second, "so 4", "4", { length: 40, finish: "length" }),
    rollout(second, "so 4\nwait\nso 5", "5", { length: 16 }),
    rollout(second, "so 4", "4", { length: 8 }),
    // None right, none in the format.
    ...[1, 2, 3, 4].map(() => rollout(third, "", "", { text: "10", parsed: parseCompletion("10"), length: 4 })),
  ].map(judged);
  const { by_family_level, ...summary } = summarise(answers, 4);
  const rates = [0.75, 0.25, 0];
  const variance = rates.reduce((sum, rate) => sum + (rate - 1 / 3) ** 2, 0) / 3;
  assert.deepEqual(summary, {
    n: 3,
    samples: 4,
    pass_at_1: mean(rates),
    se: Math.sqrt(variance / 2),
    // Of four answers with c right, two are all wrong with probability C(4-c, 2) / C(4, 2).
    pass_at_k: { "1": mean(rates), "2": mean([1, 1 - 3 / 6, 0]), "4": mean([1, 1, 0]) },
    format: 7 / 12,
    accuracy_given_format: 4 / 7,
    chance: 1 / 64,
    tokens_mean: 160 / 12,
    tokens_right: (10 + 30 + 20 + 12) / 4,
    tokens_wrong: (8 + 40 + 16 + 8 + 16) / 8,
    recheck_share: 3 / 12,
    recovered: 1 / 2,
    went_on_share: 2 / 12,
    cut_share: 1 / 12,
  });
  assert.deepEqual(
    by_family_level.map((rung) => [rung.family, rung.level, rung.n, rung.accuracy, rung.format, rung.tokens_mean]),
    [
      ["addition", 0, 4, 0.75, 1, 17],
      ["addition", 2, 4, 0.25, 0.75, 19],
      ["addition", 10, 4, 0, 0, 4],
    ],
    "levels in the order of numbers",
  );
});

test("corners of a summary: one problem, nothing right, nothing at all", () => {
  const one = summarise([judged(rollout(problem(1, 1), "", "2"))], 1);
  assert.deepEqual([one.pass_at_1, one.se, one.tokens_wrong, one.recovered], [1, 0, 0, 0]);
  const wrong = summarise([judged(rollout(problem(1, 1), "", "", { parsed: parseCompletion("") }))], 1);
  assert.deepEqual([wrong.accuracy_given_format, wrong.format, wrong.tokens_right], [0, 0, 0]);
  const none = summarise([], 4);
  assert.deepEqual([none.n, none.pass_at_1, none.by_family_level], [0, 0, []]);
  const numbers = Object.values(none).filter((value) => typeof value === "number");
  assert.ok(numbers.every(Number.isFinite), JSON.stringify(none));
});

test("a partial score is no right answer, but counts in the accuracy of its rung", () => {
  const given = rollout(problem(1, 1), "", "2");
  const judgement = judgeByRules(given, DEFAULT_REWARDS, () => ({ score: 0.5, reason: "half" }));
  const { pass_at_1, by_family_level } = summarise([{ rollout: given, judgement }], 1);
  assert.deepEqual([pass_at_1, by_family_level[0]!.accuracy], [0, 0.5]);
});
