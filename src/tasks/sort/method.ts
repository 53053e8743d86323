/** Sorting by taking the smallest, one a line, with the rest restated (`3 left 9,4`). */
import type { Method } from "../trace/calculate.ts";
import { type SortFacts, sorted } from "./index.ts";

export const sortMethod: Method<SortFacts> = {
  work({ numbers }, pen) {
    const out: number[] = [];
    let rest = [...numbers];
    while (rest.length > 1) {
      const order = sorted(rest);
      const taken = order[pen.judged(true) ? 0 : 1]!;
      out.push(taken);
      rest = rest.filter((value) => value !== taken);
      const left = rest.join(",");
      pen.line((words) => `${taken} ${words.left} ${left}`);
    }
    return [...out, ...rest].join(",");
  },
  /** Each number against the next one. */
  check(_facts, answer, pen) {
    const values = answer.split(",").map(Number);
    const parts: string[] = [];
    let holds = true;
    for (let i = 0; i + 1 < values.length && holds; i++) {
      holds = pen.judged(values[i]! < values[i + 1]!);
      parts.push(`${values[i]}${holds ? "<" : ">"}${values[i + 1]}`);
    }
    return { text: parts.join(" "), holds };
  },
  /** Two neighbours of the sorted list changed over. */
  miss({ numbers }, random) {
    const order = sorted(numbers);
    const at = random.int(0, order.length - 2);
    [order[at], order[at + 1]] = [order[at + 1]!, order[at]!];
    return order.join(",");
  },
};
