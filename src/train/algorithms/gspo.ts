/**
 * GSPO: group sequence policy optimisation (Zheng et al. 2025, arXiv 2507.18071, eq. 5 to 7).
 *
 * L = −1/G Σ_i min(s_i A_i, clip(s_i, 1 − ε_low, 1 + ε_high) A_i), s_i = (π(o_i)/π_old(o_i))^{1/|o_i|}; A as GRPO's.
 *
 * The reward is of the answer, so the ratio is too. s is a mean in the exponent and hardly leaves 1, hence an ε a thousand
 * times smaller. Left out: GSPO-token, whose gradient is the same when all tokens of an answer have one advantage.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const gspo: AlgorithmSettings = {
  normalisation: "grpo",
  rewardScale: "group",
  ratio: "sequence",
  clipLow: 3e-4,
  clipHigh: 4e-4,
};
