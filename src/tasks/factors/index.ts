/**
 * Prime factorisation, `2*2*3*7`: prime factors from the smallest up. Every number has three of them or more.
 *
 * Chance: the factorisation of one number drawn uniformly from those with as many digits (every row of primes belongs
 * to exactly one number).
 */
import { verifyIntegers } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface FactorsFacts {
  readonly n: number;
}

/** No factor but the largest of a problem is larger. */
export const LARGEST_TRIED = 31;

/** Least and largest number, most factors, and the largest that the largest and the second largest of them may be. */
const ladder = {
  least: [30, 100, 300, 1000, 3000],
  most: [399, 999, 2999, 9999, 29999],
  factors: [4, 5, 7, 9, 12],
  largest: [47, 97, 199, 499, 997],
  second: [5, 7, 11, 19, LARGEST_TRIED],
} as const;

export const factors = defineTask<FactorsFacts>({
  name: "factors",
  ladder,
  sample(random, level) {
    for (;;) {
      const n = random.int(knob(ladder, "least", level), knob(ladder, "most", level));
      const found = factorise(n);
      if (!isPosed({ n }) || found.length > knob(ladder, "factors", level)) continue;
      const [second, largest] = found.slice(-2) as [number, number];
      if (second <= knob(ladder, "second", level) && largest <= knob(ladder, "largest", level)) return { n };
    }
  },
  prompt: ({ n }, language) => (language === "en" ? `Factor ${n}.` : `Zerlege ${n}.`),
  verify: ({ n }, answer) => verifyIntegers(answer, factorise(n), "*"),
  gold: ({ n }) => factorise(n).join("*"),
  chance: ({ n }) => 1 / (9 * 10 ** (String(n).length - 1)),
  canonical: ({ n }) => String(n),
});

/** The prime factors from the smallest up, by trial division. */
export function factorise(n: number): number[] {
  const found: number[] = [];
  let rest = n;
  for (let p = 2; p * p <= rest; p++) {
    while (rest % p === 0) {
      found.push(p);
      rest /= p;
    }
  }
  return rest > 1 ? [...found, rest] : found;
}

/** Whether a number, for instance one that stands inside another one's solution, could be posed by itself. */
export function isPosed({ n }: FactorsFacts): boolean {
  return n >= ladder.least[0] && factorise(n).length >= 3;
}
