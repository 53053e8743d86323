/**
 * Trial division. A prime that divides what is left opens a line that ends with the whole product so far
 * (`2*21=42 2*2*21` in 84); one that does not is tried with its nearest multiple (`2*10=20<21`). When the square of the
 * next prime is too large (`3*3=9>7`), the last factor is prime and the product is the answer.
 */
import type { Method } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import { type FactorsFacts, factorise, LARGEST_TRIED } from "./index.ts";

export const factorsMethod: Method<FactorsFacts> = {
  work({ n }, pen) {
    const found: number[] = [];
    let rest = n;
    let prime = 2;
    // Only a writer who has missed a factor gets as far as the largest prime that is tried, and gives up there.
    while (prime * prime <= rest && prime <= LARGEST_TRIED) {
      const times = Math.floor(rest / prime);
      const product = pen.slipped(prime * times);
      if (product === rest) {
        found.push(prime);
        rest = times;
        pen.line(`${prime}*${times}=${product} ${[...found, rest].join("*")}`);
      } else {
        pen.line(`${prime}*${times}=${product}${product < rest ? "<" : ">"}${rest}`);
        prime = primeAfter(prime);
      }
    }
    pen.line(`${prime}*${prime}=${prime * prime}${prime * prime > rest ? ">" : "<"}${rest}`);
    return [...found, rest].join("*");
  },
  /** The factors multiplied again; a factor that is no prime is named with what divides it. */
  check({ n }, answer, pen) {
    const values = answer.split("*").map(Number);
    const parts: string[] = [];
    let product = values[0]!;
    for (const value of values.slice(1)) {
      const next = pen.slipped(product * value);
      parts.push(`${product}*${value}=${next}`);
      product = next;
    }
    parts.push(`${product}=${n}`);
    if (product !== n) return { text: parts.join(" "), holds: false };
    const composite = values.find((value) => factorise(value).length > 1);
    if (composite === undefined) return { text: parts.join(" "), holds: true };
    const divisor = factorise(composite)[0]!;
    return { text: `${parts.join(" ")} ${divisor}*${composite / divisor}=${composite}`, holds: false };
  },
  /** The factors of a number near by. */
  miss: ({ n }, random) => factorise(nearMiss(random, n)).join("*"),
};

function primeAfter(value: number): number {
  let next = value + 1;
  while (factorise(next).length > 1) next++;
  return next;
}
