/** Pipelines as typed data, and what runs them. */
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { base } from "./base.ts";
import { distil, distilRl } from "./distil.ts";
import { o1, o1Ppo } from "./o1.ts";
import { r1 } from "./r1.ts";
import { r1Zero } from "./r1-zero.ts";
import { reward } from "./reward.ts";
import type { StageOptions } from "./run-pretrain.ts";
import { runStage } from "./run-stage.ts";
import type { Recipe, RecipeInput, Scale } from "./schema.ts";
import { sft } from "./sft.ts";

export { loadModelFolder } from "./assemble.ts";
export type { DataLineage } from "./data-lineage.ts";
export {
  type Estimate,
  estimate,
  estimateStages,
  minutesOf,
  SAMPLING_RATE,
  stageConfigs,
  TRAINING_RATE,
  trainingFlops,
} from "./estimate.ts";
export { hash, modelKey, stageKey } from "./keys.ts";
export { type Evaluation, type LineageRecord, weightsHash } from "./lineage.ts";
export {
  isPipeline,
  lastModel,
  type PipelineOptions,
  type PipelineRecord,
  type PipelineResult,
  readPipeline,
  runPipeline,
  type StageRecord,
} from "./pipeline.ts";
export { type PreflightOptions, preflight } from "./preflight.ts";
export { type OpenedReward, openRewardModel } from "./run-reward.ts";
export type { SampleCounts } from "./sample-counts.ts";
export { defineRecipe, type Recipe, type RecipeInput, resolveRecipe, type Scale, type Stage } from "./schema.ts";
export { answers, isPath, makes, placesOf, referenceOf, relocated, stageNameOf } from "./stages.ts";
export { firstTexts } from "./texts.ts";

export const SCALES: readonly Scale[] = ["tiny", "small"];

/** The recipes that `reckon train` knows by name, at each scale. */
export const RECIPES: Readonly<Record<string, Readonly<Record<Scale, RecipeInput>>>> = {
  base,
  "r1-zero": r1Zero,
  sft,
  r1,
  reward,
  o1,
  "o1-ppo": o1Ppo,
  distil,
  "distil-rl": distilRl,
};

/** Runs a resolved recipe of one stage in its run directory, from its start or from its newest checkpoint. */
export async function runRecipe(recipe: Recipe, store: RunStore, options: StageOptions): Promise<void> {
  if (recipe.stages.length !== 1) {
    throw new ReckonError("RECIPE_STAGES", "a run directory holds one stage", { got: `${recipe.stages.length}` });
  }
  return runStage(recipe, store, options);
}
