/**
 * A filter number by number: how the number compares, then what is kept so far (`35>20 35`, `8<20 35`, `41>20 35,41`), or
 * the sum so far (`41>20 35+41=76`). The next number is the one that follows in the question; all are different, so
 * no place has to be counted.
 * A solution holds no other problem of the family: it states single comparisons, and no line restates a list to filter.
 */
import type { Method } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import type { Words } from "../trace/words.ts";
import { type FilterFacts, filter, kept, passes, total } from "./index.ts";

export const filterMethod: Method<FilterFacts> = {
  work(facts, pen) {
    const list: number[] = [];
    let sum = 0;
    for (const value of facts.numbers) {
      const { sign, keeps } = judge(facts, value, pen);
      let state: string;
      if (facts.give === "list") {
        if (keeps) list.push(value);
        state = list.join(",");
      } else if (keeps && sum > 0) {
        const next = pen.slipped(sum + value);
        state = `${sum}+${value}=${next}`;
        sum = next;
      } else {
        if (keeps) sum = value;
        state = sum > 0 ? String(sum) : "";
      }
      pen.line((words) => `${sign(words)} ${state}`.trim());
    }
    return facts.give === "list" && list.length > 0 ? list.join(",") : String(sum);
  },
  /** Every number compared once more; what is kept stands at the end, or is added up on the way. */
  check(facts, answer, pen) {
    const compared: ((words: Words) => string)[] = [];
    const list: number[] = [];
    let sum = 0;
    for (const value of facts.numbers) {
      const { sign, keeps } = judge(facts, value, pen);
      compared.push(sign);
      if (!keeps) continue;
      if (facts.give === "sum" && list.length > 0) {
        const [before, next] = [sum, pen.slipped(sum + value)];
        compared.push(() => `${before}+${value}=${next}`);
        sum = next;
      } else sum = value;
      list.push(value);
    }
    const result = facts.give === "list" && list.length > 0 ? list.join(",") : String(sum);
    return {
      text: (words) => [...compared.map((say) => say(words)), `${result}=${answer}`].join(" "),
      holds: result === answer,
    };
  },
  /** A number too many or too few. */
  miss(facts, random) {
    const right = kept(facts);
    for (;;) {
      const at = random.pick(facts.numbers);
      const numbers = facts.numbers.filter((value) => right.includes(value) !== (value === at));
      if (numbers.length === 0) continue;
      const answer = facts.give === "sum" ? String(total(numbers)) : numbers.join(",");
      if (filter.verify(facts, answer).score < 1) return answer;
    }
  },
};

/** Whether the writer keeps a number, and how he says it. */
function judge(facts: FilterFacts, value: number, pen: Pen): { sign: (words: Words) => string; keeps: boolean } {
  const keeps = pen.judged(passes(facts, value));
  const { keep, limit } = facts;
  if (keep === "over" || keep === "under") {
    const greater = keeps === (keep === "over");
    return { sign: () => `${value}${greater ? ">" : "<"}${limit}`, keeps };
  }
  const even = keeps === (keep === "even");
  return { sign: (words) => `${value} ${even ? words.even : words.odd}`, keeps };
}
