/**
 * Keys of measurements; those of models are where their recipes are (src/recipes/keys.ts).
 */
import { FORMAT, hash } from "../../recipes/keys.ts";
import { getTask, type Problem } from "../../tasks/index.ts";
import type { Sampling } from "./record.ts";

export { FORMAT, hash, modelKey } from "../../recipes/keys.ts";

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
