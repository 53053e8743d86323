import assert from "node:assert/strict";
import { test } from "node:test";
import { ALGORITHM_NAMES, ALGORITHMS } from "../train/algorithms/index.ts";
import { ReckonError } from "../util/errors.ts";
import { RECIPES, resolveRecipe } from "./index.ts";
import type { ReinforceStage } from "./schema.ts";

const zero = (...settings: string[]): ReinforceStage =>
  resolveRecipe(RECIPES["r1-zero"]!.tiny, settings).stages[0] as ReinforceStage;

test("an algorithm's name fills in what it decides, and nothing else", () => {
  const plain = zero();
  for (const name of ALGORITHM_NAMES) {
    const { rewards, ...settings } = ALGORITHMS[name] as (typeof ALGORITHMS)["dapo"];
    const stage = zero(`algorithm=${name}`);
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
    const once = resolveRecipe(RECIPES["r1-zero"]!.tiny, [`algorithm=${name}`]);
    assert.deepEqual(resolveRecipe(once), once);
  }
  const later = ["algorithm", "baseline", "klEstimator", "klIn", "ratio", "surrogate", "maskTruncated", "lora"];
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
  assert.equal(zero("rewards.language=0.99").rewards.language, 0.99);
});
