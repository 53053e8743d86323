import assert from "node:assert/strict";
import { test } from "node:test";
import { ALGORITHM_NAMES, ALGORITHMS } from "../train/algorithms/index.ts";
import { ReckonError } from "../util/errors.ts";
import { RECIPES, resolveRecipe } from "./index.ts";
import type { ReinforceStage } from "./schema.ts";

const zero = (...settings: string[]): ReinforceStage =>
  resolveRecipe(RECIPES["r1-zero"]!.tiny, settings).stages[0] as ReinforceStage;

/** Without a ratio there is one update a batch, where the recipe has four. */
const besides = (name: (typeof ALGORITHM_NAMES)[number]): string[] =>
  (ALGORITHMS[name] as { surrogate?: string }).surrogate === "reinforce" ? ["miniBatches=1"] : [];

test("an algorithm's name fills in what it decides, and nothing else", () => {
  for (const name of ALGORITHM_NAMES) {
    const { rewards, ...settings } = ALGORITHMS[name] as (typeof ALGORITHMS)["dapo"];
    const plain = zero(...besides(name));
    const stage = zero(`algorithm=${name}`, ...besides(name));
    assert.deepEqual(
      { ...stage },
      { ...plain, algorithm: name, ...settings, rewards: { ...plain.rewards, ...rewards } },
      name,
    );
  }
});

test("what a recipe says itself goes before its algorithm", () => {
  const stage = zero("algorithm=dapo", "clipHigh=0.4", "rewards.overlong=0.25", "rewards.format=0.2", "resample=0");
  assert.equal(stage.clipHigh, 0.4);
  assert.equal(stage.resample, 0);
  assert.deepEqual(stage.rewards, { accuracy: 1, format: 0.2, overlong: 0.25 });
  assert.equal(stage.normalisation, "dapo");
});

test("a resolved recipe resolves to itself, and without an algorithm it holds nothing of the kind", () => {
  for (const name of ALGORITHM_NAMES) {
    const once = resolveRecipe(RECIPES["r1-zero"]!.tiny, [`algorithm=${name}`, ...besides(name)]);
    assert.deepEqual(resolveRecipe(once), once);
  }
  const later = [
    "algorithm",
    "baseline",
    "klEstimator",
    "klIn",
    "ratio",
    "resampleBy",
    "surrogate",
    "maskTruncated",
    "lora",
  ];
  for (const scale of ["tiny", "small"] as const) {
    for (const name of ["base", "r1-zero", "sft"]) {
      for (const stage of resolveRecipe(RECIPES[name]![scale]).stages) {
        for (const key of later) assert.ok(!(key in stage), key);
        if (stage.kind === "reinforce") assert.deepEqual(stage.rewards, { accuracy: 1, format: 0.1 });
      }
    }
  }
});

test("an unknown algorithm, and rewards that could outweigh being right, are refused", () => {
  const refuses = (setting: string, message: RegExp): void =>
    void assert.throws(
      () => zero(...setting.split(" ")),
      (error: unknown) =>
        error instanceof ReckonError && error.code === "RECIPE_INVALID" && message.test(error.message),
    );
  refuses("algorithm=ppg", /algorithm/);
  refuses("rewards.language=1", /accuracy must weigh more/);
  refuses("rewards.language=0.5 rewards.repetition=0.5", /accuracy must weigh more/);
  refuses("algorithm=dapo rewards.accuracy=0.5", /accuracy must weigh more/);
  refuses("rewards.language=-0.1", /language/);
  refuses("algorithm=rloo", /one update a batch; set miniBatches=1/);
  refuses("algorithm=rloo miniBatches=1 iterations=2", /one update a batch/);
  refuses("klWeight=0.1 klIn=reward klEstimator=k3", /takes k1/);
  assert.equal(zero("klWeight=0.1", "klIn=reward", "klEstimator=k1").klEstimator, "k1");
  assert.equal(zero("rewards.language=0.99").rewards.language, 0.99);
});

test("settings of PPO that would do nothing are refused", () => {
  const refuses = (setting: string, message: RegExp): void =>
    void assert.throws(() => zero(...setting.split(" ")), message);
  refuses("ppo.criticWarmup=45", /criticWarmup[\s\S]*the policy would never learn/);
  refuses("ppo={} algorithm=reinforce++", /klWeight[\s\S]*ppo\.klReward/);
  assert.equal(zero("ppo.criticWarmup=44").ppo?.criticWarmup, 44);
  assert.ok(zero("ppo={}", "algorithm=reinforce++", "klWeight=0").ppo);
  refuses("ppo={} algorithm=rloo klWeight=0", /one update a batch/);
});
