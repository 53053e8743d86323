/**
 * The largest of several different numbers.
 *
 * Chance: one of the numbers drawn at random, 1/n.
 */
import { verifyInteger } from "../answers.ts";
import { drawDistinct } from "../draw.ts";
import { defineTask, knob } from "../task.ts";

export interface MaxFacts {
  readonly numbers: readonly number[];
}

/** How many numbers, and the largest that may occur. */
const ladder = { numbers: [4, 6, 8, 12, 16], most: [99, 99, 99, 999, 999] } as const;

export const max = defineTask<MaxFacts>({
  name: "max",
  ladder,
  sample: (random, level) => ({
    numbers: drawDistinct(random, knob(ladder, "numbers", level), knob(ladder, "most", level)),
  }),
  prompt: ({ numbers }, language) =>
    language === "en" ? `Max of ${numbers.join(", ")}.` : `Maximum von ${numbers.join(", ")}.`,
  verify: ({ numbers }, answer) => verifyInteger(answer, Math.max(...numbers)),
  gold: ({ numbers }) => String(Math.max(...numbers)),
  chance: ({ numbers }) => 1 / numbers.length,
  canonical: ({ numbers }) => [...numbers].sort((x, y) => x - y).join(","),
});
