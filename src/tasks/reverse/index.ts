/**
 * Reversing letters written apart. Reversing the result is another problem, which may stand in the other split.
 *
 * Chance: the letters in a random order, one over the number of their different orders.
 */

import { drawLetters, spell, verifyText } from "../spell.ts";
import { defineTask, knob } from "../task.ts";

export interface ReverseFacts {
  readonly text: string;
}

/** How many letters, and whether all of them are different. */
const ladder = { letters: [4, 5, 6, 8, 9], different: ["yes", "yes", "no", "no", "no"] } as const;

export const reverse = defineTask<ReverseFacts>({
  name: "reverse",
  ladder,
  sample(random, level) {
    for (;;) {
      const text = drawLetters(random, knob(ladder, "letters", level), ladder.different[level] === "yes");
      if (isPosed({ text })) return { text };
    }
  },
  prompt: ({ text }, language) => (language === "en" ? `Reverse ${spell(text)}.` : `Drehe ${spell(text)} um.`),
  verify: ({ text }, answer) => verifyText(answer, spell(reversed(text))),
  gold: ({ text }) => spell(reversed(text)),
  chance({ text }) {
    const times = new Map<string, number>();
    let chance = 1;
    for (const [i, letter] of [...text].entries()) {
      const seen = (times.get(letter) ?? 0) + 1;
      times.set(letter, seen);
      chance *= seen / (i + 1);
    }
    return chance;
  },
  canonical: ({ text }) => text,
});

export function reversed(text: string): string {
  return [...text].reverse().join("");
}

/** Whether letters, for instance those left inside another one's solution, are a problem of some level by themselves. */
export function isPosed({ text }: ReverseFacts): boolean {
  const different = new Set(text).size === text.length;
  const fits = ladder.letters.some(
    (letters, level) => letters === text.length && (different || ladder.different[level] === "no"),
  );
  return fits && text !== reversed(text);
}
