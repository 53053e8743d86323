/**
 * Keys of models and data: hashes of all that decides over them. Weights follow from the recipe, the parent and the code;
 * of the code stand here the first texts that are trained on, and for everything else a number.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ReckonError } from "../util/errors.ts";
import { weightsHash } from "./lineage.ts";
import { READER } from "./reader.ts";
import type { MarkedReading } from "./run-reward.ts";
import type { Recipe, ReinforceStage, Stage } from "./schema.ts";
import { isPath, placesOf, relocated } from "./stages.ts";
import { askedOf } from "./teacher/settings.ts";
import { firstTexts } from "./texts.ts";

/**
 * To be raised by hand whenever the same recipe gives other weights, or the same weights another measurement, and the
 * texts do not show it: a changed optimizer, sampler, judge or analysis of answers. What was recorded before is then
 * trained and measured anew.
 */
export const FORMAT = 3;

/** Texts of each phase that stand for the code that writes them. */
const TEXTS = 100;

/**
 * @param recipe resolved, with the parent's key in place of its folder
 * @param texts default: the first ones that it trains on
 */
export function modelKey(recipe: Recipe, texts: readonly string[] = firstTexts(recipe, TEXTS)): string {
  return hash(JSON.stringify([FORMAT, recipe, hash(JSON.stringify(texts))]));
}

/**
 * Key of a recipe's only stage: as `modelKey`, with hashes of what the paths lead to in place of the paths, so that it
 * does not matter where things lie. Of users' modules their own file counts, not what they import.
 * @param modelFolder the folder of a model that the recipe names
 * @throws ReckonError INPUT_UNREADABLE
 */
export async function stageKey(recipe: Recipe, modelFolder: (name: string) => string): Promise<string> {
  const stage = recipe.stages[0]!;
  const hashes = new Map<string, string>();
  for (const model of placesOf(stage).models) hashes.set(model, `model ${await modelHash(modelFolder(model))}`);
  for (const place of filePlaces(stage)) hashes.set(place, `${basename(place)} ${hash(await content(place))}`);
  const named = (place: string): string => hashes.get(place) ?? place;
  const hashed = { ...recipe, description: "", stages: [asAsked(withoutPaths(stage, named))] };
  return modelKey(hashed as Recipe, firstTexts(recipe, TEXTS));
}

/** Hash of all that decides over what a model in a folder says: weights, configuration, tokenizer; of a judge also how its scores are read. */
async function modelHash(folder: string): Promise<string> {
  const parts = [await weightsHash(folder).catch((error: unknown) => unreadable(folder, error))];
  for (const name of ["config.json", "tokenizer.json"]) parts.push(hash(await content(join(folder, name))));
  const reading = await readingOf(folder);
  if (reading !== undefined) parts.push(hash(JSON.stringify(reading)));
  if (reading?.marks !== undefined) parts.push(hash(await content(join(folder, READER))));
  return hash(parts.join(" "));
}

/** How a reward model's scores become opinions, which its weights do not show; undefined for other models. */
async function readingOf(folder: string): Promise<MarkedReading | undefined> {
  const text = await readFile(join(folder, "reckon.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const reward = rewardIn(text, folder);
  if (reward === undefined) return undefined;
  const { kind, judges, aspects, reduce, centre, marks } = reward;
  return { kind, judges, aspects, reduce, centre, ...(marks === undefined ? {} : { marks }) };
}

function rewardIn(text: string, folder: string): MarkedReading | undefined {
  try {
    return (JSON.parse(text) as { readonly reward?: MarkedReading }).reward;
  } catch (error) {
    return unreadable(join(folder, "reckon.json"), error);
  }
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export function hash(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Paths of files that a stage reads. */
function filePlaces(stage: Stage): string[] {
  const data = placesOf(stage).data.filter(isPath);
  return [
    ...data,
    ...ownFiles({
      tasks: "tasks" in stage ? stage.tasks : [],
      userRewards: "userRewards" in stage ? stage.userRewards : [],
    }),
  ];
}

/** Paths of users' tasks and rewards. */
export function ownFiles({ tasks, userRewards }: Pick<ReinforceStage, "tasks" | "userRewards">): string[] {
  return [...tasks.map(fileOf), ...userRewards];
}

const fileOf = (task: string | { readonly file: string }): string => (typeof task === "string" ? task : task.file);

function withoutPaths(stage: Stage, named: (place: string) => string): Stage {
  const moved = relocated(stage, named, named);
  if (!("tasks" in moved)) return moved;
  const tasks = moved.tasks.map((task) =>
    typeof task === "string" ? named(task) : { ...task, file: named(task.file) },
  );
  if (!("userRewards" in moved)) return { ...moved, tasks };
  return { ...moved, tasks, userRewards: moved.userRewards.map(named) };
}

/**
 * To be raised whenever other answers of a teacher become traces than before: its stages are then run anew, without another
 * answer being asked for.
 */
const TEACHER_RULES = 2;

/** Of a teacher only what decides over its answers. */
function asAsked(stage: Stage): unknown {
  if (stage.kind !== "sample" || stage.teacher === undefined) return stage;
  const { maxThinking } = stage.teacher;
  return { ...stage, teacher: { ...askedOf(stage.teacher), maxThinking, rules: TEACHER_RULES } };
}

async function content(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => unreadable(path, error));
}

function unreadable(path: string, cause: unknown): never {
  throw new ReckonError("INPUT_UNREADABLE", `${path} could not be read`, {
    expected: "what the stage begins with",
    got: cause instanceof Error ? cause.message : String(cause),
    help: "check the paths in the recipe",
    cause,
  });
}
