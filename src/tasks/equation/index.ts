/**
 * Linear equations a·x + b = c with a whole solution.
 *
 * Chance: one whole number drawn uniformly from 0..c (with subtraction 0..c+|b|), which is what somebody knows about x
 * who does not calculate.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

/** a·x + b = c; b is negative for `ax-b=c`, never 0. */
export interface EquationFacts {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Largest a, x and |b|; whether b may be negative; largest right side. */
const ladder = {
  a: [9, 9, 9, 12, 20],
  x: [30, 40, 99, 99, 199],
  b: [50, 50, 99, 199, 999],
  minus: ["no", "yes", "yes", "yes", "yes"],
  most: [99, 99, 499, 999, 4999],
} as const;

export const equation = defineTask<EquationFacts>({
  name: "equation",
  ladder,
  sample(random, level) {
    const minus = ladder.minus[level] === "yes";
    const most = knob(ladder, "most", level);
    for (;;) {
      const a = random.int(2, knob(ladder, "a", level));
      const x = random.int(2, knob(ladder, "x", level));
      const b = random.int(1, knob(ladder, "b", level)) * (minus && random.chance(0.5) ? -1 : 1);
      const c = a * x + b;
      if (c >= 0 && c <= most && a * x <= most) return { a, b, c };
    }
  },
  prompt: (facts, language) => (language === "en" ? `Solve ${show(facts)}.` : `Löse ${show(facts)}.`),
  verify: (facts, answer) => verifyInteger(answer, solution(facts)),
  gold: (facts) => String(solution(facts)),
  chance: ({ b, c }) => 1 / (c + Math.max(0, -b) + 1),
  canonical: ({ a, b, c }) => `${a}x+${b}=${c}`,
});

/** The equation as text, e.g. `3x+4=19` or `3x-4=11`. */
export function show({ a, b, c }: EquationFacts): string {
  return `${a}x${b < 0 ? "-" : "+"}${Math.abs(b)}=${c}`;
}

export function solution({ a, b, c }: EquationFacts): number {
  return (c - b) / a;
}
