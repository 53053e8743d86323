/**
 * What the parts over stages have in common: the models that recipes begin with, the held-out problems and instructions,
 * and how an answer is asked for.
 *
 * Recipes begin with the base and the R1-Zero that ship, as everybody's do; a seed is that of all stages after them.
 */
import { RECIPES, type Scale } from "../../recipes/index.ts";
import type { Problem } from "../../tasks/index.ts";
import { heldOutInstructions, heldOutProblems } from "../evaluation.ts";
import type { Collection, Model, PipelineModels } from "./collection.ts";
import { type HeldOut, heldOutOfAll } from "./held-out.ts";
import type { Measurement, Sampling } from "./record.ts";

export interface StageSettings {
  readonly scale: Scale;
  readonly seeds: readonly number[];
  /** Held-out ones, as {@link stageProblems} has them. */
  readonly problems: readonly Problem[];
  /** How many held-out instructions are drawn for the stage table; equal ones count once. */
  readonly instructions: number;
  /** How many are drawn for where thinking hurts, of which those to answer at once are asked. */
  readonly requests: number;
}

/** One answer, as reinforcement draws them. */
export const ONE: Sampling = { temperature: 1, samples: 1 };

export async function beginnings(collection: Collection): Promise<{ readonly base: Model; readonly zero: Model }> {
  return { base: await collection.shipped("models/base"), zero: await collection.shipped("models/zero") };
}

/** R1-Zero of a seed: other than the one that ships, with which other runs of the same seed are paired. */
export async function grownZero(collection: Collection, scale: Scale, seed: number): Promise<Model> {
  const { base } = await beginnings(collection);
  return collection.trained(`stage-zero-${scale}-${seed}`, "r1-zero", { scale, seed, from: base });
}

/**
 * A model's answers to the held-out problems; parts that look at the same model read the same record.
 * @param of.seed left out for a model that ships: it is the same in all seeds
 */
export function measureStage(
  collection: Collection,
  { scale, seed, name, model }: { scale: Scale; seed?: number | undefined; name: string; model: Model },
  problems: readonly Problem[],
): Promise<Measurement> {
  const whose = seed === undefined ? "" : `${seed} `;
  return collection.measure(`stage ${scale} ${whose}${name}`, model, problems, ONE, { traits: true });
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
  const { base, zero } = await beginnings(collection);
  const stages = await collection.pipeline(`r1-${scale}-${seed}`, "r1", {
    recipe: RECIPES["r1"]![scale],
    seed,
    place: (where) => (where.includes("zero") ? zero : base),
  });
  return { base, zero, stages };
}
