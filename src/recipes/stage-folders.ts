/** Where the stages of a recipe lie, `runs/NAME/STAGE/`, and what is laid aside in `runs/NAME/stale/`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunDirectory } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { hashString } from "../util/random.ts";
import { TRACES } from "./data-lineage.ts";
import { newestCheckpointOf } from "./pipeline-record.ts";
import type { Recipe, Stage } from "./schema.ts";
import { makes, referenceOf, relocated, stageNameOf } from "./stages.ts";

export const STALE = "stale";

export function staleName(name: string, key: string): string {
  return `${name}-${key.slice(0, 8)}`;
}

/** Stages draw problems by their seed: two that had the same one would meet the same problems in the same order. */
export function stageSeed(seed: number, name: string): number {
  return hashString(`${seed} ${name}`);
}

/**
 * The recipe of a stage alone: with a seed of its own, and paths in place of names.
 * @param folder of the whole recipe's run
 * @throws ReckonError MODEL_UNKNOWN where a stage before it has left no model
 */
export function aloneIn(folder: string, recipe: Recipe, stage: Stage): Recipe {
  const model = (place: string): string => {
    const name = referenceOf(place);
    if (name === undefined) return place;
    const checkpoint = newestCheckpointOf(join(folder, name));
    if (checkpoint !== undefined) return checkpoint;
    throw new ReckonError("MODEL_UNKNOWN", `stage ${name} has left no model`, { got: join(folder, name) });
  };
  const data = (place: string): string => {
    const name = referenceOf(place);
    return name === undefined ? place : join(folder, name, TRACES);
  };
  return { ...recipe, seed: stageSeed(recipe.seed, stageNameOf(stage)), stages: [relocated(stage, model, data)] };
}

/** Whether a stage's folder holds what it makes. */
export function isDone(folder: string, name: string, stage: Stage): boolean {
  const listed = RunDirectory.list(folder).find((run) => run.name === name);
  if (listed?.state?.status !== "finished") return false;
  const made = makes(stage);
  switch (made) {
    case "model":
      return newestCheckpointOf(listed.directory) !== undefined;
    case "data":
      return existsSync(join(listed.directory, TRACES));
    default:
      made satisfies never;
      throw new Error("internal: unknown result");
  }
}
