/** Rewards beside accuracy: what each says, and that none of them makes a wrong answer pay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatCompletion,
  hostileAnswers,
  listTasks,
  type Problem,
  parseCompletion,
  sampleProblem,
} from "../../tasks/index.ts";
import { judgeByRules, type RuleRewards } from "../judge.ts";
import type { Rollout } from "../rollout.ts";
import { dominated, shape } from "./index.ts";
import { languageConsistency } from "./language.ts";
import { brevity } from "./length.ts";
import { overlong } from "./overlong.ts";
import { repetition } from "./repetition.ts";

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, expected ${expected}`);

test("overlong: nothing before the buffer, a line through it, −1 at the limit", () => {
  // DAPO's own: 20,480 tokens, of which the last 4,096 are the buffer.
  for (const [length, expected] of [
    [0, 0],
    [16_384, 0],
    [16_385, -1 / 4096],
    [18_432, -0.5],
    [20_480, -1],
    [99_999, -1],
  ] as const)
    near(overlong(length, 20_480), expected);
  near(overlong(75, 100, 0.5), -0.5);
  near(overlong(50, 100, 1), -0.5);
});

test("length: the share of the room, never more than all of it", () => {
  assert.deepEqual(
    [0, 50, 100, 300].map((length) => brevity(length, 100)),
    [0, -0.5, -1, -1],
  );
});

test("repetition: the share of n-grams that stood there before", () => {
  assert.equal(repetition(""), 0);
  assert.equal(repetition("a a a a"), 0, "one 4-gram is no repetition");
  near(repetition("a a a a a"), -1 / 2);
  near(repetition("a b a b a b", 2), -(5 - 2) / 5);
  assert.equal(repetition("1 2 3 4 5 6 7 8 9"), 0);
  near(repetition("so\nso so\tso  so so so so", 4), -4 / 5);
  const long = `${"wait ".repeat(200_000)}end`;
  assert.ok(repetition(long) < -0.99);
});

test("language: the share of the prompt's among the words of either", () => {
  assert.equal(languageConsistency("so 3 wait 4 yes", "en"), 1);
  assert.equal(languageConsistency("so 3 wait 4 yes", "de"), 0);
  near(languageConsistency("also warte yes", "de"), 2 / 3);
  assert.equal(languageConsistency("1+2=3", "de"), 1);
});

function rollout(problem: Problem, text: string, length: number, finish: Rollout["finish"] = "stop"): Rollout {
  return { problem, segments: [], text, parsed: parseCompletion(text), finish, length };
}

const LIMIT = 100;
/** Every subset of the four, as heavy as they may be together, and each by itself as heavy as it may be. */
const COMBINATIONS: RuleRewards[] = Array.from({ length: 16 }, (_, bits) => {
  const names = ["language", "length", "repetition", "overlong"].filter((_, i) => bits & (1 << i));
  const weight = 0.999 / Math.max(1, names.length);
  return { accuracy: 1, format: 0.1, ...Object.fromEntries(names.map((name) => [name, weight])) };
});

/** The right answer at its worst: in the wrong language, repeating itself, up to the limit. */
function worstRight(problem: Problem, gold: string): Rollout {
  const foreign = problem.language === "en" ? "warte " : "wait ";
  return rollout(problem, `${formatCompletion(foreign.repeat(LIMIT), gold)}<|end|>`, LIMIT);
}

for (const task of listTasks()) {
  test(`${task.name}: hostile answers score 0 under every combination of rewards, and never earn what a right one does`, () => {
    for (const language of ["en", "de"] as const) {
      const request = { seed: 5, level: 0, split: "train", language } as const;
      const problem = sampleProblem(task, { ...request, index: 0 }) as Problem;
      const gold = task.gold(problem.facts);
      const other = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        .map((index) => task.gold(sampleProblem(task, { ...request, index }).facts))
        .find((answer) => task.verify(problem.facts, answer).score === 0)!;
      const own = language === "en" ? "wait so yes" : "warte also ja";
      const hostile = hostileAnswers(problem.prompt, gold, other)
        .filter(({ answer }) => answer.length < 50_000 && task.verify(problem.facts, answer).score === 0)
        .flatMap(({ answer }) => [
          rollout(problem, `${formatCompletion(own, answer)}<|end|>`, 3),
          rollout(problem, `${formatCompletion("", answer)}<|end|>`, 1),
          rollout(problem, `${own}${answer}<|end|>`, 1),
        ]);
      // And right ones that break the format or are cut.
      const broken = [
        rollout(problem, `${formatCompletion(own, gold)}<|end|>`, LIMIT, "length"),
        rollout(problem, formatCompletion(own, gold), 3),
        rollout(problem, `${own} ${formatCompletion(own, gold)}<|end|>`, 3),
        rollout(problem, `<answer>${gold}</answer><|end|>`, 2),
      ];
      assert.ok(hostile.length > 60);
      for (const weights of COMBINATIONS) {
        assert.ok(dominated(weights));
        const right = judgeByRules(worstRight(problem, gold), weights, undefined, LIMIT);
        assert.equal(right.score, 1);
        for (const wrong of [...hostile, ...broken]) {
          const { score, reward, reason } = judgeByRules(wrong, weights, undefined, LIMIT);
          assert.equal(score, 0, wrong.text.slice(0, 200));
          assert.ok(reason !== "");
          assert.ok(reward < right.reward, `${reward} of ${right.reward}: ${wrong.text.slice(0, 200)}`);
        }
      }
    }
  });
}

test("the same rewards weighed more heavily than accuracy would make a wrong answer pay: hence the rule", () => {
  const weights = { accuracy: 1, format: 0.1, language: 1.5 };
  assert.ok(!dominated(weights));
  const task = listTasks().find(({ name }) => name === "addition")!;
  const problem = sampleProblem(task, { seed: 5, index: 0, level: 0, split: "train", language: "en" }) as Problem;
  const wrong = rollout(problem, `${formatCompletion("so", "-1")}<|end|>`, 3);
  const right = worstRight(problem, task.gold(problem.facts));
  assert.ok(judgeByRules(wrong, weights).reward > judgeByRules(right, weights).reward);
});

test("each reward is said apart, absent where it is off, and null where it does not apply", () => {
  const task = listTasks().find(({ name }) => name === "addition")!;
  const problem = sampleProblem(task, { seed: 5, index: 0, level: 0, split: "train", language: "en" }) as Problem;
  const text = `${formatCompletion("so wait warte", task.gold(problem.facts))}<|end|>`;
  const judged = (weights: Partial<RuleRewards>, limit?: number) =>
    judgeByRules(rollout(problem, text, 90), { accuracy: 1, format: 0.1, ...weights }, undefined, limit);
  assert.deepEqual(judged({}).rewards, { accuracy: 1, format: 1 });
  const all = judged({ language: 0.3, length: 0.2, repetition: 0.1, overlong: 0.3 }, 100);
  assert.deepEqual(Object.keys(all.rewards), ["accuracy", "format", "language", "length", "repetition", "overlong"]);
  near(all.rewards["language"]!, 2 / 3);
  near(all.rewards["overlong"]!, -0.5);
  near(all.reward, 1.1 + 0.3 * (2 / 3) - 0.2 * 0.9 - 0.3 * 0.5);
  const without = judged({ length: 0.2, overlong: 0.3 });
  assert.deepEqual(without.rewards, { accuracy: 1, format: 1, length: null, overlong: null });
  near(without.reward, 1.1);
  assert.equal(without.failures, undefined);
});

test("a reward that throws or is no number is named on its rollout and adds nothing", () => {
  const task = listTasks().find(({ name }) => name === "addition")!;
  const problem = sampleProblem(task, { seed: 5, index: 0, level: 0, split: "train", language: "en" }) as Problem;
  const good = rollout(problem, `${formatCompletion("so", task.gold(problem.facts))}<|end|>`, 3);
  // What no parser gives: a thought that is no text, and a length that is no number.
  const bad = { ...good, parsed: { ...good.parsed, thinking: undefined as unknown as string }, length: Number.NaN };
  const weights = { accuracy: 1, format: 0.1, language: 0.3, length: 0.2, repetition: 0.1 };
  assert.ok(shape(good, weights, true, 100).every(({ failure }) => failure === undefined));
  const { reward, score, rewards, failures } = judgeByRules(bad, weights, undefined, 100);
  assert.deepEqual(
    failures!.map(({ name }) => name),
    ["language", "length"],
  );
  assert.deepEqual(rewards, { accuracy: 1, format: 1, language: null, length: null, repetition: 0 });
  assert.equal(score, 1);
  near(reward, 1.1);
});
