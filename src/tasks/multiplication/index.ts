/**
 * Multiplication of two numbers of growing length.
 *
 * Chance: one whole number drawn uniformly between the least and the largest product of two numbers with these digits.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface MultiplicationFacts {
  readonly a: number;
  readonly b: number;
}

/** Largest first and second factor; the least is a tenth of it and one more (11..49 at level 0), at least 2. */
const ladder = { first: [49, 99, 999, 99, 999], second: [9, 9, 9, 99, 99] } as const;

export const multiplication = defineTask<MultiplicationFacts>({
  name: "multiplication",
  ladder,
  sample(random, level) {
    const [first, second] = [knob(ladder, "first", level), knob(ladder, "second", level)];
    return { a: random.int(first > 99 ? 101 : 11, first), b: random.int(second > 9 ? 11 : 2, second) };
  },
  prompt: ({ a, b }, language) => (language === "en" ? `Multiply ${a} * ${b}.` : `Multipliziere ${a} * ${b}.`),
  verify: ({ a, b }, answer) => verifyInteger(answer, a * b),
  gold: ({ a, b }) => String(a * b),
  chance({ a, b }) {
    const [la, lb] = [10 ** (String(a).length - 1), 10 ** (String(b).length - 1)];
    return 1 / ((10 * la - 1) * (10 * lb - 1) - la * lb + 1);
  },
  canonical: ({ a, b }) => (a < b ? `${a}*${b}` : `${b}*${a}`),
});
