/**
 * What the parts over stages have in common: the models that recipes begin with, the held-out problems and instructions,
 * and how an answer is asked for.
 *
 * At the scale `small` bases and R1-Zero are those of the part `small`, seed by seed; at `tiny` those that ship.
 */
import { RECIPES, type Scale } from "../../recipes/index.ts";
import type { Problem } from "../../tasks/index.ts";
import { heldOutInstructions, heldOutProblems } from "../evaluation.ts";
import type { Collection, Model, PipelineModels } from "./collection.ts";
import { type HeldOut, heldOutOfAll } from "./held-out.ts";
import type { Measurement, Sampling } from "./record.ts";
import { smallZero } from "./small.ts";

export interface StageSettings {
  readonly scale: Scale;
  readonly seeds: readonly number[];
  /** Held-out ones, as {@link stageProblems} has them. */
  readonly problems: readonly Problem[];
  /** How many held-out instructions are drawn; equal ones count once. */
  readonly instructions: number;
}

/** One answer, as reinforcement draws them. */
export const ONE: Sampling = { temperature: 1, samples: 1 };

export async function beginnings(
  collection: Collection,
  scale: Scale,
  seed: number,
): Promise<{ readonly base: Model; readonly zero: Model }> {
  if (scale === "small") return smallZero(collection, seed);
  return { base: await collection.shipped("models/base"), zero: await collection.shipped("models/zero") };
}

/**
 * R1-Zero with the record of its training; the one that ships has none, so at the scale `tiny` another is trained.
 */
export async function grownZero(collection: Collection, scale: Scale, seed: number): Promise<Model> {
  const { base, zero } = await beginnings(collection, scale, seed);
  if (scale === "small") return zero;
  return collection.trained(`stage-zero-${scale}-${seed}`, "r1-zero", { scale, seed, from: base });
}

/** What {@link grownZero} is called among the measurements: where it is that of R1, its record is too. */
export function grownName(scale: Scale): string {
  return scale === "small" ? "zero" : "grown";
}

/** A model's answers to the held-out problems; parts that look at the same model read the same record. */
export function measureStage(
  collection: Collection,
  { scale, seed, name, model }: { scale: Scale; seed: number; name: string; model: Model },
  problems: readonly Problem[],
): Promise<Measurement> {
  return collection.measure(`stage ${scale} ${seed} ${name}`, model, problems, ONE, { traits: true });
}

/** `count` held-out problems of a scale, or a few more. */
export function stageProblems(scale: Scale, heldOut: HeldOut, count: number): Problem[] {
  return scale === "small" ? heldOutOfAll(heldOut, count) : heldOutProblems(count);
}

/** Held-out instructions of a scale: so many draws, each text once, since equal ones say little more than one does. */
export function stageInstructions(scale: Scale, draws: number): Problem[] {
  const seen = new Set<string>();
  return heldOutInstructions(draws, scale === "small" ? "small" : "demo").filter(({ prompt }) => {
    if (seen.has(prompt)) return false;
    seen.add(prompt);
    return true;
  });
}

/** The stages of R1 in a seed; shared by all parts that look at one of them. */
export async function r1Stages(
  collection: Collection,
  scale: Scale,
  seed: number,
): Promise<{ readonly base: Model; readonly zero: Model; readonly stages: PipelineModels }> {
  const { base, zero } = await beginnings(collection, scale, seed);
  const stages = await collection.pipeline(`r1-${scale}-${seed}`, "r1", {
    recipe: RECIPES["r1"]![scale],
    seed,
    place: (where) => (where.includes("zero") ? zero : base),
  });
  return { base, zero, stages };
}
