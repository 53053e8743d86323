/**
 * CISPO: clipped importance sampling policy optimisation (MiniMax-M1, arXiv 2506.13585, eq. 4 and 5).
 *
 * L = −1/Σ|o| Σ_i Σ_t sg(min(ρ_it, ε_max)) A_i log π(o_it), A as GRPO's; sg: without a gradient.
 *
 * A clip takes the gradient of whole tokens away, often of rare ones on which much hangs; this only bounds their weight.
 * ε_max 5 as in ScaleRL (arXiv 2510.13786) and TRL.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const cispo: AlgorithmSettings = {
  normalisation: "dapo",
  rewardScale: "group",
  surrogate: "cispo",
  // It has no lower end; this only stands where a setting must.
  clipLow: 0.2,
  clipHigh: 4,
};
