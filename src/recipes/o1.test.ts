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
  assert.ok(leftOut(192) > 0.005, "shorter rows would leave many out");
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
