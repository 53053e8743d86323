/**
 * Keys of models and measurements: hashes of all that decides over them. Weights follow from the recipe, the parent and
 * the code; of the code stand here the first texts that are trained on, and for everything else a number.
 */
import { createHash } from "node:crypto";
import { firstTexts, type Recipe } from "../../recipes/index.ts";
import { getTask, type Problem } from "../../tasks/index.ts";
import type { Sampling } from "./record.ts";

/**
 * To be raised by hand whenever the same recipe gives other weights, or the same weights another measurement, and the
 * texts do not show it: a changed optimizer, sampler, judge or analysis of answers. What was recorded before is then
 * trained and measured anew.
 */
export const FORMAT = 2;

/** Texts of each phase that stand for the code that writes them. */
const TEXTS = 100;

/**
 * @param recipe resolved, with the parent's key in place of its folder
 * @param texts default: the first ones that it trains on
 */
export function modelKey(recipe: Recipe, texts: readonly string[] = firstTexts(recipe, TEXTS)): string {
  return hash(JSON.stringify([FORMAT, recipe, hash(JSON.stringify(texts))]));
}

/** @param how what else decides over the answers: seed, length */
export function measurementKey(
  model: string,
  problems: readonly Problem[],
  sampling: Sampling,
  how: readonly number[],
): string {
  const asked = problems.map(({ id, family, prompt, facts }) => [id, prompt, facts, getTask(family).gold(facts)]);
  return hash(JSON.stringify([FORMAT, model, hash(JSON.stringify(asked)), sampling, ...how]));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
