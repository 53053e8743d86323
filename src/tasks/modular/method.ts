/**
 * Products modulo m on paper: the product by its places, then the multiples of m taken out, tens first
 * (`25*20=500 25*5=125 500+125=625`, `10*43=430 625-430=195 4*43=172 195-172=23`).
 *
 * Powers by repeated squaring, with what is left to do restated after each product: `5*25^6` becomes `5*23^3`, that
 * `29*23^2`, that `29*13`. Exponents are odd, so the first factor is set apart at once and no rest is a bare power,
 * which would be a problem of its own.
 */
import type { Method } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import { type ModularFacts, remainder } from "./index.ts";

export const modularMethod: Method<ModularFacts> = {
  work(facts, pen) {
    const { a, m } = facts;
    const product = (x: number, y: number): number => {
      const { lines, value } = multiply(x, y, m, pen);
      for (const line of lines) pen.line(line);
      return value;
    };
    if (!("k" in facts)) return String(product(a, facts.b));
    let [factor, base, exponent] = [a, a, facts.k - 1];
    for (;;) {
      pen.line(`${factor}*${base}${exponent > 1 ? `^${exponent}` : ""}`);
      if (exponent % 2 === 1) {
        factor = product(factor, base);
        exponent--;
        if (exponent === 0) return String(factor);
      } else {
        base = product(base, base);
        exponent /= 2;
      }
    }
  },
  /** A product with the factors changed over; a power as the row of all powers below it. */
  check(facts, answer, pen) {
    const { a, m } = facts;
    if ("k" in facts) {
      const row = [a];
      while (row.length < facts.k) row.push(pen.slipped((row.at(-1)! * a) % m));
      return { text: `${row.join(",")} ${row.at(-1)}=${answer}`, holds: String(row.at(-1)) === answer };
    }
    const { lines, value } = multiply(facts.b, a, m, pen, true);
    return { text: `${lines.join(" ")} ${value}=${answer}`, holds: String(value) === answer };
  },
  /** Another remainder. */
  miss: (facts, random) => String((remainder(facts) + random.int(1, facts.m - 1)) % facts.m),
};

/**
 * x·y modulo m as a line for the product and one for the multiples, where there are any.
 * @param check written in one line, and the number of one digit may be the one that is taken apart. Default false
 */
function multiply(x: number, y: number, m: number, pen: Pen, check = false): { lines: string[]; value: number } {
  const [whole, apart] = !check && y < 10 ? [y, x] : [x, y];
  const products: string[] = [];
  let sum: number | null = null;
  for (const place of [apart - (apart % 10), apart % 10]) {
    if (place === 0) continue;
    const product = pen.slipped(whole * place);
    products.push(`${whole}*${place}=${product}`);
    if (sum === null) sum = product;
    else {
      const next = pen.slipped(sum + product);
      products.push(`${sum}+${product}=${next}`);
      sum = next;
    }
  }
  let value = sum ?? 0;
  const ahead = check || products.length === 0 ? 0 : 1;
  const takings: string[] = [];
  // After a slip a multiple may be taken twice, but what is left always gets less.
  while (value >= m) {
    const quotient = Math.floor(value / m);
    const times = quotient < 10 ? quotient : quotient - (quotient % 10);
    const multiple = pen.slipped(times * m, ahead);
    const left = Math.max(0, pen.slipped(value - multiple, ahead));
    takings.push(`${times}*${m}=${multiple} ${value}-${multiple}=${left}`);
    value = left;
  }
  const lines = [products.join(" "), takings.join(" ")].filter((line) => line !== "");
  return { lines: lines.length > 0 ? lines : [`${whole}*${apart}=0`], value };
}
