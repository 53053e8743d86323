/**
 * REINFORCE++: PPO's clip without a critic, advantages whitened over the whole batch (Hu 2025, arXiv 2501.03262, eq. 5 to 8).
 *
 * L = −1/Σ|o| Σ_i Σ_t min(ρ_it A_it, clip(ρ_it, 1 − ε, 1 + ε) A_it), A_it = (R_it − mean R) / std R over all tokens of the
 * step, R_it = r_i − β Σ_{s ≥ t} (log π_old − log π_ref)(o_is).
 *
 * Groups are not needed: an answer is compared with all others of the step, easy problems with hard ones too.
 * Left out: the variant with a group's mean as the baseline.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const reinforcePlusPlus: AlgorithmSettings = {
  normalisation: "dapo",
  rewardScale: "batch",
  baseline: "batch",
  clipLow: 0.2,
  clipHigh: 0.2,
  klWeight: 0.01,
  klIn: "reward",
};
