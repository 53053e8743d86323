/**
 * What a thought did: tries, retries, second looks. Facts about the text and the problem, never about what the writer
 * believed: a first try is wrong when it is wrong, whatever its verdict says.
 */
import type { CountdownFacts } from "../countdown/index.ts";
import { apply, isSolvable } from "../countdown/solver.ts";
import { asked, type RecallFacts } from "../recall/index.ts";
import { listTasks } from "../registry.ts";
import { conclusion, type Line, readAttempt, readLines } from "../trace/lines.ts";

export interface TraceAnalysis {
  /** Further tries after the first one. */
  readonly retries: number;
  /** Second looks at a result. */
  readonly rechecks: number;
  /** There was a first try and it was wrong; false where none can be read. */
  readonly firstTryWrong: boolean;
  /** The writer went on after the first try. */
  readonly wentOn: boolean;
}

/** Analyses the thinking on a problem. Families without a reader of their own are judged by their opening words. */
export function analyse(
  problem: { readonly family: string; readonly facts: unknown },
  thinking: string,
): TraceAnalysis {
  const lines = readLines(thinking);
  switch (problem.family) {
    case "countdown":
    case "puzzle24":
      return analyseSearch(problem.facts as CountdownFacts, lines);
    case "recall":
      return analyseRecall(problem.facts as RecallFacts, lines);
    default:
      return analyseCalculation(problem, lines);
  }
}

/**
 * Whether a thought shows a retry or a second look: a line opens with "wait" or "check", or something follows a "no".
 * Needs no problem, so it can be counted over any text.
 */
export function isRecheck(thinking: string): boolean {
  const lines = readLines(thinking);
  return lines.some((line, i) => {
    if (line.waits || line.checks) return true;
    const isConclusion = /^(?:so|also|guess|rate) /.test(line.body);
    return i > 0 && lines[i - 1]!.verdict === "no" && !isConclusion;
  });
}

function analyseSearch({ numbers, target }: CountdownFacts, lines: readonly Line[]): TraceAnalysis {
  let tries = 0;
  let rechecks = 0;
  let firstTryWrong = false;
  /** By how many numbers are at hand: which they are; branches that are wrong themselves lead nowhere. */
  const atHand = new Map<number, string>([[numbers.length, sortedText(numbers)]]);
  for (const line of lines) {
    const attempt = readAttempt(line);
    if (attempt === null) {
      // Second looks: `check …`, and `wait 48=29 no` after a wrong "yes".
      if (tries > 0 && (line.checks || (line.waits && line.verdict !== null))) rechecks++;
      continue;
    }
    const { a, operator, b, result, rest, last } = attempt;
    const legal =
      sortedText([a, b, ...rest]) === atHand.get(rest.length + 2) &&
      attempt.target === target &&
      apply(a, operator, b) === result;
    if (rest.length > 1 && line.verdict === null) {
      if (legal) atHand.set(rest.length + 1, sortedText([result, ...rest]));
      else atHand.delete(rest.length + 1);
      continue;
    }
    tries++;
    if (tries > 1) continue;
    // Asked only of the problem's own numbers: of whatever is written it could take for ever.
    const reaches = (): boolean =>
      last === null
        ? isSolvable([result, ...rest], target)
        : last.result === target && apply(last.a, last.operator, last.b) === last.result;
    firstTryWrong = !(legal && reaches());
  }
  const retries = Math.max(0, tries - 1);
  return { retries, rechecks, firstTryWrong, wentOn: retries + rechecks > 0 };
}

/**
 * Families whose method begins with an arbitrary assumption: nobody erred who takes it back (`wait A=L`), and half of
 * all clean solutions do. What counts is a "wait" that follows a conclusion or a second look at one.
 */
const ASSUMING: readonly string[] = ["knights"];

function goesOnAfter(line: Line | undefined): boolean {
  return line !== undefined && (line.checks || conclusion(line) !== null);
}

function analyseCalculation(
  problem: { readonly family: string; readonly facts: unknown },
  lines: readonly Line[],
): TraceAnalysis {
  const task = listTasks().find((known) => known.name === problem.family) ?? null;
  let conclusions = 0;
  let rechecks = 0;
  let waits = 0;
  let firstTryWrong = false;
  for (const [i, line] of lines.entries()) {
    if (line.checks) rechecks++;
    else if (line.waits && (!ASSUMING.includes(problem.family) || goesOnAfter(lines[i - 1]))) waits++;
    const concluded = conclusion(line);
    if (concluded === null) continue;
    conclusions++;
    if (conclusions === 1 && task !== null) firstTryWrong = task.verify(problem.facts, concluded).score < 1;
  }
  const retries = Math.max(0, conclusions - 1, waits);
  return { retries, rechecks, firstTryWrong, wentOn: retries + rechecks > 0 };
}

function analyseRecall(facts: RecallFacts, lines: readonly Line[]): TraceAnalysis {
  const { name } = asked(facts);
  const first = lines[0];
  const retries = lines.filter((line, i) => i > 0 && line.waits).length;
  const rechecks = lines.filter((line) => line.checks).length;
  const firstTryWrong = first !== undefined && first.body.slice(first.body.lastIndexOf(" ") + 1) !== name;
  return { retries, rechecks, firstTryWrong, wentOn: retries + rechecks > 0 };
}

function sortedText(values: readonly number[]): string {
  return [...values].sort((x, y) => x - y).join(",");
}
