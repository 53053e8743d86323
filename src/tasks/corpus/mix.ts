/**
 * What the pretraining corpus is made of: every knob of the generator with its default.
 *
 * The corpus plays the part of the web in R1-Zero's story: most of what a base model has to do is in it, mixed with
 * direct guesses, careless work and other formats, so that the base can reason but mostly does not do it well, and
 * reinforcement has something to choose from.
 */
import { Random } from "../../util/random.ts";
import type { SearchManner } from "../countdown/search.ts";
import type { Musing } from "../recall/method.ts";
import { getTask } from "../registry.ts";
import { type Problem, type Split, sampleProblem } from "../task.ts";
import type { Care } from "../trace/calculate.ts";

/** A rung of a ladder with its share of the problems. */
export interface ProblemWeight {
  readonly family: string;
  readonly level: number;
  readonly weight: number;
}

/**
 * Rungs and shares for the base and for its reinforcement: countdown with three small numbers leads; families with a
 * high chance level (max) are kept small; steps stay mostly under 100.
 */
export const demoMix: readonly ProblemWeight[] = [
  { family: "countdown", level: 0, weight: 0.34 },
  { family: "countdown", level: 1, weight: 0.06 },
  { family: "countdown", level: 2, weight: 0.04 },
  { family: "addition", level: 0, weight: 0.06 },
  { family: "addition", level: 1, weight: 0.07 },
  { family: "addition", level: 2, weight: 0.04 },
  { family: "multiplication", level: 0, weight: 0.06 },
  { family: "multiplication", level: 1, weight: 0.04 },
  { family: "expression", level: 0, weight: 0.06 },
  { family: "expression", level: 1, weight: 0.06 },
  { family: "expression", level: 2, weight: 0.03 },
  { family: "equation", level: 0, weight: 0.05 },
  { family: "equation", level: 1, weight: 0.04 },
  { family: "max", level: 2, weight: 0.01 },
  { family: "sort", level: 1, weight: 0.02 },
  { family: "recall", level: 0, weight: 0.02 },
];

/** Knobs of the corpus. All shares and probabilities are 0..1. */
export interface CorpusMix {
  /** Which problems are posed. */
  readonly problems: readonly ProblemWeight[];
  /** Relative weights of the kinds of documents. */
  readonly kinds: {
    /** A problem with a solution or a guess. */
    readonly solution: number;
    /** A list of arithmetic facts. */
    readonly facts: number;
    /** Countdown attempts with verdicts on random numbers. */
    readonly drill: number;
    /** Recall statements. */
    readonly statement: number;
    /** Comparisons of numbers with verdicts. */
    readonly comparison: number;
    /** Numbers in words, lists in several forms, greetings. */
    readonly talk: number;
  };
  /** Share of solutions that answer at once, with empty thinking. */
  readonly direct: number;
  /** By family: share of direct answers that are right. A family that is not listed: 0.3. */
  readonly directRight: Readonly<Record<string, number>>;
  /** Share of solutions without tags (`… so 62`, `62`). */
  readonly untagged: number;
  /** Share of prompts in German. */
  readonly german: number;
  /** Share of thoughts whose lines mix the languages at random. */
  readonly mixed: number;
  /** Share of thoughts in the language that is not the prompt's. */
  readonly otherLanguage: number;
  /** How calculations are worked. */
  readonly care: Care;
  /** How countdown is searched. */
  readonly search: SearchManner;
  /** How facts are recalled. */
  readonly musing: Musing;
  /** Share of "yes" in drills; set so that verdicts are balanced over the corpus. */
  readonly drillYes: number;
}

export const DEFAULT_MIX: CorpusMix = {
  problems: demoMix,
  kinds: { solution: 0.82, facts: 0.05, drill: 0.09, statement: 0.04, comparison: 0, talk: 0 },
  direct: 0.5,
  directRight: {
    countdown: 0.1,
    addition: 0.4,
    multiplication: 0.3,
    expression: 0.3,
    equation: 0.3,
    max: 0.6,
    sort: 0.4,
    recall: 0.9,
    subtraction: 0.4,
    division: 0.3,
    gcd: 0.3,
    modular: 0.2,
    base: 0.2,
    sequence: 0.4,
    factors: 0.2,
    polynomial: 0.2,
    puzzle24: 0.05,
    knights: 0.25,
    maze: 0.15,
    filter: 0.3,
    ranking: 0.2,
    clock: 0.3,
    reverse: 0.2,
    letters: 0.3,
    caesar: 0.2,
  },
  untagged: 0.25,
  german: 0.2,
  mixed: 0.3,
  otherLanguage: 0.15,
  care: { slip: 0.01, stumble: 0.25, stumbleSlip: 0.3, recheck: 0.2, catch: 0.6, again: 0.15, waitWord: 0.5, doubt: 0 },
  search: {
    notation: "stepwise",
    hint: 0.15,
    branchHint: 0.4,
    giveUp: 0.06,
    resume: 0,
    retryWord: 0.6,
    slip: 0.01,
    misjudge: 0.02,
    notice: 0.7,
    recheck: 0.15,
    catch: 0.6,
    again: 0.15,
    branchAttempts: 3,
    room: 270,
  },
  musing: { muse: 0.4, museRight: 0.4, plainRight: 0.95 },
  drillYes: 0.75,
};

/** Seed of the held-out problems that models are evaluated on: the same for every run, whatever its own. */
export const EVALUATION_SEED = 1_000_003;

/** Index of what stands in for number `index` when that will not do: far from any that is counted to. Attempt 0 is itself. */
export function standIn(index: number, attempt: number): number {
  return index + attempt * 2 ** 41;
}

/**
 * Draws a problem from a mix: the rung by weight, then the problem; a pure function of its arguments.
 * @param problems default: {@link demoMix}
 */
export function sampleFromMix(
  request: { readonly seed: number; readonly index: number; readonly split: Split },
  problems: readonly ProblemWeight[] = demoMix,
): Problem {
  const { seed, index, split } = request;
  const random = Random.of(seed, "rung", split, index);
  const { family, level } = random.weighted(
    problems,
    problems.map((problem) => problem.weight),
  );
  return sampleProblem(getTask(family), { seed, index, level, split });
}
