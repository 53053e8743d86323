/**
 * Knights and liars: everybody says one thing, knights (K) the truth and liars (L) the contrary; who is what?
 *
 * A statement is about one other person (honest, or one who lies) or about two people, the speaker perhaps among them
 * (the same kind, or not), so it is an equation of parities. Problems have one solution, and from the first person's kind everybody else's can be concluded
 * one by one, whichever it is, so that one assumption is enough.
 * To the split a problem whose people change names is the same problem, however they stand in the question; but not with
 * three people, of which there would be some eighty problems in all: there one with other names is another problem.
 * Statements that say the same in other words ("B honest" and, of A, "A, B same") are different ones.
 * Left out: people who speak of themselves alone, "and" and "or".
 * Chance: every kind drawn by itself, 1/2^n; so three people are easily guessed, and the levels above are not.
 */
import { verifyText } from "../spell.ts";
import { defineTask, knob, type Language } from "../task.ts";
import { asText, normalForm, type Statement } from "./names.ts";

export type { Statement } from "./names.ts";

/** One statement for each person, in their order. */
export interface KnightsFacts {
  readonly statements: readonly Statement[];
}

/** True for a knight. */
export type Kinds = readonly boolean[];

const ladder = { people: [3, 4, 5, 6, 7] } as const;

export const knights = defineTask<KnightsFacts>({
  name: "knights",
  ladder,
  sample(random, level) {
    const people = Array.from({ length: knob(ladder, "people", level) }, (_, i) => i);
    for (;;) {
      const statements = people.map((speaker): Statement => {
        if (random.chance(0.5)) {
          const other = random.pick(people.filter((person) => person !== speaker));
          return { of: [other], says: random.pick(["honest", "lies"] as const) };
        }
        const [x, y] = random.shuffle(people) as [number, number];
        return { of: x < y ? [x, y] : [y, x], says: random.pick(["same", "differ"] as const) };
      });
      const facts = { statements };
      if (conclusions(facts).length === people.length - 1 && solutions(facts).length === 1) return facts;
    }
  },
  prompt({ statements }, language) {
    const words = PROMPTS[language];
    const said = statements.map(
      ({ of, says }, speaker) => `${nameOf(speaker)}: ${of.map(nameOf).join(", ")} ${words[says]}.`,
    );
    return `${words.question} ${said.join(" ")}`;
  },
  verify: (facts, answer) => verifyText(answer, spelled(solutions(facts)[0]!)),
  gold: (facts) => spelled(solutions(facts)[0]!),
  chance: ({ statements }) => 1 / 2 ** statements.length,
  canonical: ({ statements }) => (statements.length > NAMED ? normalForm(statements) : asText(statements)),
});

/** Up to so many people a problem with other names is another problem. */
const NAMED = ladder.people[0];

const PROMPTS: Readonly<Record<Language, Readonly<Record<Statement["says"] | "question", string>>>> = {
  en: { question: "K or L?", honest: "honest", lies: "lies", same: "same", differ: "differ" },
  de: { question: "K oder L?", honest: "ehrlich", lies: "lügt", same: "gleich", differ: "anders" },
};

/** A person's name. */
export function nameOf(person: number): string {
  return String.fromCharCode(65 + person);
}

/** K or L. */
export function letterOf(knight: boolean): string {
  return knight ? "K" : "L";
}

/** Kinds as an answer: `K-L-K`. */
export function spelled(kinds: Kinds): string {
  return kinds.map(letterOf).join("-");
}

/** Whether what is said is true. */
export function isTrue({ of, says }: Statement, kinds: Kinds): boolean {
  const [x, y] = [kinds[of[0]]!, kinds[of[1] ?? of[0]]!];
  switch (says) {
    case "honest":
      return x;
    case "lies":
      return !x;
    case "same":
      return x === y;
    case "differ":
      return x !== y;
    default:
      says satisfies never;
      throw new Error("internal: unknown statement");
  }
}

/** All kinds under which knights speak the truth and liars do not. */
export function solutions({ statements }: KnightsFacts): Kinds[] {
  const found: Kinds[] = [];
  for (let mask = 0; mask < 2 ** statements.length; mask++) {
    const kinds = statements.map((_, person) => (mask & (2 ** person)) !== 0);
    if (statements.every((statement, speaker) => isTrue(statement, kinds) === kinds[speaker])) found.push(kinds);
  }
  return found;
}

/**
 * The people in the order in which they speak, each with the one person whose kind follows from it: the next speaker is
 * the first of those whose kind is known (in the order in which it became known) who speaks of one unknown person.
 * Depends on who speaks of whom alone.
 */
export function conclusions({ statements }: KnightsFacts): { speaker: number; about: number }[] {
  const known = [0];
  const spoken = new Set<number>();
  const order: { speaker: number; about: number }[] = [];
  for (;;) {
    const unknown = (speaker: number): number[] => statements[speaker]!.of.filter((person) => !known.includes(person));
    const speaker = known.find((person) => !spoken.has(person) && unknown(person).length === 1);
    if (speaker === undefined) return order;
    const about = unknown(speaker)[0]!;
    spoken.add(speaker);
    known.push(about);
    order.push({ speaker, about });
  }
}
