/**
 * The problems at the scale small: every built-in family, easy rungs more often than hard ones in the corpus, all alike in
 * reinforcement. Searches have a larger share, since each of their single skills has to hold before they pay; what needs
 * no thinking (recall, max) has a smaller one.
 */
import type { ProblemWeight } from "./mix.ts";

/** Share of a family, and its highest level. */
const FAMILIES: readonly (readonly [family: string, share: number, top: number])[] = [
  ["addition", 1, 3],
  ["subtraction", 1, 3],
  ["multiplication", 1, 3],
  ["division", 1, 2],
  ["expression", 1, 3],
  ["polynomial", 1, 2],
  ["equation", 0.7, 2],
  ["modular", 1, 2],
  ["gcd", 1, 2],
  ["factors", 1, 2],
  ["base", 1, 2],
  ["sequence", 1, 2],
  ["countdown", 2.5, 2],
  ["puzzle24", 1.5, 1],
  ["max", 0.5, 2],
  ["sort", 1, 2],
  ["filter", 1, 2],
  ["ranking", 1, 2],
  ["clock", 1, 2],
  ["reverse", 1, 2],
  ["letters", 1, 2],
  ["caesar", 1, 2],
  ["knights", 1.3, 2],
  ["maze", 1.5, 2],
  ["recall", 0.9, 2],
];

/** How often each level stands in the corpus, beside the others of its family. */
const CORPUS_LEVELS = [0.8, 1, 0.9, 0.6];

function weigh(levels: readonly number[]): ProblemWeight[] {
  return FAMILIES.flatMap(([family, share, top]) => {
    const own = levels.slice(0, top + 1);
    const total = own.reduce((sum, weight) => sum + weight, 0);
    return own.map((weight, level) => ({ family, level, weight: (share * weight) / total }));
  });
}

/** What the corpus poses. */
export const smallCorpusMix: readonly ProblemWeight[] = weigh(CORPUS_LEVELS);

/** What reinforcement poses. */
export const smallMix: readonly ProblemWeight[] = weigh([1, 1, 1, 1]);
