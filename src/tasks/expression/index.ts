/**
 * Expressions with `+`, `-` and `*` and ordinary precedence, of growing length. Sums stay non-negative from left to right.
 *
 * Chance: one whole number drawn uniformly from 0 up to the sum of all products taken as positive.
 */
import type { Random } from "../../util/random.ts";
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

/** `values[0] operators[0] values[1] operators[1] …` */
export interface ExpressionFacts {
  readonly values: readonly number[];
  readonly operators: readonly ("+" | "-" | "*")[];
}

/** Number of operators, largest addend, largest result. Factors are 2..9; a product has at most three of them. */
const ladder = {
  operators: [2, 3, 4, 5, 6, 8],
  addend: [20, 20, 20, 30, 30, 50],
  most: [99, 99, 99, 199, 199, 299],
} as const;

export const expression = defineTask<ExpressionFacts>({
  name: "expression",
  ladder,
  sample(random, level) {
    for (;;) {
      const facts = draw(random, knob(ladder, "operators", level), knob(ladder, "addend", level));
      if (fits(facts, knob(ladder, "most", level))) return facts;
    }
  },
  prompt: (facts, language) => (language === "en" ? `Compute ${show(facts)}.` : `Berechne ${show(facts)}.`),
  verify: (facts, answer) => verifyInteger(answer, evaluate(facts)),
  gold: (facts) => String(evaluate(facts)),
  chance: (facts) => 1 / (products(facts).reduce((sum, product) => sum + product.value, 0) + 1),
  canonical: (facts) =>
    products(facts)
      .map(({ sign, factors }) => sign + [...factors].sort((x, y) => x - y).join("*"))
      .sort()
      .join(""),
});

/** The expression as text without spaces, e.g. `3+4*2-5`. */
export function show({ values, operators }: ExpressionFacts): string {
  let text = String(values[0]);
  for (let i = 0; i < operators.length; i++) text += `${operators[i]}${values[i + 1]}`;
  return text;
}

/** The signed products whose sum is the expression. */
export function products({
  values,
  operators,
}: ExpressionFacts): { sign: "+" | "-"; factors: number[]; value: number }[] {
  const out = [{ sign: "+" as "+" | "-", factors: [values[0]!], value: values[0]! }];
  for (let i = 0; i < operators.length; i++) {
    const operator = operators[i]!;
    const value = values[i + 1]!;
    if (operator === "*") {
      const last = out[out.length - 1]!;
      last.factors.push(value);
      last.value *= value;
    } else out.push({ sign: operator, factors: [value], value });
  }
  return out;
}

export function evaluate(facts: ExpressionFacts): number {
  return products(facts).reduce(
    (sum, product) => (product.sign === "+" ? sum + product.value : sum - product.value),
    0,
  );
}

function draw(random: Random, operatorCount: number, addend: number): ExpressionFacts {
  const operators: ("+" | "-" | "*")[] = [];
  for (let i = 0; i < operatorCount; i++) operators.push(random.pick(["+", "-", "*"] as const));
  const values: number[] = [];
  for (let i = 0; i <= operatorCount; i++) {
    const isFactor = operators[i - 1] === "*" || operators[i] === "*";
    values.push(isFactor ? random.int(2, 9) : random.int(1, addend));
  }
  return { values, operators };
}

/** At most three factors in a product and `most` in value, and every partial sum from the left within 0..most. */
function fits(facts: ExpressionFacts, most: number): boolean {
  let sum = 0;
  for (const { sign, factors, value } of products(facts)) {
    sum = sign === "+" ? sum + value : sum - value;
    if (factors.length > 3 || value > most || sum < 0 || sum > most) return false;
  }
  return true;
}
