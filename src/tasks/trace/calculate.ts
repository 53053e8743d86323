/**
 * How a calculation is thought through: a first pass, a conclusion, perhaps a second look, mostly by another route, with a
 * verdict, and after a "no" another pass and another conclusion.
 */
import type { Random } from "../../util/random.ts";
import { nearMiss, type Pen } from "./pen.ts";
import type { Words } from "./words.ts";

/** No second look begins once half of this many characters are written. */
const LONGEST_THOUGHT = 400;

/** A text, or how it reads with the words of a language. */
export type Wording = string | ((words: Words) => string);

export function worded(text: Wording, words: Words): string {
  return typeof text === "string" ? text : text(words);
}

/** A family's way of working on paper. */
export interface Method<F> {
  /** Writes one pass over the problem and returns the answer as written. */
  work(facts: F, pen: Pen): string;
  /** Writes what can be said against an answer, without verdict and line end; returns it with the verdict. */
  check(facts: F, answer: string, pen: Pen): { readonly text: Wording; readonly holds: boolean };
  /** A wrong answer that somebody might give who does not calculate. */
  miss(facts: F, random: Random): string;
}

/** How careful the writer of a calculation is; all are probabilities. */
export interface Care {
  /** A wrong value at a step of an ordinary pass. */
  readonly slip: number;
  /** The first pass is written carelessly … */
  readonly stumble: number;
  /** … with this probability of a wrong value at each of its steps. */
  readonly stumbleSlip: number;
  /** A right result is looked at again. */
  readonly recheck: number;
  /** A wrong result is looked at again. */
  readonly catch: number;
  /** After a second look that confirmed the result, another one: so that a reader pushed to go on does not fall apart. */
  readonly again: number;
  /** The second look begins with "wait" before "check". */
  readonly waitWord: number;
  /**
   * A second look is written carelessly, as a first pass may be; and a result that comes out the same after a "no" stands.
   * A reader whose second looks are not sure is shown what to do about a false one. 0: neither.
   */
  readonly doubt: number;
}

/** Writes the thinking on a calculation and returns the final answer. */
export function calculate<F>(method: Method<F>, facts: F, gold: string, pen: Pen, care: Care): string {
  pen.slip = pen.random.chance(care.stumble) ? care.stumbleSlip : care.slip;
  let answer = method.work(facts, pen);
  pen.line((words) => `${words.so} ${answer}`);
  pen.slip = care.slip;
  let confirmed = false;
  while (pen.length * 2 < LONGEST_THOUGHT) {
    // The rates differ so that the corpus shows more second looks where they pay; a reader cannot tell before looking.
    if (!pen.random.chance(confirmed ? care.again : answer === gold ? care.recheck : care.catch)) break;
    if (care.doubt > 0 && pen.random.chance(care.doubt)) pen.slip = care.stumbleSlip;
    const { text, holds } = method.check(facts, answer, pen);
    pen.slip = care.slip;
    if (pen.random.chance(care.waitWord)) pen.opening = "wait";
    pen.line((words) => `${words.check} ${worded(text, words)} ${holds ? words.yes : words.no}`);
    confirmed = holds;
    if (holds) continue;
    pen.opening = "wait";
    const before = answer;
    answer = method.work(facts, pen);
    pen.line((words) => `${words.so} ${answer}`);
    if (care.doubt > 0 && answer === before) break;
  }
  return answer;
}

/** {@link Method.miss} for families whose answer is one whole number. */
export function missNumber(random: Random, gold: number): string {
  return String(nearMiss(random, gold));
}
