/**
 * Division of whole numbers with remainder: the answer is `17 r 3`, also where nothing remains (`17 r 0`), and the
 * same in both languages. Quotients have two digits or more.
 *
 * Chance: the quotient and remainder of one dividend drawn uniformly from those with as many digits.
 */
import { quote, RIGHT, readInteger, tidy, wrong } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

/** a / b; a >= 10·b. */
export interface DivisionFacts {
  readonly a: number;
  readonly b: number;
}

/** Least and largest dividend and divisor. */
const ladder = {
  least: [20, 200, 1000, 10000, 100000],
  most: [199, 999, 9999, 99999, 999999],
  leastDivisor: [2, 3, 3, 11, 11],
  mostDivisor: [9, 9, 9, 39, 99],
} as const;

export const division = defineTask<DivisionFacts>({
  name: "division",
  ladder,
  sample(random, level) {
    for (;;) {
      const a = random.int(knob(ladder, "least", level), knob(ladder, "most", level));
      const b = random.int(knob(ladder, "leastDivisor", level), knob(ladder, "mostDivisor", level));
      if (isPosed({ a, b })) return { a, b };
    }
  },
  prompt: ({ a, b }, language) => (language === "en" ? `Divide ${a} / ${b}.` : `Teile ${a} / ${b}.`),
  verify(facts, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    const parts = text.split(" r ");
    const [q, r] = [readInteger(parts[0]!), readInteger(parts[1] ?? "")];
    if (parts.length !== 2 || q === null || r === null) return wrong(`not like 17 r 3: ${quote(text)}`);
    return text === result(facts) ? RIGHT : wrong(`${q} r ${r} is not ${result(facts)}`);
  },
  gold: (facts) => result(facts),
  chance: ({ a }) => 1 / (9 * 10 ** (String(a).length - 1)),
  canonical: ({ a, b }) => `${a}/${b}`,
});

/** `17 r 3` */
export function result({ a, b }: DivisionFacts): string {
  return `${Math.floor(a / b)} r ${a % b}`;
}

/** Whether a division is a problem: one that takes a single step is not. */
export function isPosed({ a, b }: DivisionFacts): boolean {
  return b >= 2 && a >= 10 * b;
}
