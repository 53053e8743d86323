/**
 * Whole numbers from base 10 to a base from 2 to 9, and back. Numbers have three digits or more in the other base.
 * Both directions of one number are the same problem to the split, since each solution contains the other one's.
 *
 * Chance: one of the numerals with as many digits in that base, or the value of one of them.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface BaseFacts {
  readonly value: number;
  readonly base: number;
  /** Base 10 to `base`; else the other way. */
  readonly to: boolean;
}

/** Least base; least and largest value. */
const ladder = { base: [4, 3, 2, 2, 2], least: [32, 50, 100, 300, 1000], most: [149, 299, 999, 2999, 9999] } as const;

export const base = defineTask<BaseFacts>({
  name: "base",
  ladder,
  sample(random, level) {
    for (;;) {
      const value = random.int(knob(ladder, "least", level), knob(ladder, "most", level));
      const facts = { value, base: random.int(knob(ladder, "base", level), 9), to: random.chance(0.5) };
      if (isPosed(facts)) return facts;
    }
  },
  prompt({ value, base, to }, language) {
    const [word, into] = language === "en" ? ["Base", "to"] : ["Basis", "in"];
    return to ? `${word} 10 ${into} ${base}: ${value}.` : `${word} ${base} ${into} 10: ${value.toString(base)}.`;
  },
  // A numeral of these bases looks like a whole number in base 10, and has 14 digits at most.
  verify: (facts, answer) => verifyInteger(answer, Number(answerTo(facts))),
  gold: (facts) => answerTo(facts),
  chance({ value, base }) {
    const digits = value.toString(base).length;
    return 1 / ((base - 1) * base ** (digits - 1));
  },
  canonical: ({ value, base }) => `${value}@${base}`,
});

function answerTo({ value, base, to }: BaseFacts): string {
  return value.toString(to ? base : 10);
}

/** Whether a number, for instance one that stands inside another one's solution, could be posed by itself. */
export function isPosed({ value, base }: Pick<BaseFacts, "value" | "base">): boolean {
  return base >= 2 && base <= 9 && value >= Math.max(ladder.least[0], base * base);
}
