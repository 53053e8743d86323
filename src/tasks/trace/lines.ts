/**
 * Reading thoughts line by line. A model may write anything at any length, so lines longer than any writer's are
 * skipped, patterns are anchored and cannot backtrack, and everything is linear in the text.
 */
import { means } from "./words.ts";

/** Longest line of a countdown search that is looked at, in characters. */
const LONGEST_LINE = 80;

/** A line without its opening words. */
export interface Line {
  /** It began with "wait". */
  readonly waits: boolean;
  /** It began with "check", after "wait" or without. */
  readonly checks: boolean;
  /** The verdict at its end, if any. */
  readonly verdict: "yes" | "no" | null;
  /** What stands between. */
  readonly body: string;
}

/** The non-empty lines of a thought. */
export function readLines(thinking: string): Line[] {
  const lines: Line[] = [];
  for (const text of thinking.split("\n")) {
    let body = text.trim();
    if (body === "") continue;
    let waits = false;
    let checks = false;
    for (;;) {
      const space = body.indexOf(" ");
      const word = space < 0 ? body : body.slice(0, space);
      if (!waits && !checks && means(word, "wait")) waits = true;
      else if (!checks && means(word, "check")) checks = true;
      else break;
      body = space < 0 ? "" : body.slice(space + 1);
    }
    const last = body.slice(body.lastIndexOf(" ") + 1);
    const verdict = means(last, "yes") ? "yes" : means(last, "no") ? "no" : null;
    if (verdict !== null) body = body.slice(0, Math.max(0, body.length - last.length - 1));
    lines.push({ waits, checks, verdict, body });
  }
  return lines;
}

/** The conclusion that a line states (`so 62`), or null. */
export function conclusion({ body }: Line): string | null {
  const space = body.indexOf(" ");
  return space > 0 && means(body.slice(0, space), "so") ? body.slice(space + 1) : null;
}

/** A countdown line taken apart: `21+5=26 3>29` or `21-5=16 16*3=48>29`, or a branch with several numbers left. */
export interface Attempt {
  readonly a: number;
  readonly operator: "+" | "-" | "*" | "/";
  readonly b: number;
  readonly result: number;
  /** The numbers that are left after the step; of a last step that does not go on from it, both of its own. */
  readonly rest: readonly number[];
  readonly target: number;
  /** Of the stepwise notation: the last step as written. */
  readonly last: {
    readonly a: number;
    readonly operator: "+" | "-" | "*" | "/";
    readonly b: number;
    readonly result: number;
  } | null;
}

const LOOKAHEAD = /^(\d{1,9})([+\-*/])(\d{1,9})=(\d{1,9}) (\d{1,9}(?:,\d{1,9}){0,5})>(\d{1,9})$/;
const STEPWISE = /^(\d{1,9})([+\-*/])(\d{1,9})=(\d{1,9}) (\d{1,9})([+\-*/])(\d{1,9})=(\d{1,9})>(\d{1,9})$/;

/** Reads a line of a countdown search; null for any other line. */
export function readAttempt({ body, checks }: Line): Attempt | null {
  if (checks || body.length > LONGEST_LINE) return null;
  type Operator = Attempt["operator"];
  const one = LOOKAHEAD.exec(body);
  if (one !== null) {
    const [a, b, result, target] = [Number(one[1]), Number(one[3]), Number(one[4]), Number(one[6])];
    return { a, operator: one[2] as Operator, b, result, rest: one[5]!.split(",").map(Number), target, last: null };
  }
  const two = STEPWISE.exec(body);
  if (two === null) return null;
  const [a, b, result, target] = [Number(two[1]), Number(two[3]), Number(two[4]), Number(two[9])];
  const last = { a: Number(two[5]), operator: two[6] as Operator, b: Number(two[7]), result: Number(two[8]) };
  const rest = last.a === result ? [last.b] : last.b === result ? [last.a] : [last.a, last.b];
  return { a, operator: two[2] as Operator, b, result, rest, target, last };
}
