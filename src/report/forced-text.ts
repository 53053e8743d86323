/** What was forced into answers: marked where they are read, and told where its effect shows. */
import type { ForcedText } from "../train/run-store.ts";
import { settingsOf } from "./config-diff.ts";

/** What is shown of an answer's thinking. */
export interface Thought {
  readonly thinking: string;
  readonly completion: string;
  readonly forced?: readonly ForcedText[];
}

export interface Piece {
  readonly text: string;
  readonly forced: boolean;
}

const THINK = "<think>";

/** The thinking of an answer, or all of one whose thinking cannot be told apart, cut where something was forced into it. */
export function thoughtPieces({ thinking, completion, forced = [] }: Thought): Piece[] {
  const shown = thinking === "" ? completion : thinking;
  const think = completion.indexOf(THINK);
  const begin = thinking === "" ? 0 : completion.indexOf(thinking, think < 0 ? 0 : think + THINK.length);
  const pieces: Piece[] = [];
  const add = (text: string, isForced: boolean): void => {
    if (text !== "") pieces.push({ text, forced: isForced });
  };
  let at = 0;
  // Thinking that stands nowhere in its completion is shown unmarked: where the forced part is cannot be said.
  for (const { from, count } of begin < 0 ? [] : forced) {
    const start = Math.max(at, from - begin);
    const word = shown.slice(start, Math.max(start, from - begin + count));
    // The line end before it is no word to mark.
    const blank = word.length - word.trimStart().length;
    add(shown.slice(at, start + blank), false);
    add(word.slice(blank), true);
    at = start + word.length;
  }
  add(shown.slice(at), false);
  return pieces;
}

/** Whether a recipe's settings force a "wait" into some of its answers. */
export function forcesWaits(recipe: unknown): boolean {
  return [...settingsOf(recipe)].some(([key, value]) => /(?:^|\.)waits\.share$/.test(key) && Number(value) > 0);
}
