/**
 * Multiplication on paper: every place of one number times every place of the other, with a running sum
 * (`30*7=210`, `4*7=28 210+28=238`).
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import type { MultiplicationFacts } from "./index.ts";

export const multiplicationMethod: Method<MultiplicationFacts> = {
  work({ a, b }, pen) {
    const { lines, sum } = runningSum(places(a), places(b), pen);
    for (const line of lines) pen.line(line);
    return String(sum);
  },
  /** The other way round: operands swapped, lowest places first. */
  check({ a, b }, answer, pen) {
    const { lines, sum } = runningSum(places(b).reverse(), places(a).reverse(), pen, true);
    return { text: `${lines.join(" ")} ${sum}=${answer}`, holds: String(sum) === answer };
  },
  miss: ({ a, b }, random) => missNumber(random, a * b),
};

/** 347 → 300, 40, 7; zeros left out. */
function places(value: number): number[] {
  const text = String(value);
  const parts: number[] = [];
  for (let i = 0; i < text.length; i++) if (text[i] !== "0") parts.push(Number(text[i]) * 10 ** (text.length - 1 - i));
  return parts;
}

/** @param inOne whether all of it is written in one line. Default false */
function runningSum(
  left: readonly number[],
  right: readonly number[],
  pen: Pen,
  inOne = false,
): { lines: string[]; sum: number } {
  const lines: string[] = [];
  let sum: number | null = null;
  for (const x of left) {
    for (const y of right) {
      const ahead = inOne ? 0 : lines.length;
      const product = pen.slipped(x * y, ahead);
      if (sum === null) {
        sum = product;
        lines.push(`${x}*${y}=${product}`);
      } else {
        const next = pen.slipped(sum + product, ahead);
        lines.push(`${x}*${y}=${product} ${sum}+${product}=${next}`);
        sum = next;
      }
    }
  }
  return { lines, sum: sum ?? 0 };
}
