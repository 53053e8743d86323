/** What R1's last reinforcement rewards: its judges come late, and never make a wrong answer pay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatCompletion,
  getTask,
  hostileAnswers,
  type Problem,
  parseCompletion,
  sampleFromMix,
  sampleProblem,
} from "../tasks/index.ts";
import { ruleJudge } from "../train/judge.ts";
import { modelJudge } from "../train/model-judge.ts";
import type { Rollout } from "../train/rollout.ts";
import { RECIPES, resolveRecipe, SCALES } from "./index.ts";
import type { ReinforceStage } from "./schema.ts";
import { listOf } from "./stages.ts";

const last = (scale: (typeof SCALES)[number]): ReinforceStage =>
  resolveRecipe(RECIPES["r1"]![scale]).stages.at(-1) as ReinforceStage;

const rollout = (problem: Problem, text: string): Rollout => ({
  ...{ problem, segments: [], text, parsed: parseCompletion(text), finish: "stop", length: 3 },
});

test("the judges read and learn as R1's do, and count in the last part of the steps", () => {
  for (const scale of SCALES) {
    const { stages } = resolveRecipe(RECIPES["r1"]![scale]);
    const judges = stages.filter((stage) => stage.kind === "reward");
    assert.deepEqual(
      judges.map(({ name, data, loss, judges: read }) => [name, data, loss, read]),
      [
        ["helpful", "corpus:helpful", "pairs", "answer"],
        ["harmless", "corpus:harmless", "binary", "response"],
      ],
    );
    const models = listOf(last(scale).rewardModel);
    assert.deepEqual(
      models.map(({ from, name }) => [from, name]),
      judges.map(({ name }) => [`stage:${name}`, name]),
    );
    // 400 of 1,700 steps.
    for (const { after } of models) assert.ok(Math.abs(1 - after! - 400 / 1700) < 0.02);
  }
});

test("an answer that the verifier refuses scores 0 whatever the judges think, and earns less than any right one", async () => {
  const { rewards, rewardModel, maxNewTokens, problems } = last("tiny");
  const judge = (opinion: number) =>
    listOf(rewardModel).reduce(
      (rules, { weight, ...naming }) => modelJudge(rules, async (texts) => texts.map(() => opinion), weight, naming),
      ruleJudge(rewards, maxNewTokens),
    );
  const [charmed, displeased] = [judge(1), judge(0)];
  let refused = 0;
  for (let index = 0; index < 30; index++) {
    const problem = sampleFromMix({ seed: 5, index, split: "train" }, problems);
    const task = getTask(problem.family);
    const gold = task.gold(problem.facts);
    const other = task.gold(sampleProblem(task, { seed: 6, index, level: problem.level, split: "train" }).facts);
    const hostile = hostileAnswers(problem.prompt, gold, other)
      .map(({ answer }) => answer)
      .filter((answer) => answer.length < 5000 && task.verify(problem.facts, answer).score === 0);
    refused += hostile.length;
    // The right one is in a foreign language, so that it earns as little as a right one may.
    const thinking = problem.language === "en" ? "also" : "so";
    const right = rollout(problem, `${formatCompletion(thinking, gold)}<|end|>`);
    const [worst] = await displeased([right], 1);
    const judged = await charmed(
      hostile.map((answer) => rollout(problem, `${formatCompletion("", answer)}<|end|>`)),
      1,
    );
    for (const [i, { score, reward }] of judged.entries()) {
      assert.equal(score, 0, hostile[i]);
      if (worst!.score === 1) assert.ok(reward < worst!.reward, `${reward}, ${worst!.reward}: ${hostile[i]}`);
    }
  }
  assert.ok(refused > 300, `${refused}`);
});
