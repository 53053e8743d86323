/** A linear equation on paper: the number goes to the other side, then the division (`3x=19-4=15`, `x=15/3=5`). */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import { type EquationFacts, solution } from "./index.ts";

export const equationMethod: Method<EquationFacts> = {
  work({ a, b, c }, pen) {
    const product = pen.slipped(c - b);
    pen.line(`${a}x=${c}${b < 0 ? "+" : "-"}${Math.abs(b)}=${product}`);
    // After a slip the division need not come out: the writer takes the nearest whole number below.
    const x = pen.slipped(Math.floor(product / a));
    pen.line(`x=${product}/${a}=${x}`);
    return String(x);
  },
  /** The other way round: the result put into the equation. */
  check({ a, b, c }, answer, pen) {
    const product = pen.slipped(a * Number(answer));
    const left = pen.slipped(product + b);
    return {
      text: `${a}*${answer}=${product} ${product}${b < 0 ? "-" : "+"}${Math.abs(b)}=${left} ${left}=${c}`,
      holds: left === c,
    };
  },
  miss: (facts, random) => missNumber(random, solution(facts)),
};
