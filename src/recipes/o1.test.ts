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
      // One judge stands as it always did, so that the keys of runs stay.
      assert.equal(JSON.stringify(last.rewardModel), '{"from":"stage:judge","weight":1}');
      assert.deepEqual(placesOf(last).models, [
        "stage:tune",
        ...(recipe === o1 ? ["stage:judge"] : ["stage:judge", "stage:judge"]),
      ]);
      const moved = relocated(last, (place) => place.toUpperCase(), String);
      assert.deepEqual([moved.from, moved.rewardModel], ["STAGE:TUNE", { from: "STAGE:JUDGE", weight: 1 }]);
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

test("several judges stand in a list, with names that nothing else has, and a share of the steps after which they count", () => {
  const models = (...list: object[]) => [`stages.rl.rewardModel=${JSON.stringify(list)}`];
  const judge = "stage:judge";
  const { stages } = resolveRecipe(
    o1Ppo.tiny,
    models({ from: judge, name: "helpful", after: 0.75 }, { from: "runs/other", weight: 0.5 }),
  );
  const last = stages.at(-1)!;
  assert.ok(last.kind === "reinforce");
  assert.deepEqual(last.rewardModel, [
    { from: judge, weight: 1, name: "helpful", after: 0.75 },
    { from: "runs/other", weight: 0.5 },
  ]);
  assert.deepEqual(placesOf(last).models, ["stage:tune", judge, "runs/other", judge]);
  assert.deepEqual(relocated(last, (place) => place.toUpperCase(), String).rewardModel, [
    { from: "STAGE:JUDGE", weight: 1, name: "helpful", after: 0.75 },
    { from: "RUNS/OTHER", weight: 0.5 },
  ]);
  const refused = (...list: object[]) =>
    assert.throws(() => resolveRecipe(o1.tiny, models(...list)), { code: "RECIPE_INVALID" }, JSON.stringify(list));
  refused({ from: judge }, { from: judge });
  refused({ from: judge, name: "one" }, { from: judge, name: "one" });
  refused({ from: judge, name: "accuracy" });
  refused({ from: judge, after: 1 });
  refused({ from: "stage:good" }, { from: judge, name: "one" });
  refused();
});
