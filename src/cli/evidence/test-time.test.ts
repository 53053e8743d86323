import assert from "node:assert/strict";
import { test } from "node:test";
import { getTask, NO_SKILLS, sampleProblem } from "../../tasks/index.ts";
import type { Measurement } from "./record.ts";
import { testTimeSection } from "./test-time.ts";

const problems = Array.from({ length: 6 }, (_, index) =>
  sampleProblem(getTask("addition"), { seed: 1, index, level: 0, split: "heldout" }),
);

function measured(right: readonly number[], cut: number): Measurement {
  return {
    name: "a measurement",
    key: "",
    weights: "",
    parameters: 1,
    commit: "",
    sampling: { temperature: 1, samples: 1 },
    summary: {
      pass_at_1: right.reduce((sum, x) => sum + x, 0) / right.length,
      tokens_mean: 20,
      cut_share: cut,
    } as Measurement["summary"],
    skills: NO_SKILLS,
    right,
    tokens: right.map(() => 20),
  };
}

test("beside what waits win stands what they have cut off", () => {
  const waits = [0, 1, 2].map((count) => ({
    waits: count,
    measurement: measured([1, 1, 0, 1, 0, count > 0 ? 0 : 1], count / 100),
  }));
  const free = measured([1, 1, 0, 1, 0, 1], 0);
  const budgets = [{ share: 0, tokens: 0, measurement: measured([0, 0, 0, 0, 0, 1], 0) }];
  const seeds = [{ seed: 7, natural: 20, free, budgets, votes: { "1": 0.5 }, waits, again: waits }];
  const section = testTimeSection({ problems, waitProblems: problems, seeds }, () => undefined);
  assert.match(section, /\n\| cut, seed 7 \| 0\.0 % \| 1\.0 % \| 2\.0 % \|\n/);
  assert.match(section, /\n\| right, seed 7 \| 66\.7 % \| 50\.0 % \| 50\.0 % \|\n/);
  assert.match(section, /"Cut" is the share of\nanswers that were not finished within \d+ new tokens/);
});
