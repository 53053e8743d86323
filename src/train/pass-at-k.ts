/**
 * Unbiased pass@k (Chen et al. 2021, arXiv 2107.03374, eq. 1): of n samples c are right; the chance that k drawn without
 * replacement hold at least one right one is 1 − C(n−c, k) / C(n, k), as a product that cannot overflow.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (k > n) throw new RangeError(`pass@${k} needs at least ${k} samples, got ${n}`);
  if (n - c < k) return 1;
  let miss = 1;
  for (let i = n - c + 1; i <= n; i++) miss *= 1 - k / i;
  return 1 - miss;
}
