/**
 * Estimates of KL(π ‖ π_ref) from tokens that were drawn from π, one a token; d = log π_ref − log π
 * (J. Schulman, "Approximating KL divergence", joschu.net/blog/kl-approx.html):
 *
 * - k1 = −d: right on average, of either sign, noisy.
 * - k2 = d²/2: never negative, a little wrong on average.
 * - k3 = e^d − 1 − d: never negative and right on average; GRPO's (DeepSeekMath, arXiv 2402.03300, eq. 4).
 *
 * As a part of a loss what counts is the gradient, and there they change places: that of k2 is, on average, the gradient of
 * the divergence; that of k1 is zero on average, so k1 only adds noise (its place is in the reward: `klIn: "reward"`);
 * that of k3 is the gradient of the divergence the other way round, KL(π_ref ‖ π). All three agree near π = π_ref.
 */
import { exp, mul, neg, sub, type Tensor } from "../../graph/index.ts";

export type KlEstimator = "k1" | "k2" | "k3";

/** @param distance log π_ref − log π of every token, [N, 1] */
export function klTerm(estimator: KlEstimator, distance: Tensor): Tensor {
  switch (estimator) {
    case "k1":
      return neg(distance);
    case "k2":
      return mul(mul(distance, distance), 0.5);
    case "k3":
      return sub(sub(exp(distance), distance), 1);
    default:
      estimator satisfies never;
      throw new Error("internal: unknown estimator");
  }
}
