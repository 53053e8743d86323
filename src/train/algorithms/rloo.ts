/**
 * RLOO: REINFORCE with a leave-one-out baseline (Kool et al. 2019; Ahmadian et al. 2024, arXiv 2402.14740, eq. 8).
 *
 * L = −1/G Σ_i A_i Σ_t log π(o_it), A_i = r_i − mean of the other r; the divergence from the reference is taken off the
 * reward, r − β Σ_t (log π_old − log π_ref).
 *
 * Divided by the constant L_max besides, so that the clip of the gradient's norm means the same as elsewhere; the optimiser
 * sees no other difference. It is Dr. GRPO's loss times G/(G − 1). There is no ratio: meant for one update a batch.
 */
import type { AlgorithmSettings } from "./algorithm.ts";

export const rloo: AlgorithmSettings = {
  normalisation: "dr_grpo",
  rewardScale: "none",
  baseline: "leave_one_out",
  surrogate: "reinforce",
  clipLow: 0.2,
  clipHigh: 0.2,
  klWeight: 0.03,
  klIn: "reward",
};
