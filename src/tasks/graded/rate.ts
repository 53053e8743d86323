/**
 * The ratings of a chain, from 1 to 5 in halves, by what was done to it. docs/reward-models.md says the same in words; a test
 * holds the page to these numbers.
 */
import type { Language } from "../task.ts";
import { languageShare } from "../trace/words.ts";
import type { Ratings } from "../traces/index.ts";
import type { Spoilt } from "./spoil.ts";

/**
 * @param score the verifier's, of the answer
 * @param language of the prompt
 * @returns also the labels of the lines up to the first that is wrong
 */
export function rate(
  chain: Spoilt,
  score: number,
  language: Language,
): { readonly ratings: Ratings; readonly steps: readonly number[] } {
  const { lines, defects } = chain;
  const has = (defect: Spoilt["defects"][number]): boolean => defects.includes(defect);
  const wrong = lines.findIndex((line) => !line.right);
  const steps = (wrong < 0 ? lines : lines.slice(0, wrong + 1)).map((line) => (line.right ? 1 : 0));
  const untouched = lines.length === 0 ? 0 : wrong < 0 ? 1 : wrong / lines.length;
  const correctness = score === 1 ? (wrong < 0 ? 5 : 4) : 1 + 1.5 * untouched;
  if (lines.length === 0) {
    // Nothing was thought: there is nothing to be clear or coherent.
    return { ratings: { correctness, completeness: 1, efficiency: 5 }, steps };
  }
  const thinking = lines.map(({ text }) => text).join("\n");
  return {
    ratings: {
      correctness: half(correctness),
      clarity: half(1 + 4 * languageShare(thinking, language)),
      coherence: half(1 + 4 * chain.ordered - (has("jump") ? 2 : 0)),
      completeness: half(has("gave-up") ? 2 : 1 + 4 * chain.kept),
      efficiency: half(5 * chain.needed - (has("caught") ? 1 : 0)),
    },
    steps,
  };
}

/** To the nearest half, within the scale. */
function half(rating: number): number {
  return Math.min(5, Math.max(1, Math.round(2 * rating) / 2));
}
