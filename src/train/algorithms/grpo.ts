/**
 * GRPO: group relative policy optimisation (Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, eq. 3 and 4).
 *
 * L = −1/G Σ_i 1/|o_i| Σ_t { min(ρ_it A_i, clip(ρ_it, 1 − ε, 1 + ε) A_i) − β (e^d − 1 − d) },
 * A_i = (r_i − mean r) / std r within the group, d = log π_ref − log π.
 *
 * β .04 is the paper's. DeepSeek-R1-Zero took .001 and renewed the reference every 400 steps (arXiv 2501.12948, B.4).
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const grpo: AlgorithmSettings = {
  normalisation: "grpo",
  rewardScale: "group",
  clipLow: 0.2,
  clipHigh: 0.2,
  klWeight: 0.04,
};
