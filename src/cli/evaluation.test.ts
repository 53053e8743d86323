import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../util/statistics.ts";
import { evaluateModel, heldOutProblems } from "./evaluation.ts";
import { openModel } from "./models.ts";

const { checkpoint } = await openModel("zero");
// Ten: a shard of five begins in the middle of the pattern of budgets below.
const problems = heldOutProblems(10);
const settings = { samples: 2, seed: 0, temperature: 1, maxTokens: 96, workers: 2 } as const;

test("each problem thinks within its own budget, on whichever shard it is", async () => {
  const budgets = problems.map((_, i) => [0, 8, 1000][i % 3]!);
  const answers = await evaluateModel(checkpoint, problems, { ...settings, thinkingBudgets: budgets });
  const size = (text: string): number => checkpoint.tokenizer.encodePlain(text).length;
  const thought = answers.map(({ rollout }) => size(rollout.parsed.thinking));
  const of = (budget: number): number[] => thought.filter((_, i) => budgets[Math.floor(i / 2)] === budget);
  assert.ok(
    of(0).every((tokens) => tokens === 0),
    `${of(0)}`,
  );
  assert.ok(Math.max(...of(8)) <= 8 && mean(of(8)) > 4, `${of(8)}`);
  assert.ok(mean(of(1000)) > 16, `${of(1000)}`);
});

test("one budget for all is that of each", async () => {
  const texts = async (budget: object): Promise<string[]> =>
    (await evaluateModel(checkpoint, problems, { ...settings, ...budget })).map(({ rollout }) => rollout.text);
  assert.deepEqual(await texts({ thinkingBudget: 8 }), await texts({ thinkingBudgets: problems.map(() => 8) }));
});
