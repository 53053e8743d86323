/**
 * Reading answers strictly: whole numbers and lists of whole numbers in plain ASCII digits. Anything longer than a
 * real answer is refused before it is looked at, so a verifier's time does not depend on how much was written.
 */
import type { Verdict } from "./task.ts";

/** Longest answer that any built-in family looks at, in UTF-16 code units. */
export const LONGEST_ANSWER = 400;

/** A verdict of 0. */
export function wrong(reason: string): Verdict {
  return { score: 0, reason };
}

/** The verdict of 1. */
export const RIGHT: Verdict = { score: 1, reason: "right" };

/** Refuses empty and overlong answers; returns the answer without surrounding ASCII white space, or a verdict. */
export function tidy(answer: string): string | Verdict {
  if (typeof answer !== "string") return wrong("no answer");
  if (answer.length > LONGEST_ANSWER) return wrong(`too long: ${answer.length} characters`);
  const text = trim(answer);
  return text === "" ? wrong("empty") : text;
}

/** Without ASCII white space around it; `String.trim` would also take what no model should learn to write. */
export function trim(text: string): string {
  return text.replace(/^[ \t\r\n]+/, "").replace(/[ \t\r\n]+$/, "");
}

/** A quotation for a reason: at most 40 characters, in JSON quotes. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Reads a whole number as people write it: ASCII digits, no sign but a leading `-`, no leading zeros; else null. */
export function readInteger(text: string): number | null {
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : null;
}

/** Judges an answer that has to be one whole number. */
export function verifyInteger(answer: string, gold: number): Verdict {
  const text = tidy(answer);
  if (typeof text !== "string") return text;
  const value = readInteger(text);
  if (value === null) return wrong(`not a whole number: ${quote(text)}`);
  return value === gold ? RIGHT : wrong(`${value} is not ${gold}`);
}

/** Judges an answer that has to be a list of whole numbers, separated by commas (or `separator`) with or without spaces. */
export function verifyIntegers(answer: string, gold: readonly number[], separator = ","): Verdict {
  const text = tidy(answer);
  if (typeof text !== "string") return text;
  const values: number[] = [];
  for (const part of text.split(separator)) {
    const value = readInteger(trim(part));
    if (value === null) return wrong(`not a list of whole numbers: ${quote(text)}`);
    values.push(value);
  }
  if (values.length !== gold.length) return wrong(`${values.length} numbers in place of ${gold.length}`);
  return values.every((value, i) => value === gold[i])
    ? RIGHT
    : wrong(`${values.join(separator)} is not ${gold.join(separator)}`);
}
