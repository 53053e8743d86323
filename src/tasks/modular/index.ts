/**
 * Products modulo m, and at the higher levels powers modulo m. Products are taken modulo 23 to 59 and powers modulo 61
 * to 97, so that no product inside a power's solution is a problem of its own. Exponents are odd and base and modulus
 * have no common factor; the result of a product is never 0: neither 0 nor 1 is a good guess.
 *
 * Chance: one of the m remainders.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export type ModularFacts =
  /** a·b mod m */
  | { readonly a: number; readonly b: number; readonly m: number }
  /** a^k mod m */
  | { readonly a: number; readonly k: number; readonly m: number };

/** Largest first factor, or base; least and largest modulus; largest product; least and largest exponent (0: a product). */
const ladder = {
  first: [9, 9, 58, 59, 59],
  leastModulus: [23, 23, 23, 61, 61],
  mostModulus: [33, 59, 59, 97, 97],
  product: [99, 999, 9999, 0, 0],
  leastExponent: [0, 0, 0, 3, 5],
  mostExponent: [0, 0, 0, 5, 9],
} as const;

export const modular = defineTask<ModularFacts>({
  name: "modular",
  ladder,
  sample(random, level) {
    const [first, mostExponent] = [knob(ladder, "first", level), knob(ladder, "mostExponent", level)];
    for (;;) {
      const m = random.int(knob(ladder, "leastModulus", level), knob(ladder, "mostModulus", level));
      if (mostExponent > 0) {
        const half = (knob(ladder, "leastExponent", level) - 1) / 2;
        const facts = { a: random.int(11, first), k: 2 * random.int(half, (mostExponent - 1) / 2) + 1, m };
        if (isCoprime(facts.a, m)) return facts;
        continue;
      }
      const facts = { a: random.int(first > 9 ? 11 : 2, Math.min(first, m - 1)), b: random.int(11, m - 1), m };
      const product = facts.a * facts.b;
      if (product >= m && product <= knob(ladder, "product", level) && product % m !== 0) return facts;
    }
  },
  prompt: (facts, language) => `${language === "en" ? "Find" : "Finde"} ${show(facts)} mod ${facts.m}.`,
  verify: (facts, answer) => verifyInteger(answer, remainder(facts)),
  gold: (facts) => String(remainder(facts)),
  chance: ({ m }) => 1 / m,
  canonical(facts) {
    if ("k" in facts) return `${show(facts)}%${facts.m}`;
    const { a, b, m } = facts;
    return a < b ? `${a}*${b}%${m}` : `${b}*${a}%${m}`;
  },
});

/** `7*13` or `5^13` */
function show(facts: ModularFacts): string {
  return "k" in facts ? `${facts.a}^${facts.k}` : `${facts.a}*${facts.b}`;
}

export function remainder(facts: ModularFacts): number {
  const { a, m } = facts;
  if (!("k" in facts)) return (a * facts.b) % m;
  let value = 1;
  for (let i = 0; i < facts.k; i++) value = (value * a) % m;
  return value;
}

function isCoprime(a: number, b: number): boolean {
  return b === 0 ? a === 1 : isCoprime(b, a % b);
}
