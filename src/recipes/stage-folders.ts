/**
 * Where the stages of a recipe lie, `runs/NAME/STAGE/`, what is laid aside in `runs/NAME/stale/`, and which stages are begun or
 * done: those whose folder has the key that they have now.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunDirectory } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { hashString } from "../util/random.ts";
import { TRACES } from "./data-lineage.ts";
import { stageKey } from "./keys.ts";
import { newestCheckpointOf, readStageFile } from "./pipeline-record.ts";
import type { Recipe, Stage } from "./schema.ts";
import { makes, placesOf, referenceOf, relocated, stageNameOf } from "./stages.ts";

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

/**
 * The stages that are still to be begun, as far as it can be told before any of them is: one that begins with what such a
 * stage makes counts among them, though its outcome may be the same as before. Nothing is changed.
 */
export async function stagesToBegin(
  folder: string,
  recipe: Recipe,
  modelFolder: (name: string) => string,
): Promise<Stage[]> {
  const done = new Set<string>();
  const left: Stage[] = [];
  for (const stage of recipe.stages) {
    const { models, data } = placesOf(stage);
    const needed = [...models, ...data].flatMap((place) => referenceOf(place) ?? []);
    const state = needed.every((name) => done.has(name))
      ? await stateIn(folder, recipe, stage, modelFolder)
      : "unbegun";
    if (state === "unbegun") left.push(stage);
    // What is laid aside is not yet where those after it would look for it.
    else if (state === "done") done.add(stageNameOf(stage));
  }
  return left;
}

async function stateIn(
  folder: string,
  recipe: Recipe,
  stage: Stage,
  modelFolder: (name: string) => string,
): Promise<"unbegun" | "begun" | "done" | "aside"> {
  const name = stageNameOf(stage);
  const file = readStageFile(join(folder, name));
  const stale = join(folder, STALE);
  // A key takes the reading of all that the stage begins with: where nothing was begun none is needed.
  if (file === undefined && !existsSync(stale)) return "unbegun";
  // What cannot be read is told by whoever wants to begin with it.
  const key = await stageKey(aloneIn(folder, recipe, stage), modelFolder).catch(() => undefined);
  if (key === undefined) return "unbegun";
  if (file?.key === key) return isDone(folder, name, stage) ? "done" : "begun";
  return readStageFile(join(stale, staleName(name, key)))?.key === key ? "aside" : "unbegun";
}
