/**
 * The single skills inside a countdown search. Search pays only once these hold, so they are measured on a base before
 * it is reinforced, and again after: an outcome reward may teach "yes" as such.
 */
import type { CountdownFacts } from "../countdown/index.ts";
import { apply, canFinish, isSolvable } from "../countdown/solver.ts";
import { readAttempt, readLines } from "../trace/lines.ts";

/** Counts over the attempts of searches; {@link addSkills} sums them. */
export interface SkillCounts {
  /** Attempts that can be read (branches without a verdict are not counted). */
  readonly attempts: number;
  /** … whose equations are right. */
  readonly equationRight: number;
  /** … that use exactly the numbers at hand, and the problem's target. */
  readonly numbersLegal: number;
  /** … whose verdict is right for the numbers as written. */
  readonly verdictRight: number;
  /** … that end in "yes". */
  readonly yes: number;
  /** … that end in "yes" although they do not work: wrong equation, illegal numbers or a wrong verdict. */
  readonly falseYes: number;
  /** … that end in "no" although they work. */
  readonly falseNo: number;
  /** … that were made before in the same search. */
  readonly repeats: number;
  /** Lines that are no attempt, branch, last step, second look or conclusion. */
  readonly unreadable: number;
}

export const NO_SKILLS: SkillCounts = {
  attempts: 0,
  equationRight: 0,
  numbersLegal: 0,
  verdictRight: 0,
  yes: 0,
  falseYes: 0,
  falseNo: 0,
  repeats: 0,
  unreadable: 0,
};

const LAST_STEP = /^\d{1,9}(?:[+\-*/]\d{1,9}=\d{1,9}|=\d{1,9})$/;

/** Counts the skills in one search. */
export function searchSkills({ numbers, target }: CountdownFacts, thinking: string): SkillCounts {
  const counts = { ...NO_SKILLS } as { -readonly [K in keyof SkillCounts]: number };
  const seen = new Set<string>();
  /** By how many numbers are at hand: which they are; a branch replaces those of the depths below it. */
  const atHand = new Map<number, string>([[numbers.length, sortedText(numbers)]]);
  for (const line of readLines(thinking)) {
    const attempt = readAttempt(line);
    if (attempt === null) {
      const isOther = line.checks || LAST_STEP.test(line.body) || /^(?:so|also|guess|rate) /.test(line.body);
      if (!isOther) counts.unreadable++;
      continue;
    }
    const { a, operator, b, result, rest, last } = attempt;
    const right =
      apply(a, operator, b) === result && (last === null || apply(last.a, last.operator, last.b) === last.result);
    const legal = sortedText([a, b, ...rest]) === atHand.get(rest.length + 2) && attempt.target === target;
    if (rest.length > 1 && line.verdict === null) {
      atHand.set(rest.length + 1, sortedText([result, ...rest]));
      continue;
    }
    counts.attempts++;
    if (right) counts.equationRight++;
    if (legal) counts.numbersLegal++;
    const truth =
      last !== null
        ? last.result === attempt.target
        : rest.length === 1
          ? canFinish(result, rest[0]!, attempt.target)
          : rest.length + 2 <= numbers.length && isSolvable([result, ...rest], attempt.target);
    if (line.verdict !== null && (line.verdict === "yes") === truth) counts.verdictRight++;
    if (line.verdict === "yes") {
      counts.yes++;
      if (!(truth && right && legal)) counts.falseYes++;
    } else if (line.verdict === "no" && truth && right && legal) counts.falseNo++;
    const key = `${atHand.get(rest.length + 2) ?? ""}|${operator === "+" || operator === "*" ? sortedText([a, b]) : `${a},${b}`}${operator}`;
    if (seen.has(key)) counts.repeats++;
    seen.add(key);
  }
  return counts;
}

/** The sum of two counts. */
export function addSkills(x: SkillCounts, y: SkillCounts): SkillCounts {
  return {
    attempts: x.attempts + y.attempts,
    equationRight: x.equationRight + y.equationRight,
    numbersLegal: x.numbersLegal + y.numbersLegal,
    verdictRight: x.verdictRight + y.verdictRight,
    yes: x.yes + y.yes,
    falseYes: x.falseYes + y.falseYes,
    falseNo: x.falseNo + y.falseNo,
    repeats: x.repeats + y.repeats,
    unreadable: x.unreadable + y.unreadable,
  };
}

function sortedText(values: readonly number[]): string {
  return [...values].sort((x, y) => x - y).join(",");
}
