/**
 * Division on paper, digit by digit from the left. A line takes the greatest multiple out of the number at hand, then
 * states what remains with the next digit beside it, the digits still to come, and the quotient so far
 * (`1*5=5 8-5=3 37,34>1` in 8734 / 5), so that every line begins from the end of the line before.
 */
import type { Method } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import type { DivisionFacts } from "./index.ts";

export const divisionMethod: Method<DivisionFacts> = {
  work({ a, b }, pen) {
    const text = String(a);
    let taken = 1;
    while (Number(text.slice(0, taken)) < b && taken < text.length) taken++;
    let part = Number(text.slice(0, taken));
    let rest = text.slice(taken);
    let quotient = "";
    pen.line(`${part}${rest === "" ? "" : `,${rest}`}`);
    for (;;) {
      const times = Math.floor(part / b);
      const multiple = pen.slipped(times * b);
      const left = Math.max(0, Math.min(b - 1, pen.slipped(part - multiple)));
      quotient += String(times);
      const step = `${times}*${b}=${multiple} ${part}-${multiple}=${left}`;
      if (rest === "") {
        const answer = `${quotient} r ${left}`;
        pen.line(`${step}>${answer}`);
        return answer;
      }
      part = 10 * left + Number(rest[0]);
      rest = rest.slice(1);
      pen.line(`${step} ${part}${rest === "" ? "" : `,${rest}`}>${quotient}`);
    }
  },
  /** The other way round: the remainder is less than the divisor, and quotient times divisor and remainder make the dividend. */
  check({ a, b }, answer, pen) {
    const [quotient, remainder] = answer.split(" r ") as [string, string];
    if (Number(remainder) >= b) return { text: `${remainder}<${b}`, holds: false };
    const parts = [`${remainder}<${b}`];
    let sum = Number(remainder);
    for (const [i, digit] of [...quotient].entries()) {
      if (digit === "0") continue;
      const place = Number(digit) * 10 ** (quotient.length - 1 - i);
      const product = pen.slipped(place * b);
      const next = pen.slipped(sum + product);
      parts.push(`${place}*${b}=${product} ${sum}+${product}=${next}`);
      sum = next;
    }
    return { text: `${parts.join(" ")} ${sum}=${a}`, holds: sum === a };
  },
  /** A quotient near the right one with any remainder. */
  miss: ({ a, b }, random) => `${nearMiss(random, Math.floor(a / b))} r ${random.int(0, b - 1)}`,
};
