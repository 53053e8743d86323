/**
 * Into another base by its powers, first digit first (`4,16`): the largest multiple of each, what remains, and the digits
 * found so far (`2*16=32 45-32=13,2`, `3*4=12 13-12=1,23`, `231`).
 *
 * Back by multiplying, first digit first: the value so far times the base, and the next digit, with the digits still to
 * come (`5*2=10 10+1=11,01`).
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import { type BaseFacts, isPosed } from "./index.ts";

export const baseMethod: Method<BaseFacts> = {
  work({ value, base, to }, pen) {
    if (to) {
      const powers: number[] = [base];
      while (powers.at(-1)! * base <= value) powers.push(powers.at(-1)! * base);
      pen.line(powers.join(","));
      let left = value;
      let found = "";
      for (const power of powers.toReversed()) {
        const digit = Math.min(base - 1, Math.floor(left / power));
        const multiple = pen.slipped(digit * power);
        const rest = Math.max(0, pen.slipped(left - multiple));
        found = `${found}${digit}`;
        pen.line(`${digit}*${power}=${multiple} ${left}-${multiple}=${rest},${found}`);
        left = rest;
      }
      const answer = `${found}${Math.min(base - 1, left)}`;
      pen.line(answer);
      return answer;
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

/** Values on the way: what remains beside the powers of a base, a product and its digit, and the same in second looks. */
export function metOnConverting(thinking: string): BaseFacts[] {
  const own = /(?:^|[ \n])(\d)(?:,\d+)+(?=$|\n)/.exec(thinking)?.[1];
  const found: (readonly [value: string | undefined, base: string | undefined])[] = [
    // `2*16=32 45-32=13,2`
    ...Array.from(thinking.matchAll(/\d+\*\d+=\d+ \d+-\d+=(\d+),/g), ([, value]) => [value, own] as const),
    // `11*4=44 44+1=45`
    ...Array.from(thinking.matchAll(/\*(\d)=\d+ \d+\+\d=(\d+)/g), ([, base, value]) => [value, base] as const),
    // `11*4+1=45` and `45/4=11 r 1`
    ...Array.from(thinking.matchAll(/\*(\d)\+\d=(\d+)/g), ([, base, value]) => [value, base] as const),
    ...Array.from(thinking.matchAll(/(\d+)\/(\d)=/g), ([, value, base]) => [value, base] as const),
  ];
  return found.map(([value, base]) => ({ value: Number(value), base: Number(base), to: true })).filter(isPosed);
}
