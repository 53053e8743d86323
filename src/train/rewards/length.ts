/** A penalty for length: minus the share of the room that an answer takes, −1..0, right or wrong alike. */
export function brevity(length: number, limit: number): number {
  return length === 0 ? 0 : -Math.min(1, length / limit);
}
