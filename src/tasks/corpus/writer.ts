/**
 * What the corpus needs of a family: a hand that thinks its problems through. Families that are worked on paper bring a
 * {@link Method}, and its writer is made here; a family with another way of thinking brings its own.
 */
import type { Random } from "../../util/random.ts";
import type { SearchNotation } from "../countdown/search.ts";
import type { Language, Task } from "../task.ts";
import { calculate, type Method } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import type { CorpusMix } from "./mix.ts";

export interface GoldTrace {
  readonly thinking: string;
  /** Verifies at 1. */
  readonly answer: string;
}

/** How the clean solution of a search is written. */
export interface GoldOptions {
  /** Default: the corpus's. */
  readonly notation?: SearchNotation;
  /**
   * Probability that a search's next attempt works. Default 0.3: a clean search with its honest failed attempts, for a
   * reader that has to learn to search; 1: right at once, as nobody could write it who had not solved it before.
   */
  readonly hint?: number;
}

/** A family's hand. */
export interface Writer<F = unknown> {
  /** Thinks a problem through in the mix's manner; returns the answer. */
  think(facts: F, pen: Pen, mix: CorpusMix): string;
  /** A solution without slips, with true verdicts and a right end, in one language. */
  clean(facts: F, random: Random, language: Language, options: GoldOptions): GoldTrace;
  /** A plausible wrong answer of somebody who does not think. */
  guess(facts: F, random: Random): string;
}

/** The writer of a family that is worked on paper. */
export function paperWriter(task: Task, method: Method<unknown>): Writer {
  return {
    think: (facts, pen, mix) => calculate(method, facts, task.gold(facts), pen, mix.care),
    clean(facts, random, language) {
      const pen = new Pen(random, language, 0);
      const careful = { slip: 0, stumble: 0, stumbleSlip: 0, recheck: 0, catch: 0, again: 0, waitWord: 0, doubt: 0 };
      const answer = calculate(method, facts, task.gold(facts), pen, careful);
      return { thinking: pen.text, answer };
    },
    guess: (facts, random) => method.miss(facts, random),
  };
}
