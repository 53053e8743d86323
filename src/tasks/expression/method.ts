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
  /** By another route: what is added is summed up, then what is taken away. */
  check(facts, answer, pen) {
    const parts: string[] = [];
    const sum = { "+": 0, "-": 0 };
    for (const sign of ["+", "-"] as const) {
      let first = true;
      for (const product of products(facts)) {
        if (product.sign !== sign) continue;
        let value = product.factors[0]!;
        for (const factor of product.factors.slice(1)) {
          const next = pen.slipped(value * factor);
          parts.push(`${value}*${factor}=${next}`);
          value = next;
        }
        if (first) sum[sign] = value;
        else {
          const next = pen.slipped(sum[sign] + value);
          parts.push(`${sum[sign]}+${value}=${next}`);
          sum[sign] = next;
        }
        first = false;
      }
    }
    let total = sum["+"];
    if (facts.operators.includes("-")) {
      total = pen.slipped(sum["+"] - sum["-"]);
      parts.push(`${sum["+"]}-${sum["-"]}=${total}`);
    }
    return { text: `${parts.join(" ")} ${total}=${answer}`, holds: String(total) === answer };
  },
  miss: (facts, random) => missNumber(random, evaluate(facts)),
};
