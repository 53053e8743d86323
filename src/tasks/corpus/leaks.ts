/**
 * Problems that stand inside other problems' solutions: a longer expression's rest is an expression, a countdown with
 * four numbers becomes one with three, Euclid's algorithm goes on with a smaller pair. Read from the text, so that
 * nothing the writer does can slip by.
 *
 * What a family cannot pose by itself is a step and no problem (a division of one digit, a pair below its least
 * number): held-out problems must not take the elementary steps of all the others with them. Products inside powers
 * (modular) are none because their moduli differ from those of all products that are posed.
 *
 * Not looked for: the first numbers of a list that is gone through one by one (max, sort, filter, letters, sequence), of
 * which a shorter problem could be made; no line restates it.
 */
import { metOnConverting } from "../base/method.ts";
import { metOnShifting } from "../caesar/method.ts";
import { metOnReckoning } from "../clock/method.ts";
import * as division from "../division/index.ts";
import * as factors from "../factors/index.ts";
import * as gcd from "../gcd/index.ts";
import { metOnCounting } from "../letters/method.ts";
import { metOnEvaluating } from "../polynomial/method.ts";
import { metOnRanking } from "../ranking/method.ts";
import { getTask } from "../registry.ts";
import { metOnReversing } from "../reverse/method.ts";
import * as sequence from "../sequence/index.ts";
import * as subtraction from "../subtraction/index.ts";
import { isHeldOut } from "../task.ts";
import { readAttempt, readLines } from "../trace/lines.ts";
import type { Posed } from "./plain.ts";

/** An expression with two or more operators. */
const REST = /(?:^|[ \n])(\d+(?:[+\-*]\d+){2,})(?=$|\n)/g;

/** By family: what a thought meets of the family's own kind, as facts. */
const OWN: Readonly<Record<string, (thinking: string) => unknown[]>> = {
  expression: (thinking) =>
    matches(thinking, REST).map(([, text]) => ({
      values: text!.split(/[+\-*]/).map(Number),
      operators: text!.match(/[+\-*]/g) ?? [],
    })),
  // `8-2=6 34-12>6`; a rest with one more to take is no subtraction of two numbers.
  subtraction: (thinking) =>
    matches(thinking, /=\d+ (\d+)-(\d+)>/g)
      .map(([, a, b]) => ({ a: Number(a), b: Number(b) }))
      .filter(subtraction.isPosed),
  // `1*5=5 8-5=3 37,34>1`: 3734 / 5 is left.
  division: (thinking) =>
    matches(thinking, /\d+\*(\d+)=\d+ \d+-\d+=\d+ (\d+),(\d+)>/g)
      .map(([, b, part, rest]) => ({ a: Number(`${part}${rest}`), b: Number(b) }))
      .filter(division.isPosed),
  // `84-72=12 36,12`, and of second looks all remainders in one row: `46,41,5,1 yes`.
  gcd: (thinking) =>
    matches(thinking, /(?:^|[ \n])(\d+(?:,\d+)+)(?=$|[ \n])/g)
      .map(([, row]) => row!.split(",").map(Number))
      .flatMap((row) => row.slice(1).map((b, i) => ({ a: row[i]!, b })))
      .filter(gcd.isPosed),
  base: metOnConverting,
  // `2*42=84 2*42`: 84 was taken apart and 42 is left. Of second looks `2*3=6 6*11=66 66*29=1914 1914=1914`: each product is
  // put together from its factors, also the last one of a wrong answer.
  factors: (thinking) =>
    matches(thinking, /\d+\*(\d+)=(\d+)(?= \d+[*=])/g)
      .flatMap(([, left, whole]) => [{ n: Number(left) }, { n: Number(whole) }])
      .filter(factors.isPosed),
  // `5-2=3 10-5=5 17-10=7`: the row 2, 5, 10, 17.
  sequence: (thinking) =>
    matches(thinking, /(?:^|\n)(\d+-\d+=\d+(?: \d+-\d+=\d+)+)(?=$|\n)/g)
      .map(([, text]) => {
        const pairs = matches(text!, /(\d+)-(\d+)=/g).map(([, x, y]) => [Number(x), Number(y)] as const);
        const [first, second] = pairs as [readonly [number, number], readonly [number, number]];
        const rises = second.includes(first[0]);
        const row = [rises ? first[1] : first[0], ...pairs.map(([x, y]) => (rises ? x : y))];
        return { terms: row };
      })
      .filter(sequence.isPosed),
};

/** By family: what a thought meets, read by the family itself or of another family's kind. */
const OTHERS: Readonly<Record<string, (thinking: string) => Posed[]>> = {
  countdown: metOnSearching,
  // A puzzle's branches are countdowns with three numbers.
  puzzle24: metOnSearching,
  polynomial: metOnEvaluating,
  reverse: metOnReversing,
  letters: metOnCounting,
  caesar: metOnShifting,
  clock: metOnReckoning,
  ranking: metOnRanking,
};

/** The problems that a thought meets on its way. A family that is not listed meets none. */
export function met(family: string, thinking: string): Posed[] {
  const own = OWN[family]?.(thinking).map((facts) => ({ family, facts }));
  return own ?? OTHERS[family]?.(thinking) ?? [];
}

/** Whether a thought meets a held-out problem on its way. */
export function meetsHeldOut(family: string, thinking: string): boolean {
  return met(family, thinking).some((posed) => isHeldOut(getTask(posed.family), posed.facts));
}

function metOnSearching(thinking: string): Posed[] {
  const out: Posed[] = [];
  for (const line of readLines(thinking)) {
    const attempt = readAttempt(line);
    if (attempt === null) continue;
    const { a, b, rest, target } = attempt;
    out.push({ family: "countdown", facts: { numbers: [a, b, ...rest], target } });
  }
  return out;
}

function matches(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)];
}
