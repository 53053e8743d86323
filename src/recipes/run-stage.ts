/** Runs the only stage of a recipe, whatever its kind. */
import type { RunStore } from "../train/run-store.ts";
import { runGraded } from "./run-graded.ts";
import { runPretrain, runSupervise, type StageOptions } from "./run-pretrain.ts";
import { runReinforce } from "./run-reinforce.ts";
import { runReward } from "./run-reward.ts";
import { runSample } from "./run-sample.ts";
import type { Recipe } from "./schema.ts";

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
      return runSample(recipe, stage, store, options);
    case "reward":
      return runReward(recipe, stage, store, options);
    case "graded":
      return runGraded(recipe, stage, store);
    default:
      stage satisfies never;
      throw new Error("internal: unknown stage");
  }
}
