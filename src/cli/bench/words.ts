/** Choices of a peer in words. */

/** {a: 1, b: "x"} → "a 1, b x" */
export function describe(choices: unknown): string {
  return Object.entries(choices as Record<string, unknown>)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(", ");
}
