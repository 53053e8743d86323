/**
 * Soft overlong punishment (DAPO, Yu et al. 2025, arXiv 2503.14476, eq. 13): nothing up to the buffer before the length
 * limit, then falling linearly to −1 at it:
 *
 * 0 for |y| ≤ L_max − L_cache; ((L_max − L_cache) − |y|) / L_cache beyond.
 *
 * An answer that is cut at the limit is judged wrong for something it might have got right; this makes the fall a slope.
 */

/** L_cache as a share of L_max, as in the paper: 4,096 of 20,480 tokens. */
export const OVERLONG_BUFFER = 0.2;

/**
 * @param length tokens of the answer
 * @param limit the most that it may have
 * @param buffer share of the limit
 * @returns −1..0
 */
export function overlong(length: number, limit: number, buffer: number = OVERLONG_BUFFER): number {
  const cache = buffer * limit;
  const over = Math.min(length, limit) - (limit - cache);
  if (over <= 0) return 0;
  return -over / cache;
}
