/**
 * Addition of two numbers of growing length.
 *
 * Chance: one whole number drawn uniformly between the least and the largest sum of two numbers with these digits.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface AdditionFacts {
  readonly a: number;
  readonly b: number;
}

/** Level 0 stays under 100; above it both numbers have exactly `digits` digits. */
const ladder = { digits: [2, 3, 4, 5, 6] } as const;

export const addition = defineTask<AdditionFacts>({
  name: "addition",
  ladder,
  sample(random, level) {
    const digits = knob(ladder, "digits", level);
    if (digits === 2) {
      const a = random.int(10, 88);
      return random.chance(0.5) ? { a, b: random.int(2, 99 - a) } : { a: random.int(2, 99 - a), b: a };
    }
    const low = 10 ** (digits - 1);
    return { a: random.int(low, 10 * low - 1), b: random.int(low, 10 * low - 1) };
  },
  prompt: ({ a, b }, language) => (language === "en" ? `Add ${a} + ${b}.` : `Addiere ${a} + ${b}.`),
  verify: ({ a, b }, answer) => verifyInteger(answer, a + b),
  gold: ({ a, b }) => String(a + b),
  chance({ a, b }) {
    const [la, lb] = [10 ** (String(a).length - 1), 10 ** (String(b).length - 1)];
    return 1 / (10 * la - 1 + (10 * lb - 1) - (la + lb) + 1);
  },
  canonical: ({ a, b }) => (a < b ? `${a}+${b}` : `${b}+${a}`),
});
