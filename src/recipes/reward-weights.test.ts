import assert from "node:assert/strict";
import { test } from "node:test";
import { RECIPES, resolveRecipe } from "./index.ts";
import { mayPayForWrong } from "./reward-weights.ts";

test("opinions that outweigh accuracy are told, unless accuracy weighs nothing", () => {
  const judge = (weight: number) => ({ from: "judge", weight, after: 0 });
  const rewards = { accuracy: 1, format: 0.1 };
  assert.equal(mayPayForWrong({ rewards }), undefined);
  assert.equal(mayPayForWrong({ rewards, rewardModel: judge(0.9) }), undefined);
  assert.match(mayPayForWrong({ rewards, rewardModel: judge(1) }) ?? "", /accuracy weighs 1, .* 1$/);
  const several = [
    { ...judge(0.5), name: "a" },
    { ...judge(0.4), name: "b" },
  ];
  assert.match(mayPayForWrong({ rewards: { ...rewards, language: 0.1 }, rewardModel: several }) ?? "", / 1$/);
  assert.equal(mayPayForWrong({ rewards: { ...rewards, accuracy: 0 }, rewardModel: judge(2) }), undefined);
});

test("no shipped recipe pays for wrong answers", () => {
  for (const scales of Object.values(RECIPES)) {
    for (const recipe of Object.values(scales)) {
      for (const stage of resolveRecipe(recipe).stages) {
        if (stage.kind === "reinforce") assert.equal(mayPayForWrong(stage), undefined, recipe.name);
      }
    }
  }
});
