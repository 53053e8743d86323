/** Runs the only stage of a recipe, whatever its kind. */
import type { RunStore } from "../train/run-store.ts";
import { folderOf } from "./assemble.ts";
import { runGraded } from "./run-graded.ts";
import { runPretrain, runSupervise, type StageOptions } from "./run-pretrain.ts";
import { runReinforce } from "./run-reinforce.ts";
import { runReward } from "./run-reward.ts";
import { runSample } from "./run-sample.ts";
import type { Recipe } from "./schema.ts";
import { runTeacher } from "./teacher/run-teacher.ts";

export async function runStage(recipe: Recipe, store: RunStore, options: StageOptions): Promise<void> {
  const stage = recipe.stages[0]!;
  switch (stage.kind) {
    case "pretrain":
      return runPretrain(recipe, stage, store, options);
    case "supervise":
      return runSupervise(recipe, stage, store, options);
    case "reinforce":
      return runReinforce(recipe, stage, store, options);
    case "sample":
      if (stage.teacher === undefined) return runSample(recipe, stage, store, options);
      return void (await runTeacher(
        recipe.seed,
        { ...stage, teacher: stage.teacher },
        folderOf(store),
        store,
        process.env,
      ));
    case "reward":
      return runReward(recipe, stage, store, options);
    case "graded":
      return runGraded(recipe, stage, store);
    default:
      stage satisfies never;
      throw new Error("internal: unknown stage");
  }
}
