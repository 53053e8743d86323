/**
 * The value of a polynomial with whole coefficients at a small whole x. Every power up to the highest occurs; what
 * Horner's scheme meets on its way is never negative.
 *
 * Chance: one whole number drawn uniformly from 0 to the value that the polynomial would have with plus signs only.
 */
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

export interface PolynomialFacts {
  /** Highest power first; none is 0, the first is 1..9. */
  readonly coefficients: readonly number[];
  readonly x: number;
}

/** Degree, largest x, whether coefficients after the first may be negative. They are 1..9 without their sign. */
const ladder = {
  degree: [2, 2, 3, 4, 5],
  x: [5, 9, 9, 9, 9],
  minus: ["no", "no", "no", "yes", "yes"],
} as const;

/** Below this a guess would be right too often. */
const LEAST_RANGE = 20;

export const polynomial = defineTask<PolynomialFacts>({
  name: "polynomial",
  ladder,
  sample(random, level) {
    const minus = ladder.minus[level] === "yes";
    for (;;) {
      const x = random.int(2, knob(ladder, "x", level));
      const coefficients = [random.int(1, 9)];
      for (let i = 0; i < knob(ladder, "degree", level); i++) {
        coefficients.push(random.int(1, 9) * (minus && random.chance(0.5) ? -1 : 1));
      }
      const facts = { coefficients, x };
      if (range(facts) >= LEAST_RANGE && horner(facts).every((value) => value >= 0)) return facts;
    }
  },
  prompt: ({ coefficients, x }, language) =>
    language === "en" ? `Put x=${x} in ${show(coefficients)}.` : `Setze x=${x} in ${show(coefficients)}.`,
  verify: (facts, answer) => verifyInteger(answer, evaluate(facts)),
  gold: (facts) => String(evaluate(facts)),
  chance: (facts) => 1 / (range(facts) + 1),
  canonical: ({ coefficients, x }) => `${show(coefficients)}@${x}`,
});

/** `2x^2+x-5` */
export function show(coefficients: readonly number[]): string {
  return coefficients
    .map((value, i) => {
      const power = coefficients.length - 1 - i;
      const size = Math.abs(value);
      const sign = value < 0 ? "-" : i > 0 ? "+" : "";
      const number = size === 1 && power > 0 ? "" : String(size);
      return `${sign}${number}${power === 0 ? "" : power === 1 ? "x" : `x^${power}`}`;
    })
    .join("");
}

/** The coefficients of a polynomial as {@link show} writes it. */
export function read(text: string): number[] {
  return (text.match(/[+-]?[^+-]+/g) ?? []).map((term) => {
    const number = term.replace(/x.*$/, "");
    return term.includes("x") && /^[+-]?$/.test(number) ? Number(`${number}1`) : Number(number);
  });
}

export function evaluate(facts: PolynomialFacts): number {
  return horner(facts).at(-1)!;
}

/** Whether a polynomial that stands inside another one's solution could be posed by itself. */
export function isPosed({ coefficients }: PolynomialFacts): boolean {
  return coefficients.length >= 3 && coefficients[0]! >= 1 && coefficients[0]! <= 9;
}

/** The values of Horner's scheme, from the first coefficient on. */
function horner({ coefficients, x }: PolynomialFacts): number[] {
  const values: number[] = [];
  for (const coefficient of coefficients) values.push((values.at(-1) ?? 0) * x + coefficient);
  return values;
}

function range({ coefficients, x }: PolynomialFacts): number {
  return evaluate({ coefficients: coefficients.map(Math.abs), x });
}
