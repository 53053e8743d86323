/**
 * Subtraction of two numbers of growing length; the result is never negative.
 *
 * Chance: one whole number drawn uniformly from 0 to the first number, which is what somebody knows who does not
 * calculate.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

/** a - b; a >= b. */
export interface SubtractionFacts {
  readonly a: number;
  readonly b: number;
}

/** Level 0 stays under 100; above it both numbers have exactly `digits` digits. */
const ladder = { digits: [2, 3, 4, 5, 6] } as const;

export const subtraction = defineTask<SubtractionFacts>({
  name: "subtraction",
  ladder,
  sample(random, level) {
    const digits = knob(ladder, "digits", level);
    if (digits === 2) {
      const a = random.int(LEAST, 99);
      return { a, b: random.int(2, a) };
    }
    const low = 10 ** (digits - 1);
    const [x, y] = [random.int(low, 10 * low - 1), random.int(low, 10 * low - 1)];
    return { a: Math.max(x, y), b: Math.min(x, y) };
  },
  prompt: ({ a, b }, language) => (language === "en" ? `Subtract ${a} - ${b}.` : `Subtrahiere ${a} - ${b}.`),
  verify: ({ a, b }, answer) => verifyInteger(answer, a - b),
  gold: ({ a, b }) => String(a - b),
  chance: ({ a }) => 1 / (a + 1),
  canonical: ({ a, b }) => `${a}-${b}`,
});

/** Least first number of a problem: from here on a guess is right less than once in 20 times. */
const LEAST = 20;

/** Whether a subtraction that stands inside another one's solution could be posed by itself. */
export function isPosed({ a, b }: SubtractionFacts): boolean {
  return a >= LEAST && b >= 2 && b <= a;
}
