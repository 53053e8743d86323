import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRecipe, SCALES } from "./index.ts";
import { o1, o1Ppo } from "./o1.ts";
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

test("the critic has steps of its own at the full rate before the policy begins, and both algorithms as many updates", () => {
  for (const scale of SCALES) {
    const [grpo, ppo] = [o1, o1Ppo].map((recipe) => resolveRecipe(recipe[scale]).stages.at(-1)!);
    assert.ok(grpo?.kind === "reinforce" && ppo?.kind === "reinforce");
    const { criticWarmup } = ppo.ppo!;
    assert.ok(criticWarmup >= ppo.schedule.warmup && criticWarmup * 10 <= ppo.steps, `${criticWarmup} of ${ppo.steps}`);
    assert.ok(scale === "tiny" || criticWarmup >= 2 * ppo.schedule.warmup);
    assert.equal(ppo.miniBatches, grpo.miniBatches);
    assert.ok(ppo.miniBatches > 1);
  }
});

test("a judge must be a model that an earlier stage makes", () => {
  for (const setting of ["stages.rl.rewardModel.from=stage:good", "stages.rl.rewardModel.from=stage:rl"])
    assert.throws(() => resolveRecipe(o1.tiny, [setting]), { code: "RECIPE_INVALID" });
  assert.throws(() => resolveRecipe(o1Ppo.tiny, ["stages.rl.ppo.critic=stage:nobody"]), { code: "RECIPE_INVALID" });
});
