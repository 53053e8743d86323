/**
 * A penalty for repetition: minus the share of n-grams of words that stood there before, 1 − distinct/all (as in "Demystifying
 * long chain-of-thought reasoning", Yeo et al. 2025, arXiv 2502.03373, and open-r1). Words are what white space separates.
 *
 * With n = 4 clean worked solutions of the shipped families score 0, but for knights (about −.05), where a second try takes
 * the same steps.
 */
export const REPETITION_SIZE = 4;

/** @returns −1..0; 0 for a text of fewer than n + 1 words. Linear in the text. */
export function repetition(text: string, n: number = REPETITION_SIZE): number {
  const words = text.match(/\S+/g) ?? [];
  const all = words.length - n + 1;
  if (all < 2) return 0;
  const distinct = new Set<string>();
  for (let i = 0; i < all; i++) distinct.add(words.slice(i, i + n).join(" "));
  return distinct.size === all ? 0 : distinct.size / all - 1;
}
