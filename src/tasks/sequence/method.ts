/**
 * The rules tried one a line in a fixed order, each line broken off where its rule fails: differences
 * (`7-3=4 11-7=4`), the differences of the differences, the ratio (`3*2=6 6*2=12`), sums of two neighbours, and last
 * every other term (`3,7,11`). The line that ends without a failure is followed by the next term (`15+4=19`).
 *
 * No row inside a solution is a problem of its own but a row of four differences, which leaks.ts looks for: every other
 * term gives three.
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import { next, type SequenceFacts } from "./index.ts";
import { everyOther, nextBy, type Rule, ruleOf } from "./rules.ts";

export const sequenceMethod: Method<SequenceFacts> = {
  work({ terms }, pen) {
    const row = subtract(terms, pen);
    pen.line(row.text);
    if (row.isOne) return step(terms.at(-1)!, row, pen);
    if (row.rises && row.values.length === terms.length - 1) {
      const growth = subtract(row.values, pen);
      pen.line(growth.text);
      if (growth.isOne && growth.rises) {
        const grown = Number(step(row.values.at(-1)!, growth, pen));
        return step(terms.at(-1)!, { values: [grown], rises: true }, pen);
      }
    }
    if (row.rises) {
      const tried = [multiples(terms, pen)];
      const slips = pen.slips.length;
      tried.push(sums(terms, pen));
      // Worked out before the first is written, the second stands a line lower, if it is written at all.
      const later = pen.slips.splice(slips).map((line) => line + 1);
      if (tried[0]!.next === null) pen.slips.push(...later);
      for (const chain of tried) {
        pen.line(chain.text);
        if (chain.next === null) continue;
        const answer = pen.slipped(chain.next.value);
        pen.line(`${chain.next.text}=${answer}`);
        return String(answer);
      }
    }
    const own = everyOther(terms);
    const turn = subtract(own, pen);
    pen.line(`${own.join(",")} ${turn.text}`);
    // After a slip no rule need fit: the writer goes on with the last difference.
    return step(own.at(-1)!, turn, pen);
  },
  /** The rule from the answer backwards; a sequence of turns over every other term. */
  check({ terms }, answer, pen) {
    const rule: Rule = ruleOf(terms)!;
    const value = Number(answer);
    const row = rule === "turns" ? everyOther(terms) : terms;
    const [first, second, third] = [row.at(-1)!, row.at(-2)!, row.at(-3)!];
    const holds = value === nextBy(rule, terms);
    switch (rule) {
      case "difference":
      case "turns":
        return judge([distance(value, first), distance(first, second)], holds, pen);
      case "growing":
        return judge([distance(value, first), distance(first, second), distance(second, third)], holds, pen);
      case "ratio": {
        const ratio = first / second;
        return judge([`${first}*${ratio}=${first * ratio} ${first * ratio}=${value}`], holds, pen);
      }
      case "sum":
        return judge([`${second}+${first}=${second + first} ${second + first}=${value}`], holds, pen);
      default:
        rule satisfies never;
        throw new Error("internal: unknown rule");
    }
  },
  miss: ({ terms }, random) => missNumber(random, next(terms)),
};

interface Row {
  readonly text: string;
  /** The distances as written, up to where the direction changes. */
  readonly values: readonly number[];
  /** The last step as written goes up. */
  readonly rises: boolean;
  /** All distances are the same and all go one way. */
  readonly isOne: boolean;
}

/** The distances between neighbours, the larger less the smaller, broken off where the direction changes. */
function subtract(terms: readonly number[], pen: Pen): Row {
  const parts: string[] = [];
  const values: number[] = [];
  const rises = terms[1]! > terms[0]!;
  let turned = false;
  for (let i = 1; i < terms.length && !turned; i++) {
    turned = terms[i]! > terms[i - 1]! !== rises;
    const [large, small] = [Math.max(terms[i]!, terms[i - 1]!), Math.min(terms[i]!, terms[i - 1]!)];
    const value = pen.slipped(large - small);
    parts.push(`${large}-${small}=${value}`);
    values.push(value);
  }
  const isOne = !turned && values.every((value) => value === values[0]);
  return { text: parts.join(" "), values, rises: turned ? !rises : rises, isOne };
}

/** One more step of a row from a term on; writes the line and returns the term. */
function step(from: number, { values, rises }: Pick<Row, "values" | "rises">, pen: Pen): string {
  const by = values.at(-1)!;
  const value = Math.max(0, pen.slipped(rises ? from + by : from - by));
  pen.line(`${from}${rises ? "+" : "-"}${by}=${value}`);
  return String(value);
}

/** A rule tried from term to term: the text up to the first failure, and the calculation of the next term if there is none. */
interface Chain {
  readonly text: string;
  readonly next: { readonly text: string; readonly value: number } | null;
}

function multiples(terms: readonly number[], pen: Pen): Chain {
  const ratio = Math.max(2, Math.floor(terms[1]! / Math.max(1, terms[0]!)));
  return chain(terms, 1, (i) => ({ text: `${terms[i]}*${ratio}`, value: terms[i]! * ratio }), pen);
}

function sums(terms: readonly number[], pen: Pen): Chain {
  return chain(terms, 2, (i) => ({ text: `${terms[i - 1]}+${terms[i]}`, value: terms[i - 1]! + terms[i]! }), pen);
}

function chain(
  terms: readonly number[],
  start: number,
  after: (i: number) => { text: string; value: number },
  pen: Pen,
): Chain {
  const parts: string[] = [];
  for (let i = start; i < terms.length; i++) {
    const { text, value } = after(i - 1);
    const written = pen.slipped(value);
    const mark = written === terms[i] ? "" : `${written < terms[i]! ? "<" : ">"}${terms[i]}`;
    parts.push(`${text}=${written}${mark}`);
    if (mark !== "") return { text: parts.join(" "), next: null };
  }
  return { text: parts.join(" "), next: after(terms.length - 1) };
}

function distance(x: number, y: number): string {
  return `${Math.max(x, y)}-${Math.min(x, y)}=${Math.abs(x - y)}`;
}

function judge(parts: readonly string[], holds: boolean, pen: Pen): { text: string; holds: boolean } {
  return { text: parts.join(" "), holds: pen.judged(holds) };
}
