/**
 * A countdown search as somebody would write it: one attempt a line, each with all that is needed to judge it where it
 * stands: the step, the numbers that are left, the target, the verdict.
 *
 * With two numbers left after the step there are two notations:
 * - `lookahead`: `21-5=16 3>29 no`: the verdict says whether 16 and 3 reach 29 in one step; after "yes" the last step
 *   follows on its own line (`26+3=29`);
 * - `stepwise`: `21-5=16 16*3=48>29 no`: the step that comes nearest to the target is written out, and the verdict only
 *   compares.
 * With more numbers left, a line without verdict (`12+5=17 3,7>29`) opens a branch, and attempts with 17, 3 and 7 follow.
 * Attempts come in random order without repeats; `hint` draws a right one forward.
 */
import type { Random } from "../../util/random.ts";
import type { Pen } from "../trace/pen.ts";
import type { CountdownFacts } from "./index.ts";
import { apply, canFinish, combine, finishes, isSolvable, type Step, stepsOn, type Term, term } from "./solver.ts";

export type SearchNotation = "lookahead" | "stepwise";

/** How the writer searches; probabilities unless said otherwise. */
export interface SearchManner {
  readonly notation: SearchNotation;
  /** The next attempt is drawn from those that work. */
  readonly hint: number;
  /** The same for a branch with 3 or more numbers left. */
  readonly branchHint: number;
  /** After a failed attempt the writer stops and guesses. */
  readonly giveUp: number;
  /** After a guess the writer says "wait" and goes on with what he has not tried. 0: a guess is the end. */
  readonly resume: number;
  /** An attempt after a failed one begins with "wait". */
  readonly retryWord: number;
  /** A wrong result of a step, which is then believed. */
  readonly slip: number;
  /** A verdict is the opposite of the truth. */
  readonly misjudge: number;
  /** A wrong "yes" is noticed when the last step does not give the target. */
  readonly notice: number;
  /** A finished search with a right result is checked once more. */
  readonly recheck: number;
  /** A finished search with a wrong result is checked once more. */
  readonly catch: number;
  /** After a second look that confirmed the result, another one. */
  readonly again: number;
  /** Most attempts within one branch before it is dropped (a number). */
  readonly branchAttempts: number;
  /** No attempt begins beyond this many characters (a number); after a guess there are {@link RESUMED_ROOM} more. */
  readonly room: number;
}

const RESUMED_ROOM = 130;

/** One attempt that can be made. */
interface Option {
  readonly step: Step;
  readonly next: readonly Term[];
  readonly works: boolean;
}

/** Writes the search; returns the final expression. */
export function search(facts: CountdownFacts, pen: Pen, manner: SearchManner): string {
  pen.slip = manner.slip;
  const state: State = { pen, manner, target: facts.target, room: manner.room, failed: false };
  const terms = facts.numbers.map(term);
  const open = options(terms, facts.target);
  for (;;) {
    const found = branch(state, terms, open, Number.POSITIVE_INFINITY);
    if (found !== null) return found;
    const answer = randomExpression(facts, pen.random, false);
    pen.line((words) => `${words.guess} ${answer}`);
    state.room = manner.room + RESUMED_ROOM;
    const canGoOn = manner.resume > 0 && open.length > 0 && pen.length <= state.room;
    if (!canGoOn || !pen.random.chance(manner.resume)) return answer;
    pen.opening = "wait";
  }
}

interface State {
  readonly pen: Pen;
  readonly manner: SearchManner;
  readonly target: number;
  /** Characters beyond which no attempt begins. */
  room: number;
  /** Whether an attempt has failed already, so that the next may begin with "wait". */
  failed: boolean;
}

/**
 * Tries what can be done with the terms; the expression that the writer believes in, or null when he stops.
 * @param open what has not been tried yet; what is tried is taken out
 */
function branch(state: State, terms: readonly Term[], open: Option[], attempts: number): string | null {
  const { pen, manner } = state;
  for (let attempt = 0; open.length > 0 && attempt < attempts; attempt++) {
    if (attempt > 0 && attempts === Number.POSITIVE_INFINITY && pen.random.chance(manner.giveUp)) return null;
    if (pen.length > state.room) return null;
    const option = draw(open, pen.random, terms.length > 3 ? manner.branchHint : manner.hint);
    if (state.failed && pen.random.chance(manner.retryWord)) pen.opening = "wait";
    const found = option.next.length === 2 ? judge(state, option) : descend(state, option);
    if (found !== null) return found;
    state.failed = true;
  }
  return null;
}

/** A branch: its opening line, then attempts inside it. */
function descend(state: State, { step, next }: Option): string | null {
  const { pen, manner, target } = state;
  const written = slip(pen, step);
  const [head, ...rest] = next;
  pen.line(`${equation(written)} ${rest.map((item) => item.value).join(",")}>${target}`);
  const terms = [{ value: written.result, text: head!.text }, ...rest];
  return branch(state, terms, options(terms, target), manner.branchAttempts);
}

/** An attempt with two numbers left: its line, and after a "yes" the last step and perhaps a second look. */
function judge(state: State, { step, next }: Option): string | null {
  const { pen, manner, target } = state;
  const written = slip(pen, step);
  const first: Term = { value: written.result, text: next[0]!.text };
  const second = next[1]!;
  const truth = canFinish(first.value, second.value, target);
  const last = nearest(first.value, second.value, target, pen.random);
  if (manner.notation === "stepwise") {
    const end = slip(pen, last);
    const yes = pen.random.chance(manner.misjudge) ? end.result !== target : end.result === target;
    pen.line((words) => `${equation(written)} ${equation(end)}>${target} ${yes ? words.yes : words.no}`);
    return yes ? settle(state, step, first, second, last) : null;
  }
  const yes = pen.random.chance(manner.misjudge) ? !truth : truth;
  pen.line((words) => `${equation(written)} ${second.value}>${target} ${yes ? words.yes : words.no}`);
  if (!yes) return null;
  const end = slip(pen, last);
  pen.line(equation(end));
  if (end.result !== target && pen.random.chance(manner.notice)) {
    pen.opening = "wait";
    pen.line((words) => `${end.result}=${target} ${words.no}`);
    return null;
  }
  return settle(state, step, first, second, last);
}

/** The result stands; a second look, from the numbers again, may confirm it or send the writer on. */
function settle(state: State, step: Step, first: Term, second: Term, last: Step): string | null {
  const { pen, manner, target } = state;
  const expression = combine(first, second, last).text;
  const isRight = first.value === step.result && last.result === target;
  let share = isRight ? manner.recheck : manner.catch;
  while (pen.random.chance(share) && pen.length <= state.room) {
    const redone = slip(pen, step);
    const firstIsLeft = last.a === first.value && last.b === second.value;
    const [a, b] = firstIsLeft ? [redone.result, second.value] : [second.value, redone.result];
    const value = apply(a, last.operator, b);
    const end = value === null ? `${a}${last.operator}${b}` : `${a}${last.operator}${b}=${value} ${value}=${target}`;
    const holds = value === target;
    if (pen.random.chance(manner.retryWord)) pen.opening = "wait";
    pen.line((words) => `${words.check} ${equation(redone)} ${end} ${holds ? words.yes : words.no}`);
    if (!holds) return null;
    share = manner.again;
  }
  return expression;
}

function equation({ a, operator, b, result }: Step): string {
  return `${a}${operator}${b}=${result}`;
}

function slip(pen: Pen, step: Step): Step {
  const result = pen.slipped(step.result);
  return result === step.result ? step : { ...step, result };
}

/** Every first step on the terms, equal ones once, in the order of the terms. */
function options(terms: readonly Term[], target: number): Option[] {
  const out: Option[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < terms.length; i++) {
    for (let j = i + 1; j < terms.length; j++) {
      const [x, y] = [terms[i]!, terms[j]!];
      const rest = terms.filter((_, k) => k !== i && k !== j);
      for (const step of stepsOn(x.value, y.value)) {
        const key = step.a < step.b ? `${step.a}${step.operator}${step.b}` : `${step.b}${step.operator}${step.a}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const next = [combine(x, y, step), ...rest];
        out.push({
          step,
          next,
          works: isSolvable(
            next.map((item) => item.value),
            target,
          ),
        });
      }
    }
  }
  return out;
}

/** Takes an option out of the list: one that works with probability `hint`, else any. */
function draw(open: Option[], random: Random, hint: number): Option {
  const working = open.filter((option) => option.works);
  const option = random.pick(working.length > 0 && random.chance(hint) ? working : open);
  open.splice(open.indexOf(option), 1);
  return option;
}

/** The last step that hits the target, or else the one that comes nearest to it. */
function nearest(x: number, y: number, target: number, random: Random): Step {
  const hits = finishes(x, y, target);
  if (hits.length > 0) return random.pick(hits);
  const steps = stepsOn(x, y);
  return steps.reduce((best, step) => (Math.abs(step.result - target) < Math.abs(best.result - target) ? step : best));
}

/** A random legal expression over all the numbers, one that hits the target only when `mayHit`. */
export function randomExpression({ numbers, target }: CountdownFacts, random: Random, mayHit: boolean): string {
  for (let tries = 0; ; tries++) {
    let terms = numbers.map(term);
    while (terms.length > 1) {
      const [x, y, ...rest] = random.shuffle(terms);
      const legal = stepsOn(x!.value, y!.value).filter((step) => step.operator !== "/" || step.b !== 1);
      terms = [combine(x!, y!, random.pick(legal)), ...rest];
    }
    if (mayHit || terms[0]!.value !== target || tries > 50) return terms[0]!.text;
  }
}
