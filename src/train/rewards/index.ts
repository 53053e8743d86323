/**
 * Rewards that shape a rollout beside its accuracy and format. Each is a plain function of the rollout, logged apart, and
 * left out of the sum, and of the log, where its weight is.
 *
 * The bonus for language is earned in the strict format alone; the penalties fall on every answer, so that none is escaped
 * by breaking the format. Together they weigh less than accuracy (`dominated`): a wrong answer never earns what a right
 * one in the strict format does.
 */
import type { Rollout } from "../rollout.ts";
import { languageConsistency } from "./language.ts";
import { brevity } from "./length.ts";
import { overlong } from "./overlong.ts";
import { repetition } from "./repetition.ts";

/** Weights; absent is off. */
export interface ShapingWeights {
  /** Of the share of the prompt's language in the thinking. */
  readonly language?: number | undefined;
  /** Of the penalty for the share of the room that is taken. */
  readonly length?: number | undefined;
  /** Of the penalty for repeated n-grams. */
  readonly repetition?: number | undefined;
  /** Of the penalty for coming near the length limit. */
  readonly overlong?: number | undefined;
  /** Words of an n-gram; default 4. */
  readonly repetitionSize?: number | undefined;
  /** Share of the limit in which the penalty rises; default .2. */
  readonly overlongBuffer?: number | undefined;
}

type ShapingName = "language" | "length" | "repetition" | "overlong";

const NAMES: readonly ShapingName[] = ["language", "length", "repetition", "overlong"];

/** A reward by its name, before weighting, and what became of it: null and a message where it failed. */
export interface Shaped {
  readonly name: string;
  readonly weight: number;
  readonly value: number | null;
  readonly failure?: string;
}

/**
 * @param formatOk whether the rollout is in the strict format and finished
 * @param limit the most tokens that an answer may have; penalties by length do not apply (null) without one
 */
export function shape(
  rollout: Rollout,
  weights: ShapingWeights,
  formatOk: boolean,
  limit: number | undefined,
): Shaped[] {
  return NAMES.flatMap((name): Shaped[] => {
    const weight = weights[name];
    if (weight === undefined) return [];
    try {
      const value = valued(name, rollout, weights, formatOk, limit);
      if (value === null || Number.isFinite(value)) return [{ name, weight, value }];
      return [{ name, weight, value: null, failure: `it returned ${value}` }];
    } catch (error) {
      return [{ name, weight, value: null, failure: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function valued(
  name: ShapingName,
  { problem, parsed, text, length }: Rollout,
  weights: ShapingWeights,
  formatOk: boolean,
  limit: number | undefined,
): number | null {
  switch (name) {
    case "language":
      return formatOk ? languageConsistency(parsed.thinking, problem.language) : 0;
    case "length":
      return limit === undefined ? null : brevity(length, limit);
    case "repetition":
      return repetition(text, weights.repetitionSize);
    case "overlong":
      return limit === undefined ? null : overlong(length, limit, weights.overlongBuffer);
    default:
      name satisfies never;
      throw new Error("internal: unknown reward");
  }
}

/** Whether accuracy weighs more than all shaping together, so that no wrong answer earns what a right one does. */
export function dominated(weights: ShapingWeights & { readonly accuracy: number }): boolean {
  const together = NAMES.reduce((sum, name) => sum + (weights[name] ?? 0), 0);
  return together === 0 || together < weights.accuracy;
}
