/**
 * Best of k: how often the answer is right that stands highest in somebody's eyes among k samples (Lightman et al. 2023, "Let's
 * Verify Step by Step", §2; arXiv 2305.20050), in expectation over all subsets of k of n ≥ k samples, as pass@k is
 * (Chen et al. 2021, eq. 1; arXiv 2107.03374). pass@k bounds it: no choice finds what is not there.
 */
import { assert } from "../util/errors.ts";

export interface RatedAnswer {
  /** Higher is better; −Infinity for one that is taken only where there is no other. */
  readonly rating: number;
  /** 0 to 1; 1 is right. */
  readonly score: number;
}

/**
 * The expected score of the highest rated of k answers to one problem: the answer with i higher ones among n is the best of
 * C(n−1−i, k−1) of the C(n, k) subsets. Equals share what they win evenly.
 * @param k at most the number of answers
 */
export function bestOfK(answers: readonly RatedAnswer[], k: number): number {
  const n = answers.length;
  assert(Number.isInteger(k) && k >= 1 && k <= n, `best of ${k} in ${n}`);
  assert(
    answers.every(({ rating }) => !Number.isNaN(rating)),
    "a rating that is no number",
  );
  // Not by their difference: that of two infinities is no number.
  const rising = [...answers].sort((a, b) => (a.rating < b.rating ? -1 : a.rating > b.rating ? 1 : 0));
  let expected = 0;
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && rising[to]!.rating === rising[from]!.rating) to++;
    const equals = rising.slice(from, to);
    // The best is one of these in the subsets that lie below `to` but not all below `from`.
    const share = shareBelow(to, n, k) - shareBelow(from, n, k);
    expected += (share * equals.reduce((sum, { score }) => sum + score, 0)) / equals.length;
    from = to;
  }
  return expected;
}

/** The share of subsets of k of n whose members are all among the lowest m: C(m, k) / C(n, k), as factors in 0..1. */
function shareBelow(m: number, n: number, k: number): number {
  if (m < k) return 0;
  let share = 1;
  for (let i = 0; i < k; i++) share *= (m - i) / (n - i);
  return share;
}
