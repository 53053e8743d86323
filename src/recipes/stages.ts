/**
 * Recipes of several stages: what the stages are called, and how later ones name what earlier ones made, `stage:NAME`:
 * its model in `from`, its data set in `data`.
 */
import { ReckonError } from "../util/errors.ts";
import type { DataPlace } from "./schema-data.ts";

/** What this file knows of a stage: whatever names a model or data does it in fields of these names. */
interface Placed {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly from?: string | undefined;
  readonly data?: DataPlace | undefined;
  readonly rewardModel?: Judging | readonly Judging[] | undefined;
  readonly ppo?: { readonly critic?: string | undefined } | undefined;
  readonly tokenizer?: { readonly from?: string | undefined } | undefined;
  readonly distribution?: { readonly teacher: string } | undefined;
}

interface Judging {
  readonly from: string;
}

const REFERENCE = "stage:";

/** Names of folders that stand beside those of the stages. */
const RESERVED: readonly string[] = ["stale", "checkpoints"];

/** A stage's name within its recipe. */
export function stageNameOf(stage: { readonly kind: string; readonly name?: string | undefined }): string {
  return stage.name ?? stage.kind;
}

/** Kinds of stages that leave `traces.jsonl`; the others leave a model. */
const DATA_KINDS: readonly string[] = ["sample", "graded"];

/** What a stage leaves behind. */
export function makes({ kind }: { readonly kind: string }): "model" | "data" {
  return DATA_KINDS.includes(kind) ? "data" : "model";
}

/** Whether a stage leaves a model that answers: a judge does not. */
export function answers(stage: { readonly kind: string }): boolean {
  return makes(stage) === "model" && stage.kind !== "reward";
}

/** The stage that a place names; undefined where it names none. */
export function referenceOf(place: string): string | undefined {
  return place.startsWith(REFERENCE) ? place.slice(REFERENCE.length) : undefined;
}

/** Whether a place of data is a file's path. */
export function isPath(place: string): boolean {
  return !/^(?:stage|corpus):/.test(place);
}

/** The places of the models and the data that a stage begins with. */
export function placesOf({ from, data = [], rewardModel, ppo, tokenizer, distribution }: Placed): {
  readonly models: readonly string[];
  readonly data: readonly string[];
} {
  return {
    models: [
      from,
      ...listOf(rewardModel).map((one) => one.from),
      ppo?.critic,
      tokenizer?.from,
      distribution?.teacher,
    ].filter((place) => place !== undefined),
    data: typeof data === "string" ? [data] : data.map((source) => source.data),
  };
}

/** The stage with other places. */
export function relocated<S extends Placed>(
  stage: S,
  model: (place: string) => string,
  data: (place: string) => string,
): S {
  const { from, data: places, rewardModel, ppo, tokenizer, distribution } = stage;
  const judging = <M extends Judging>(one: M): M => ({ ...one, from: model(one.from) });
  return {
    ...stage,
    ...(from === undefined ? {} : { from: model(from) }),
    ...(rewardModel === undefined
      ? {}
      : { rewardModel: isList(rewardModel) ? rewardModel.map(judging) : judging(rewardModel) }),
    ...(ppo?.critic === undefined ? {} : { ppo: { ...ppo, critic: model(ppo.critic) } }),
    ...(tokenizer?.from === undefined ? {} : { tokenizer: { ...tokenizer, from: model(tokenizer.from) } }),
    ...(distribution === undefined ? {} : { distribution: { ...distribution, teacher: model(distribution.teacher) } }),
    ...(places === undefined
      ? {}
      : typeof places === "string"
        ? { data: data(places) }
        : { data: places.map((source) => ({ ...source, data: data(source.data) })) }),
  };
}

/** A setting that is one or several, as a list. */
export function listOf<T extends object>(setting: T | readonly T[] | undefined): readonly T[] {
  return setting === undefined ? [] : isList(setting) ? setting : [setting];
}

function isList<T extends object>(setting: T | readonly T[]): setting is readonly T[] {
  return Array.isArray(setting);
}

/** Place of a stage in a recipe's list, by name or by number, for paths of settings; what is neither stays. */
export function stageIndex(stages: readonly { readonly kind: string; readonly name?: string }[], name: string): string {
  if (/^\d+$/.test(name)) return name;
  const index = stages.findIndex((stage) => stageNameOf(stage) === name);
  if (index >= 0) return String(index);
  throw new ReckonError("RECIPE_SETTING", `the recipe has no stage ${name}`, {
    expected: stages.map(stageNameOf).join(", "),
    got: name,
  });
}

/** @throws ReckonError RECIPE_INVALID for two stages of one name, and for references that lead nowhere */
export function checkStages(recipe: { readonly stages: readonly Placed[] }): void {
  const known = new Map<string, Placed>();
  for (const stage of recipe.stages) {
    const name = stageNameOf(stage);
    if (known.has(name) || RESERVED.includes(name)) {
      throw new ReckonError("RECIPE_INVALID", `a stage of the recipe cannot be called ${name}`, {
        expected: `a name of its own for each stage, none of ${RESERVED.join(", ")}`,
        got: recipe.stages.map(stageNameOf).join(", "),
        help: "give it a name",
      });
    }
    const { models, data } = placesOf(stage);
    for (const place of models) checkReference(name, place, "model", known);
    for (const place of data) checkReference(name, place, "data", known);
    known.set(name, stage);
  }
}

function checkReference(
  name: string,
  place: string,
  wanted: ReturnType<typeof makes>,
  known: ReadonlyMap<string, Placed>,
): void {
  const reference = referenceOf(place);
  if (reference === undefined) return;
  const stage = known.get(reference);
  if (stage !== undefined && makes(stage) === wanted) return;
  const fitting = [...known].filter(([, one]) => makes(one) === wanted).map(([one]) => `${REFERENCE}${one}`);
  throw new ReckonError("RECIPE_INVALID", `stage ${name} refers to ${place}`, {
    expected: fitting.length === 0 ? `no stage before it makes a ${wanted}` : fitting.join(", "),
    got: stage === undefined ? "no earlier stage of this name" : `a stage that makes ${makes(stage)}`,
  });
}
