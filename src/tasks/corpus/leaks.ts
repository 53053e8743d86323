/**
 * Problems that stand inside other problems' solutions: a longer expression's rest is an expression, a countdown with
 * four numbers becomes one with three, Euclid's algorithm goes on with a smaller pair. Read from the text, so that
 * nothing the writer does can slip by.
 *
 * What a family cannot pose by itself is a step and no problem (a division of one digit, a pair below its least
 * number): held-out problems must not take the elementary steps of all the others with them. Products inside powers
 * (modular) are none because their moduli differ from those of all products that are posed.
 */
import * as base from "../base/index.ts";
import { countdown } from "../countdown/index.ts";
import * as division from "../division/index.ts";
import { expression } from "../expression/index.ts";
import * as factors from "../factors/index.ts";
import * as gcd from "../gcd/index.ts";
import * as polynomial from "../polynomial/index.ts";
import * as sequence from "../sequence/index.ts";
import * as subtraction from "../subtraction/index.ts";
import { isHeldOut, type Task } from "../task.ts";
import { readAttempt, readLines } from "../trace/lines.ts";
import type { Posed } from "./plain.ts";

/** An expression with two or more operators. */
const REST = /(?:^|[ \n])(\d+(?:[+\-*]\d+){2,})(?=$|\n)/g;

/** A family that meets problems of its own kind, and how they are read from a thought. */
interface Reader {
  readonly task: Task;
  read(thinking: string): unknown[];
}

const READERS: Readonly<Record<string, Reader>> = {
  countdown: {
    task: countdown,
    read: (thinking) =>
      readLines(thinking).flatMap((line) => {
        const attempt = readAttempt(line);
        return attempt === null ? [] : [{ numbers: [attempt.a, attempt.b, ...attempt.rest], target: attempt.target }];
      }),
  },
  expression: {
    task: expression,
    read: (thinking) =>
      matches(thinking, REST).map(([, text]) => ({
        values: text!.split(/[+\-*]/).map(Number),
        operators: text!.match(/[+\-*]/g) ?? [],
      })),
  },
  subtraction: {
    task: subtraction.subtraction,
    // `8-2=6 34-12>6`; a rest with one more to take is no subtraction of two numbers.
    read: (thinking) =>
      matches(thinking, /=\d+ (\d+)-(\d+)>/g)
        .map(([, a, b]) => ({ a: Number(a), b: Number(b) }))
        .filter(subtraction.isPosed),
  },
  division: {
    task: division.division,
    // `1*5=5 8-5=3 37,34>1`: 3734 / 5 is left.
    read: (thinking) =>
      matches(thinking, /\d+\*(\d+)=\d+ \d+-\d+=\d+ (\d+),(\d+)>/g)
        .map(([, b, part, rest]) => ({ a: Number(`${part}${rest}`), b: Number(b) }))
        .filter(division.isPosed),
  },
  gcd: {
    task: gcd.gcd,
    read: (thinking) =>
      matches(thinking, /(?:^|[ \n])(\d+),(\d+)(?=$|\n)/g)
        .map(([, a, b]) => ({ a: Number(a), b: Number(b) }))
        .filter(gcd.isPosed),
  },
  base: {
    task: base.base,
    // `22*2=44 45-44=1`, `22*2=44 44+1=45`, and of second looks `22*2+1=45` and `45/2=22 r 1`.
    read: (thinking) =>
      [
        ...matches(thinking, /\*(\d)=\d+ (\d+)-/g),
        ...matches(thinking, /\*(\d)=\d+ \d+\+\d=(\d+)/g),
        ...matches(thinking, /\*(\d)\+\d=(\d+)/g),
        ...matches(thinking, /(\d+)\/(\d)=/g).map(([, value, own]) => ["", own, value]),
      ]
        .map(([, own, value]) => ({ value: Number(value), base: Number(own), to: true }))
        .filter(base.isPosed),
  },
  factors: {
    task: factors.factors,
    // `2*42=84 2*42`: 84 was taken apart and 42 is left.
    read: (thinking) =>
      matches(thinking, /\d+\*(\d+)=(\d+) \d+\*/g)
        .flatMap(([, left, whole]) => [{ n: Number(left) }, { n: Number(whole) }])
        .filter(factors.isPosed),
  },
  polynomial: {
    task: polynomial.polynomial,
    // `2*4=8 8+3=11 11x^2+5x+6`: that is left, at x=4.
    read: (thinking) =>
      matches(thinking, /\*(\d+)=\d+ \d+[+-]\d+=\d+ (\S*x\S*)/g)
        .map(([, x, text]) => ({ coefficients: polynomial.read(text!), x: Number(x) }))
        .filter(polynomial.isPosed),
  },
  sequence: {
    task: sequence.sequence,
    // `5-2=3 10-5=5 17-10=7`: the row 2, 5, 10, 17.
    read: (thinking) =>
      matches(thinking, /(?:^|\n)(\d+-\d+=\d+(?: \d+-\d+=\d+)+)(?=$|\n)/g)
        .map(([, text]) => {
          const pairs = matches(text!, /(\d+)-(\d+)=/g).map(([, x, y]) => [Number(x), Number(y)] as const);
          const [first, second] = pairs as [readonly [number, number], readonly [number, number]];
          const rises = second.includes(first[0]);
          const row = [rises ? first[1] : first[0], ...pairs.map(([x, y]) => (rises ? x : y))];
          return { terms: row };
        })
        .filter(sequence.isPosed),
  },
};

/** The problems of the family's own kind that a thought meets on its way. */
export function met(family: string, thinking: string): Posed[] {
  return (READERS[family]?.read(thinking) ?? []).map((facts) => ({ family, facts }));
}

/** Whether a thought meets a held-out problem on its way. */
export function meetsHeldOut(family: string, thinking: string): boolean {
  const reader = READERS[family];
  return reader?.read(thinking).some((facts) => isHeldOut(reader.task, facts)) ?? false;
}

function matches(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)];
}
