/**
 * DAPO: decoupled clip and dynamic sampling policy optimisation (Yu et al. 2025, arXiv 2503.14476, eq. 8 to 13).
 *
 * L = −1/Σ|o| Σ_i Σ_t min(ρ_it A_i, clip(ρ_it, 1 − .2, 1 + .28) A_i), A as GRPO's; no KL term;
 * groups that are all right or all wrong are drawn again, whatever else their answers earn (eq. 11); answers near the length
 * limit are punished (rewards/overlong.ts).
 *
 * The paper draws until the batch is full: here at most four times, so that a step has an end when everything is solved.
 * Its penalty of 1 stands beside rewards of ±1, so beside ours of 0 and 1 it is one half: advantages are the same then.
 * Left out: the overlong filter, which the paper tried by itself (`maskTruncated`).
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const dapo: AlgorithmSettings = {
  normalisation: "dapo",
  rewardScale: "group",
  clipLow: 0.2,
  clipHigh: 0.28,
  resample: 4,
  resampleBy: "accuracy",
  rewards: { overlong: 0.5 },
};
