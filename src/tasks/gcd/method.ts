/**
 * Euclid's algorithm, one division a line: the multiple of the smaller number, what remains of the larger one, and the
 * pair to go on with (`2*36=72 84-72=12 36,12`), until nothing remains.
 */
import type { Method } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import { type GcdFacts, greatest } from "./index.ts";

export const gcdMethod: Method<GcdFacts> = {
  work({ a, b }, pen) {
    let [large, small] = [Math.max(a, b), Math.min(a, b)];
    pen.line(`${large},${small}`);
    while (small > 0) {
      const times = Math.floor(large / small);
      const multiple = pen.slipped(times * small);
      const left = Math.max(0, Math.min(small - 1, pen.slipped(large - multiple)));
      pen.line(`${times}*${small}=${multiple} ${large}-${multiple}=${left} ${small},${left}`);
      [large, small] = [small, left];
    }
    return String(large);
  },
  /**
   * It divides both, and nothing but 1 divides what is left of them: the remainders of that, from the larger one down
   * (`12*7=84 12*3=36 7,3,1`).
   */
  check({ a, b }, answer, pen) {
    const divisor = Number(answer);
    const parts: string[] = [];
    const left: number[] = [];
    for (const value of [Math.max(a, b), Math.min(a, b)]) {
      const times = Math.floor(value / divisor);
      const product = pen.slipped(divisor * times);
      if (product !== value) {
        parts.push(`${divisor}*${times}=${product}${product < value ? "<" : ">"}${value}`);
        return { text: parts.join(" "), holds: false };
      }
      parts.push(`${divisor}*${times}=${product}`);
      left.push(times);
    }
    let [x, y] = left as [number, number];
    while (y > 0 && x % y > 0) {
      const next = Math.min(y - 1, pen.slipped(x % y));
      left.push(next);
      [x, y] = [y, next];
    }
    return { text: `${parts.join(" ")} ${left.join(",")}`, holds: y === 1 };
  },
  miss(facts, random) {
    const near = nearMiss(random, greatest(facts));
    return String(near === 0 ? 2 : near);
  },
};
