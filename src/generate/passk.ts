/**
 * pass@k: the probability that at least one of k samples is right, without bias from n ≥ k samples of which c are right:
 * 1 − C(n−c, k) / C(n, k) (Chen et al. 2021, "Evaluating Large Language Models Trained on Code", eq. 1).
 */
import { assert } from "../util/errors.ts";

/**
 * pass@k of one problem.
 * @param n samples
 * @param c of them right
 * @param k at most n
 */
export function passAtK(n: number, c: number, k: number): number {
  assert([n, c, k].every(Number.isInteger) && c >= 0 && c <= n && k >= 1 && k <= n, `pass@${k} of ${c} in ${n}`);
  if (n - c < k) return 1;
  // The quotient of binomials as a product of factors in 0..1: nothing overflows.
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}

/** Mean pass@k over problems, each with its number of samples and of right ones. */
export function meanPassAtK(problems: readonly { readonly n: number; readonly c: number }[], k: number): number {
  assert(problems.length > 0, "pass@k of no problems");
  return problems.reduce((sum, { n, c }) => sum + passAtK(n, c, k), 0) / problems.length;
}
