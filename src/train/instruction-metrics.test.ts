import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCompletion, getTask, goldTrace, type Problem, parseCompletion, sampleProblem } from "../tasks/index.ts";
import type { Evaluated } from "./evaluate.ts";
import { summariseInstructions } from "./instruction-metrics.ts";
import { DEFAULT_REWARDS, judgeByRules } from "./judge.ts";
import type { Rollout } from "./rollout.ts";

const problem = (family: string, index: number): Problem =>
  sampleProblem(getTask(family), { seed: 2, index, level: 0, split: "heldout", language: "de" });

function answered(to: Problem, text: string): Evaluated {
  const rollout: Rollout = {
    ...{ problem: to, segments: [], text, parsed: parseCompletion(text), finish: "stop", length: 10 },
  };
  return { rollout, judgement: judgeByRules(rollout, DEFAULT_REWARDS) };
}

const reply = (to: Problem, thinking: string, answer: string): Evaluated =>
  answered(to, `${formatCompletion(thinking, answer)}<|end|>`);

test("an instruction is done where the answer is right and given as it was asked for", () => {
  const [first, second, third, fourth] = [0, 1, 2, 3].map((index) => problem("instruct-direct", index)) as [
    ...[Problem, Problem, Problem, Problem],
  ];
  const gold = (of: Problem): string => goldTrace(of, "de").answer;
  const words = problem("instruct-words", 0);
  const { n, followed, right, format, language, kinds } = summariseInstructions([
    reply(first, "", gold(first)),
    reply(second, "", "something else"),
    reply(third, "warte so 1\nalso 2", gold(third)),
    answered(fourth, `${gold(fourth)}<|end|>`),
    reply(words, "also 2", gold(words)),
  ]);
  assert.deepEqual(kinds["direct"], { n: 4, followed: 0.5, right: 0.25 });
  assert.deepEqual(kinds["words"], { n: 1, followed: 1, right: 1 });
  assert.deepEqual([n, followed, right, format], [5, 3 / 5, 2 / 5, 4 / 5]);
  // Two thoughts: "warte so also" and "also".
  assert.ok(Math.abs(language - (2 / 3 + 1) / 2) < 1e-12);
  const { reason, score, reward } = reply(third, "1", gold(third)).judgement;
  assert.deepEqual([reason, score], ["thought about it", 0]);
  assert.ok(reward > 0, "the format counts all the same");
});

test("where nothing was thought there is no share of a language", () => {
  const greeting = problem("instruct-greeting", 0);
  assert.ok(Number.isNaN(summariseInstructions([reply(greeting, "", "Hallo!")]).language));
});
