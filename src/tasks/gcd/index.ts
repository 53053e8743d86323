/**
 * The greatest common divisor of two numbers of growing size. The divisor is drawn first and uniformly, so that 1 is
 * not a good guess and no other number is; the smaller number never divides the larger one.
 *
 * Chance: one whole number drawn uniformly from 1 to the smaller number, which is what somebody knows who does not
 * calculate.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface GcdFacts {
  readonly a: number;
  readonly b: number;
}

/** Least and largest number, largest common divisor, most divisions in Euclid's algorithm. Quotients are 9 at most. */
const ladder = {
  least: [20, 50, 100, 300, 1000],
  most: [99, 299, 999, 2999, 9999],
  divisor: [16, 25, 40, 60, 90],
  divisions: [3, 4, 6, 8, 10],
} as const;

export const gcd = defineTask<GcdFacts>({
  name: "gcd",
  ladder,
  sample(random, level) {
    const [least, most] = [knob(ladder, "least", level), knob(ladder, "most", level)];
    const divisor = random.int(1, knob(ladder, "divisor", level));
    for (;;) {
      const draw = (): number => divisor * random.int(Math.ceil(least / divisor), Math.floor(most / divisor));
      const facts = { a: draw(), b: draw() };
      if (!isPosed(facts) || greatest(facts) !== divisor) continue;
      const quotients = divisions(facts);
      if (quotients.length <= knob(ladder, "divisions", level) && Math.max(...quotients) <= 9) return facts;
    }
  },
  prompt: ({ a, b }, language) => (language === "en" ? `GCD of ${a}, ${b}.` : `ggT von ${a}, ${b}.`),
  verify: (facts, answer) => verifyInteger(answer, greatest(facts)),
  gold: (facts) => String(greatest(facts)),
  chance: ({ a, b }) => 1 / Math.min(a, b),
  canonical: ({ a, b }) => (a < b ? `${a},${b}` : `${b},${a}`),
});

/** Euclid's algorithm. */
export function greatest({ a, b }: GcdFacts): number {
  return b === 0 ? a : greatest({ a: b, b: a % b });
}

/** Whether a pair, for instance one that stands inside another one's solution, could be posed by itself. */
export function isPosed({ a, b }: GcdFacts): boolean {
  const [small, large] = [Math.min(a, b), Math.max(a, b)];
  return small >= ladder.least[0] && large % small !== 0;
}

/** The quotients of Euclid's algorithm. */
function divisions({ a, b }: GcdFacts): number[] {
  let [large, small] = [Math.max(a, b), Math.min(a, b)];
  const quotients: number[] = [];
  while (small > 0) {
    quotients.push(Math.floor(large / small));
    [large, small] = [small, large % small];
  }
  return quotients;
}
