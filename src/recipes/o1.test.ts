import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gradedTraces } from "../tasks/index.ts";
import { DEFAULT_ASPECTS, worthOf } from "../train/reward-data.ts";
import { loadModelFolder } from "./assemble.ts";
import { tokenise } from "./data.ts";
import { resolveRecipe, SCALES } from "./index.ts";
import { o1, o1Ppo } from "./o1.ts";
import { reward } from "./reward.ts";
import { oncePerStep } from "./run-reward.ts";
import { makes, placesOf, relocated } from "./stages.ts";

test("o1 at every scale: good chains, tuning on them, a judge, reinforcement against it, the verifier without a say", () => {
  for (const recipe of [o1, o1Ppo]) {
    for (const scale of SCALES) {
      const { stages } = resolveRecipe(recipe[scale]);
      assert.deepEqual(stages.map(makes), ["data", "model", "model", "model"]);
      const last = stages.at(-1)!;
      assert.ok(last.kind === "reinforce");
      assert.equal(last.rewards.accuracy, 0);
      assert.equal(last.rewardModel?.from, "stage:judge");
      assert.deepEqual(placesOf(last).models, [
        "stage:tune",
        ...(recipe === o1 ? ["stage:judge"] : ["stage:judge", "stage:judge"]),
      ]);
      const moved = relocated(last, (place) => place.toUpperCase(), String);
      assert.deepEqual([moved.from, moved.rewardModel?.from], ["STAGE:TUNE", "STAGE:JUDGE"]);
      assert.equal(moved.ppo?.critic, recipe === o1 ? undefined : "STAGE:JUDGE");
    }
  }
});

test("a judge must be a model that an earlier stage makes", () => {
  for (const setting of ["stages.rl.rewardModel.from=stage:good", "stages.rl.rewardModel.from=stage:rl"])
    assert.throws(() => resolveRecipe(o1.tiny, [setting]), { code: "RECIPE_INVALID" });
  assert.throws(() => resolveRecipe(o1Ppo.tiny, ["stages.rl.ppo.critic=stage:nobody"]), { code: "RECIPE_INVALID" });
});

test("at the scale small a judge is tested on 2,000 prompts, for a tenth of what its training costs at most", () => {
  for (const recipe of [o1, o1Ppo, reward]) {
    const judge = resolveRecipe(recipe.small).stages.find((stage) => stage.kind === "reward")!;
    const { steps, promptsPerStep, chains, evaluatePrompts, evaluateEvery, checkpointEvery } = judge;
    assert.deepEqual([evaluatePrompts, evaluateEvery], [2000, 500]);
    const measured = new Set<number>();
    for (const every of [evaluateEvery, checkpointEvery]) for (let n = every; n <= steps; n += every) measured.add(n);
    // Reading costs a third of learning.
    assert.ok((measured.size * evaluatePrompts * chains) / 3 < 0.1 * steps * promptsPerStep * chains);
    const tiny = resolveRecipe(recipe.tiny).stages.find((stage) => stage.kind === "reward")!;
    assert.equal(tiny.evaluatePrompts, 200);
  }
});

test("what was measured at a step is not measured again for its checkpoint", async () => {
  let parameters = 0;
  const evaluate = oncePerStep(async () => ++parameters);
  assert.deepEqual([await evaluate(250), await evaluate(250), await evaluate(500), await evaluate(500)], [1, 1, 2, 2]);
});

test("good chains have room in the rows of fine-tuning", async () => {
  const { tokenizer } = await loadModelFolder(join(import.meta.dirname, "..", "..", "models", "base"));
  const [good, tune] = resolveRecipe(o1.small).stages;
  assert.ok(good?.kind === "graded" && tune?.kind === "supervise");
  const lengths = Array.from({ length: 400 }, (_, index) =>
    gradedTraces({ seed: 0, index, split: "train", problems: good.problems }),
  )
    .flat()
    .filter((trace) => worthOf(trace, DEFAULT_ASPECTS)! >= good.least)
    .map((trace) => tokenise(trace, tokenizer).tokens.length);
  const leftOut = (row: number): number => lengths.filter((length) => length > row + 1).length / lengths.length;
  assert.ok(leftOut(tune.rowLength) < 0.005, `${leftOut(tune.rowLength)} are left out`);
  assert.ok(leftOut(256) > 0.005, "shorter rows would leave many out");
});
