/**
 * Dr. GRPO: "GRPO done right" (Liu et al. 2025, arXiv 2503.20783, eq. 3 and Listing 1).
 *
 * L = −1/(G·L_max) Σ_i Σ_t min(ρ_it A_i, clip(ρ_it, 1 − ε, 1 + ε) A_i), A_i = r_i − mean r.
 *
 * Neither the length of an answer nor the deviation of its group divides: long wrong answers are punished as much a token
 * as short ones, and easy or hard groups count no more than others.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const drGrpo: AlgorithmSettings = {
  normalisation: "dr_grpo",
  rewardScale: "none",
  clipLow: 0.2,
  clipHigh: 0.2,
};
