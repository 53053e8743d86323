/**
 * Letters written apart (`t-r-a-m`): however a tokenizer was trained, each letter is a token of its own and always the
 * same one, which a word in one piece or letters after spaces would not be.
 */
import type { Random } from "../util/random.ts";
import { quote, RIGHT, tidy, wrong } from "./answers.ts";
import type { Verdict } from "./task.ts";
import type { Pen } from "./trace/pen.ts";

export const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

/** The letters of a text written apart. */
export function spell(text: string | readonly string[]): string {
  return [...text].join("-");
}

/** `count` letters as one text: all different, or drawn one by one. */
export function drawLetters(random: Random, count: number, different: boolean): string {
  let text = "";
  while (text.length < count) {
    const letter = random.pick([...ALPHABET]);
    if (!different || !text.includes(letter)) text += letter;
  }
  return text;
}

/** Judges an answer that has to be one text exactly. */
export function verifyText(answer: string, gold: string): Verdict {
  const text = tidy(answer);
  if (typeof text !== "string") return text;
  return text === gold ? RIGHT : wrong(`${quote(text)} is not ${gold}`);
}

/** The letter `by` places further on (or back), round the end of the alphabet. */
export function shifted(letter: string, by: number): string {
  const place = (ALPHABET.indexOf(letter) + by) % ALPHABET.length;
  return ALPHABET[(place + ALPHABET.length) % ALPHABET.length]!;
}

/** The letter, or with the pen's probability of a slip one of its neighbours in the alphabet. */
export function slippedLetter(pen: Pen, letter: string): string {
  return pen.judged(true) ? letter : shifted(letter, pen.random.pick([-1, 1]));
}
