/**
 * An algorithm of the GRPO family: a name for choices in the one loss (losses/policy.ts), the weights of tokens
 * (token-weights.ts), the advantages (advantages.ts) and the rewards. Each is a file of its own; golden values of all of
 * them, written from the papers' formulas, are in test/golden/algorithms.py.
 */
import type { ReinforceSettings } from "../reinforce-settings.ts";

/** What an algorithm decides; a recipe that says otherwise is right. */
export type AlgorithmSettings = Pick<ReinforceSettings, "normalisation" | "rewardScale" | "clipLow" | "clipHigh"> &
  Partial<
    Pick<
      ReinforceSettings,
      | "baseline"
      | "klEstimator"
      | "klIn"
      | "klWeight"
      | "maskTruncated"
      | "ratio"
      | "resample"
      | "resampleBy"
      | "surrogate"
    >
  > & {
    /** Weights of rewards that belong to it. */
    readonly rewards?: { readonly overlong: number };
  };
