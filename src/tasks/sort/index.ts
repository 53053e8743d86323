/**
 * Sorting several different numbers, smallest first.
 *
 * Chance: the numbers in a random order, 1/n!.
 */
import { verifyIntegers } from "../answers.ts";
import { drawDistinct } from "../draw.ts";
import { defineTask, knob } from "../task.ts";

export interface SortFacts {
  readonly numbers: readonly number[];
}

/** How many numbers, and the largest that may occur. */
const ladder = { numbers: [4, 5, 6, 8, 10], most: [99, 99, 99, 99, 999] } as const;

export const sort = defineTask<SortFacts>({
  name: "sort",
  ladder,
  sample: (random, level) => ({
    numbers: drawDistinct(random, knob(ladder, "numbers", level), knob(ladder, "most", level)),
  }),
  prompt: ({ numbers }, language) =>
    language === "en" ? `Sort ${numbers.join(", ")}.` : `Sortiere ${numbers.join(", ")}.`,
  verify: ({ numbers }, answer) => verifyIntegers(answer, sorted(numbers)),
  gold: ({ numbers }) => sorted(numbers).join(","),
  chance: ({ numbers }) => numbers.reduce((share, _, i) => share / (i + 1), 1),
  canonical: ({ numbers }) => sorted(numbers).join(","),
});

export function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((x, y) => x - y);
}
