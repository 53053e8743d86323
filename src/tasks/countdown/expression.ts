/**
 * Reading a countdown answer: numbers, + - * /, brackets, spaces; ordinary precedence, left to right.
 * A recursive-descent parser over a text that the caller has bounded in length, so depth and time are bounded too. No eval.
 */
import { apply, type Operator } from "./solver.ts";

/** The value and the numbers used, in order; or why it is not a legal expression. */
export type Parsed =
  | { readonly ok: true; readonly value: number; readonly used: number[] }
  | { readonly ok: false; readonly reason: string };

class Fault extends Error {}

/** Evaluates an expression with every intermediate value a non-negative whole number. */
export function parseExpression(text: string): Parsed {
  const used: number[] = [];
  let at = 0;

  const skip = (): void => {
    while (text[at] === " ") at++;
  };
  const atom = (): number => {
    skip();
    if (text[at] === "(") {
      at++;
      const value = sum();
      skip();
      if (text[at] !== ")") throw new Fault("a bracket is not closed");
      at++;
      return value;
    }
    const start = at;
    while (at < text.length && text[at]! >= "0" && text[at]! <= "9") at++;
    if (at === start) throw new Fault(at < text.length ? `unexpected ${JSON.stringify(text[at])}` : "ends too early");
    if (at - start > 9) throw new Fault("a number is too long");
    if (text[start] === "0" && at - start > 1) throw new Fault("a number begins with 0");
    const value = Number(text.slice(start, at));
    used.push(value);
    return value;
  };
  const chain = (operators: string, next: () => number): number => {
    let value = next();
    for (;;) {
      skip();
      const operator = text[at];
      if (operator === undefined || !operators.includes(operator)) return value;
      at++;
      const right = next();
      const result = apply(value, operator as Operator, right);
      if (result === null) {
        throw new Fault(`${value}${operator}${right} is not a ${operator === "-" ? "non-negative" : "whole"} number`);
      }
      if (!Number.isSafeInteger(result)) throw new Fault("a value is too large");
      value = result;
    }
  };
  const product = (): number => chain("*/", atom);
  const sum = (): number => chain("+-", product);

  try {
    const value = sum();
    skip();
    if (at < text.length) return { ok: false, reason: `unexpected ${JSON.stringify(text[at])}` };
    return { ok: true, value, used };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, reason: error.message };
    throw error;
  }
}
