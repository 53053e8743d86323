/**
 * Clean worked solutions: no slips, true verdicts, one language, a right end. For supervised controls and cold starts.
 */
import { hashString, Random } from "../../util/random.ts";
import type { CountdownFacts } from "../countdown/index.ts";
import { type SearchNotation, search } from "../countdown/search.ts";
import { solve, term } from "../countdown/solver.ts";
import type { RecallFacts } from "../recall/index.ts";
import { museOn } from "../recall/method.ts";
import { getTask } from "../registry.ts";
import type { Language } from "../task.ts";
import { calculate } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import { METHODS } from "./methods.ts";
import { DEFAULT_MIX } from "./mix.ts";

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

/** A clean worked solution of a problem of a built-in family; the same for the same problem. */
export function goldTrace(
  problem: { readonly family: string; readonly facts: unknown },
  language: Language,
  options: GoldOptions = {},
): GoldTrace {
  const task = getTask(problem.family);
  const { facts } = problem;
  const random = Random.of(hashString(task.canonical(facts)), "gold", task.name);
  const pen = new Pen(random, language, 0);
  if (task.name === "countdown") return cleanSearch(facts as CountdownFacts, random, language, options);
  if (task.name === "recall") {
    const answer = museOn(facts as RecallFacts, pen, { muse: 0, museRight: 1, plainRight: 1 });
    return { thinking: pen.text, answer };
  }
  const careful = { slip: 0, stumble: 0, stumbleSlip: 0, recheck: 0, catch: 0, again: 0, waitWord: 0 };
  const answer = calculate(METHODS[task.name]!, facts, task.gold(facts), pen, careful);
  return { thinking: pen.text, answer };
}

function cleanSearch(facts: CountdownFacts, random: Random, language: Language, options: GoldOptions): GoldTrace {
  const manner = {
    ...DEFAULT_MIX.search,
    notation: options.notation ?? DEFAULT_MIX.search.notation,
    hint: options.hint ?? 0.3,
    branchHint: Math.max(0.6, options.hint ?? 0),
    giveUp: 0,
    slip: 0,
    misjudge: 0,
    recheck: 0,
    catch: 0,
    again: 0,
  };
  for (let tries = 0; tries < 20; tries++) {
    const pen = new Pen(random, language, 0);
    const answer = search(facts, pen, tries < 19 ? manner : { ...manner, hint: 1, branchHint: 1 });
    if (getTask("countdown").verify(facts, answer).score === 1) return { thinking: pen.text, answer };
  }
  return { thinking: "", answer: solve(facts.numbers.map(term), facts.target)! };
}
