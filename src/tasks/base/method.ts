/**
 * Into another base by dividing, last digit first: the multiple of the base, what remains, and the quotient with the
 * digits already found (`22*2=44 45-44=1 22>1`); a quotient less than the base is the first digit (`1*3=3 5-3=2>12`).
 *
 * Back by multiplying, first digit first: the value so far times the base, and the next digit, with the digits still to
 * come (`5*2=10 10+1=11,01`).
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import type { BaseFacts } from "./index.ts";

export const baseMethod: Method<BaseFacts> = {
  work({ value, base, to }, pen) {
    if (to) {
      let left = value;
      let found = "";
      for (;;) {
        const quotient = Math.floor(left / base);
        const multiple = pen.slipped(quotient * base);
        const digit = Math.max(0, Math.min(base - 1, pen.slipped(left - multiple)));
        found = `${digit}${found}`;
        const step = `${quotient}*${base}=${multiple} ${left}-${multiple}=${digit}`;
        if (quotient < base) {
          const answer = `${quotient === 0 ? "" : quotient}${found}`;
          pen.line(`${step}>${answer}`);
          return answer;
        }
        pen.line(`${step} ${quotient}>${found}`);
        left = quotient;
      }
    }
    const digits = value.toString(base);
    let sum = Number(digits[0]);
    let rest = digits.slice(1);
    pen.line(`${sum},${rest}`);
    while (rest !== "") {
      const product = pen.slipped(sum * base);
      const next = pen.slipped(product + Number(rest[0]));
      const step = `${sum}*${base}=${product} ${product}+${rest[0]}=${next}`;
      rest = rest.slice(1);
      pen.line(rest === "" ? step : `${step},${rest}`);
      sum = next;
    }
    return String(sum);
  },
  /** The other way round: a numeral is read, a value is written, without the steps between. */
  check({ value, base, to }, answer, pen) {
    const parts: string[] = [];
    if (to) {
      let sum = Number(answer[0]);
      for (const digit of answer.slice(1)) {
        const next = pen.slipped(sum * base + Number(digit));
        parts.push(`${sum}*${base}+${digit}=${next}`);
        sum = next;
      }
      return { text: `${parts.join(" ")} ${sum}=${value}`, holds: sum === value };
    }
    let left = Number(answer);
    let numeral = "";
    while (left >= base) {
      const quotient = Math.floor(left / base);
      const digit = Math.min(base - 1, pen.slipped(left % base));
      parts.push(`${left}/${base}=${quotient} r ${digit}`);
      numeral = `${digit}${numeral}`;
      left = quotient;
    }
    numeral = `${left}${numeral}`;
    const given = value.toString(base);
    return { text: `${parts.join(" ")} ${numeral}=${given}`.trimStart(), holds: numeral === given };
  },
  /** The answer to a number near by. */
  miss: ({ value, base, to }, random) => (to ? nearMiss(random, value).toString(base) : missNumber(random, value)),
};
