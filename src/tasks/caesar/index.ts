/**
 * Caesar's cipher: letters written apart, each shifted by the same number of places, forward or back. Shifting the result
 * back is another problem, which may stand in the other split, as it does not give away how this one is worked.
 *
 * Chance: the letters shifted by one of the 25 other amounts; the amount is all that the cipher hides.
 */
import { drawLetters, shifted, spell, verifyText } from "../spell.ts";
import { defineTask, knob } from "../task.ts";

/** `by` is negative for a shift back, never 0. */
export interface CaesarFacts {
  readonly text: string;
  readonly by: number;
}

/** How many letters, the least and the largest shift, and whether it may go back. */
const ladder = {
  letters: [3, 4, 4, 5, 6],
  least: [1, 1, 2, 2, 3],
  most: [2, 2, 3, 3, 4],
  back: ["no", "yes", "yes", "yes", "yes"],
} as const;

export const caesar = defineTask<CaesarFacts>({
  name: "caesar",
  ladder,
  sample(random, level) {
    const text = drawLetters(random, knob(ladder, "letters", level), false);
    const by = random.int(knob(ladder, "least", level), knob(ladder, "most", level));
    return { text, by: ladder.back[level] === "yes" && random.chance(0.5) ? -by : by };
  },
  prompt({ text, by }, language) {
    const amount = `${by < 0 ? "-" : "+"}${Math.abs(by)}`;
    return language === "en" ? `Shift ${spell(text)} by ${amount}.` : `Verschiebe ${spell(text)} um ${amount}.`;
  },
  verify: (facts, answer) => verifyText(answer, spell(cipher(facts))),
  gold: (facts) => spell(cipher(facts)),
  chance: () => 1 / 25,
  canonical: ({ text, by }) => `${text} ${by}`,
});

/** The letters shifted. */
export function cipher({ text, by }: CaesarFacts): string {
  return [...text].map((letter) => shifted(letter, by)).join("");
}

/** Whether letters, for instance those left inside another one's solution, are a problem of some level by themselves. */
export function isPosed({ text, by }: CaesarFacts): boolean {
  const size = Math.abs(by);
  return ladder.letters.some(
    (letters, level) =>
      letters === text.length &&
      size >= ladder.least[level]! &&
      size <= ladder.most[level]! &&
      (by > 0 || ladder.back[level] === "yes"),
  );
}
