/** The largest number by one comparison a line; the larger one opens the next line (`38<71`, `71>24`). */
import type { Method } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import type { MaxFacts } from "./index.ts";

export const maxMethod: Method<MaxFacts> = {
  work({ numbers }, pen) {
    const { lines, best } = compare(numbers, pen);
    for (const line of lines) pen.line(line);
    return String(best);
  },
  /** From the other end. */
  check({ numbers }, answer, pen) {
    const { lines, best } = compare([...numbers].reverse(), pen, true);
    return { text: `${lines.join(" ")} ${best}=${answer}`, holds: String(best) === answer };
  },
  miss({ numbers }, random) {
    const best = Math.max(...numbers);
    return String(random.pick(numbers.filter((value) => value !== best)));
  },
};

/** @param inOne whether all of it is written in one line. Default false */
function compare(numbers: readonly number[], pen: Pen, inOne = false): { lines: string[]; best: number } {
  let best = numbers[0]!;
  const lines: string[] = [];
  for (const next of numbers.slice(1)) {
    const greater = pen.judged(best > next, inOne ? 0 : lines.length);
    lines.push(`${best}${greater ? ">" : "<"}${next}`);
    if (!greater) best = next;
  }
  return { lines, best };
}
