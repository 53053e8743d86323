/** What a reinforcement run is told. Settings that are optional here came later: left out, they are what was done before. */
import type { Baseline, RewardScale } from "./advantages.ts";
import type { CurriculumSettings } from "./curriculum.ts";
import type { KlEstimator } from "./losses/kl.ts";
import type { PolicyObjective, Surrogate } from "./losses/policy.ts";
import type { Schedule } from "./schedule.ts";
import type { Normalisation } from "./token-weights.ts";

export interface ReinforceSettings {
  readonly steps: number;
  readonly seed: number;
  readonly promptsPerStep: number;
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  /** Passes over one batch of rollouts. */
  readonly iterations: number;
  /** Updates in each pass; whole groups are shared out. */
  readonly miniBatches: number;
  readonly clipLow: number;
  readonly clipHigh: number;
  /** β of the divergence from the reference; 0 keeps no reference. */
  readonly klWeight: number;
  /** Of the term in the loss; default k3. */
  readonly klEstimator?: KlEstimator | undefined;
  /** Where the divergence counts; in the reward it is k1 of every token. Default loss. */
  readonly klIn?: "loss" | "reward" | undefined;
  /** What is clipped: every token's ratio, or one of the whole answer (GSPO); default token. */
  readonly ratio?: "token" | "sequence" | undefined;
  /** Default clip. */
  readonly surrogate?: Surrogate | undefined;
  /** Steps between copies of the policy into the reference; 0 keeps the first. */
  readonly referenceEvery: number;
  readonly normalisation: Normalisation;
  readonly rewardScale: RewardScale;
  /** What a reward is compared with; default group. */
  readonly baseline?: Baseline | undefined;
  /** Leaves answers that were cut at maxNewTokens out of the loss (DAPO's overlong filter); default false. */
  readonly maskTruncated?: boolean | undefined;
  /**
   * A share of the groups whose answers are made to go on, so many times, by a "wait" where they would end their thinking
   * (budget forcing: generate/budget.ts). What follows is learnt from, the word is not. Left out: none.
   */
  readonly waits?: { readonly share: number; readonly most: number } | undefined;
  /** Times that groups without a difference are drawn again, with new problems; 0 keeps them. */
  readonly resample: number;
  /**
   * Which groups are drawn again: those without a difference in `reward` (default), or those whose answers are all right or
   * all wrong, whatever else they are rewarded for (`accuracy`; DAPO, eq. 11).
   */
  readonly resampleBy?: "accuracy" | "reward" | undefined;
  /** Draws rungs by what their groups teach; left out, by their weights alone. */
  readonly curriculum?: CurriculumSettings | undefined;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly microBatchTokens: number;
  readonly checkpointEvery: number;
  readonly evaluateEvery: number;
  /** Steps between those whose rollouts are written down. */
  readonly rolloutsEvery: number;
  /** Groups written down of such a step. */
  readonly rolloutGroups: number;
}

/** What of the settings stands in the loss. */
export function policyObjective(settings: ReinforceSettings): PolicyObjective {
  const { clipLow, clipHigh, klEstimator, ratio, surrogate, temperature } = settings;
  return {
    kind: "policy",
    clipLow,
    clipHigh,
    klWeight: settings.klIn === "reward" ? 0 : settings.klWeight,
    temperature,
    ...(klEstimator ? { klEstimator } : {}),
    ...(ratio ? { ratio } : {}),
    ...(surrogate ? { surrogate } : {}),
  };
}
