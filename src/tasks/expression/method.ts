/**
 * An expression worked out one step per line: the step, then the whole rest restated (`4*2=8 3+8-5`), so that a long
 * expression never has to be found again in the prompt.
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import { type ExpressionFacts, evaluate, products, show } from "./index.ts";

export const expressionMethod: Method<ExpressionFacts> = {
  work(facts, pen) {
    const values = [...facts.values];
    const operators = [...facts.operators];
    while (operators.length > 0) {
      const product = operators.indexOf("*");
      const at = product >= 0 ? product : 0;
      const [x, y, operator] = [values[at]!, values[at + 1]!, operators[at]!];
      const exact = operator === "*" ? x * y : operator === "+" ? x + y : x - y;
      const result = pen.slipped(exact);
      values.splice(at, 2, result);
      operators.splice(at, 1);
      pen.line(`${x}${operator}${y}=${result}${operators.length > 0 ? ` ${show({ values, operators })}` : ""}`);
    }
    return String(values[0]);
  },
  /** The same steps without the rests: products first, then from the left. */
  check(facts, answer, pen) {
    const parts: string[] = [];
    const step = (x: number, operator: "+" | "-" | "*", y: number): number => {
      const value = pen.slipped(operator === "*" ? x * y : operator === "+" ? x + y : x - y);
      parts.push(`${x}${operator}${y}=${value}`);
      return value;
    };
    const terms = products(facts).map(({ sign, factors: [first, ...others] }) => ({
      sign,
      value: others.reduce((value, factor) => step(value, "*", factor), first!),
    }));
    const total = terms.slice(1).reduce((sum, { sign, value }) => step(sum, sign, value), terms[0]!.value);
    return { text: `${parts.join(" ")} ${total}=${answer}`, holds: String(total) === answer };
  },
  miss: (facts, random) => missNumber(random, evaluate(facts)),
};
