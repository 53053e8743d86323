/**
 * Horner's scheme: the first coefficient times x and the next one, with the polynomial that is left restated
 * (`2*4=8 8+3=11 11x+5`), so that a long one never has to be found again in the prompt.
 */
import type { Posed } from "../corpus/plain.ts";
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import { readLines } from "../trace/lines.ts";
import { evaluate, isPosed, type PolynomialFacts, read, show } from "./index.ts";

export const polynomialMethod: Method<PolynomialFacts> = {
  work({ coefficients, x }, pen) {
    let [value, ...rest] = coefficients as [number, ...number[]];
    while (rest.length > 0) {
      const next = rest.shift()!;
      const product = pen.slipped(value * x);
      // After a slip a difference may be less than 0: the writer stops at 0.
      const sum = Math.max(0, pen.slipped(product + next));
      const step = `${value}*${x}=${product} ${product}${next < 0 ? "-" : "+"}${Math.abs(next)}=${sum}`;
      pen.line(rest.length > 0 ? `${step} ${show([sum, ...rest])}` : step);
      value = sum;
    }
    return String(value);
  },
  /** By another route: the powers of x from the lowest up, what is added first and what is taken away last. */
  check({ coefficients, x }, answer, pen) {
    const parts: string[] = [];
    const terms: number[] = [];
    let power = 1;
    for (const [i, coefficient] of [...coefficients].reverse().entries()) {
      if (i > 1) {
        const next = pen.slipped(power * x);
        parts.push(`${power}*${x}=${next}`);
        power = next;
      } else if (i === 1) power = x;
      const size = Math.abs(coefficient);
      if (i === 0) terms.push(coefficient);
      else {
        const product = size === 1 ? power : pen.slipped(size * power);
        if (size > 1) parts.push(`${size}*${power}=${product}`);
        terms.push(coefficient < 0 ? -product : product);
      }
    }
    let [sum, ...others] = [...terms.filter((term) => term > 0), ...terms.filter((term) => term < 0)] as [number];
    for (const term of others as number[]) {
      const next = pen.slipped(sum + term);
      parts.push(`${sum}${term < 0 ? "-" : "+"}${Math.abs(term)}=${next}`);
      sum = next;
    }
    return { text: `${parts.join(" ")} ${sum}=${answer}`, holds: String(sum) === answer };
  },
  miss: (facts, random) => missNumber(random, evaluate(facts)),
};

/** A line of Horner's scheme: `2*4=8 8+3=11 11x+5`, the last one without what is left. */
const STEP = /^(\d+)\*(\d+)=\d+ \d+([+-]\d+)=\d+(?: (\S*x\S*))?$/;

/**
 * Three kinds of polynomials are evaluated on the way: what is left after a line; the first coefficients, whose value each
 * sum is (`11` is 2x+3 at 4, and the next sum one of degree 2); and in a second look the last ones, as long as none of
 * them is taken away, since it adds from the lowest power up.
 */
export function metOnEvaluating(thinking: string): Posed[] {
  const found: PolynomialFacts[] = [];
  /** The coefficients of the pass that is being written, or of the last one that was. */
  let pass: PolynomialFacts | null = null;
  let open = false;
  for (const { body, waits, checks } of readLines(thinking)) {
    const step = checks ? null : STEP.exec(body);
    if (step === null) {
      if (checks && pass !== null) found.push(...tails(pass));
      open = false;
      continue;
    }
    const x = Number(step[2]);
    const before: readonly number[] =
      open && !waits && pass !== null && pass.x === x ? pass.coefficients : [Number(step[1])];
    pass = { coefficients: [...before, Number(step[3])], x };
    found.push(pass);
    open = step[4] !== undefined;
    if (open) found.push({ coefficients: read(step[4]!), x });
  }
  return found.filter(isPosed).map((facts) => ({ family: "polynomial", facts }));
}

/** The polynomials of the last coefficients, shorter than the whole. */
function tails({ coefficients, x }: PolynomialFacts): PolynomialFacts[] {
  return coefficients
    .map((_, i) => ({ coefficients: coefficients.slice(i), x }))
    .filter((tail, i) => i > 0 && tail.coefficients.every((value) => value > 0));
}
