/** Pipelines as typed data, and what runs them. */

import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { base } from "./base.ts";
import { r1Zero } from "./r1-zero.ts";
import { runPretrain, runSupervise, type StageOptions } from "./run-pretrain.ts";
import { runReinforce } from "./run-reinforce.ts";
import type { Recipe, RecipeInput, Scale } from "./schema.ts";
import { sft } from "./sft.ts";

export { corpusTokenizer, freshConfig, loadModelFolder } from "./assemble.ts";
export { type Estimate, estimate, trainingFlops } from "./estimate.ts";
export { type Evaluation, type LineageRecord, weightsHash } from "./lineage.ts";
export { defineRecipe, type Recipe, type RecipeInput, resolveRecipe, type Scale } from "./schema.ts";
export { firstTexts } from "./texts.ts";

export const SCALES: readonly Scale[] = ["tiny", "small"];

/** The recipes that `reckon train` knows by name, at each scale. */
export const RECIPES: Readonly<Record<string, Readonly<Record<Scale, RecipeInput>>>> = { base, "r1-zero": r1Zero, sft };

/** Runs a resolved recipe in its run directory, from its start or from its newest checkpoint. */
export async function runRecipe(recipe: Recipe, store: RunStore, options: StageOptions): Promise<void> {
  if (recipe.stages.length !== 1) {
    throw new ReckonError("RECIPE_STAGES", "recipes have one stage so far", { got: `${recipe.stages.length}` });
  }
  const stage = recipe.stages[0]!;
  switch (stage.kind) {
    case "pretrain":
      return runPretrain(recipe, stage, store, options);
    case "supervise":
      return runSupervise(recipe, stage, store, options);
    case "reinforce":
      return runReinforce(recipe, stage, store, options);
    default:
      stage satisfies never;
      throw new Error("internal: unknown stage");
  }
}
