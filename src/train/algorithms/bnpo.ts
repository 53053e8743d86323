/**
 * BNPO, as TRL has it by that name (`loss_type`): GRPO's loss and advantages, with the mean over the tokens of the update
 * at hand, as DAPO's is over the tokens of the step. With one update a step (`miniBatches` 1) they are the same.
 *
 * L = −1/Σ_{i in the update}|o_i| Σ_i Σ_t min(ρ_it A_i, clip(ρ_it, 1 − ε, 1 + ε) A_i).
 *
 * TRL's is over the answers of one device; here it is over an update, because no result may depend on who computes it.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const bnpo: AlgorithmSettings = {
  normalisation: "bnpo",
  rewardScale: "group",
  clipLow: 0.2,
  clipHigh: 0.2,
};
