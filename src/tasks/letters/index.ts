/**
 * Counting letters: how often each of a few letters occurs among letters written apart. The answer names each letter with
 * its count, in the order of the question (`a2,t1`).
 *
 * Chance: every count drawn by itself from 0 to the number of letters.
 */
import { ALPHABET, spell, verifyText } from "../spell.ts";
import { defineTask, knob } from "../task.ts";

export interface LettersFacts {
  readonly text: string;
  /** The letters asked for, in alphabetical order. */
  readonly asked: string;
}

/** How many letters there are, how many of them are asked for, and how many others stand between. */
const ladder = { letters: [5, 6, 8, 9, 10], asked: [2, 2, 2, 3, 3], others: [1, 2, 2, 2, 3] } as const;

export const letters = defineTask<LettersFacts>({
  name: "letters",
  ladder,
  sample(random, level) {
    const known = random.shuffle([...ALPHABET]).slice(0, knob(ladder, "asked", level) + knob(ladder, "others", level));
    const asked = known
      .slice(0, knob(ladder, "asked", level))
      .sort()
      .join("");
    // Most of the letters are asked for, so that there is something to count.
    const draw = (): string => random.pick(random.chance(0.5) ? [...asked] : known);
    const text = Array.from({ length: knob(ladder, "letters", level) }, draw).join("");
    return { text, asked };
  },
  prompt: ({ text, asked }, language) =>
    language === "en"
      ? `Count ${[...asked].join(", ")} in ${spell(text)}.`
      : `Zähle ${[...asked].join(", ")} in ${spell(text)}.`,
  verify: (facts, answer) => verifyText(answer, tally(count(facts))),
  gold: (facts) => tally(count(facts)),
  chance: ({ text, asked }) => (1 / (text.length + 1)) ** asked.length,
  canonical: ({ text, asked }) => `${[...text].sort().join("")} ${asked}`,
});

/** Counts by letter. */
export type Counts = readonly (readonly [letter: string, count: number])[];

function count({ text, asked }: LettersFacts): Counts {
  return [...asked].map((letter) => [letter, [...text].filter((other) => other === letter).length]);
}

/** Counts as text: `a2,t1`. */
export function tally(counts: Counts): string {
  return counts.map(([letter, n]) => `${letter}${n}`).join(",");
}

/** Whether letters, for instance those left inside another one's solution, are a problem of some level by themselves. */
export function isPosed({ text, asked }: LettersFacts): boolean {
  return ladder.letters.some((letters, level) => letters === text.length && asked.length === ladder.asked[level]);
}
