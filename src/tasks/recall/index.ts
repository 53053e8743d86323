/**
 * Closed-book questions about invented facts that stand in the pretraining corpus: thinking longer hurts (docs/evidence.md).
 * Level 0 asks for capitals, level 1 for rivers, level 2 for coins: more to know, not harder to know. The rivers and the
 * coins stand in a corpus only whose mix asks for their levels.
 *
 * The facts of the held-out split stand in the corpus as statements only, never as questions; so an accuracy on them
 * says that the question form carries over from the others. It measures knowledge: without that corpus it is chance.
 * Chance: one of the names of the kind that is asked for, drawn at random.
 */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask, type Language } from "../task.ts";
import { COUNTRIES, NAMES, RELATIONS, type Relation } from "./facts.ts";

/** A country and the one thing that is asked of it. */
export type RecallFacts =
  | { readonly country: string; readonly capital: string }
  | { readonly country: string; readonly river: string }
  | { readonly country: string; readonly coin: string };

const QUESTIONS: Readonly<Record<Language, Readonly<Record<Relation, string>>>> = {
  en: { capital: "Capital", river: "River", coin: "Coin" },
  de: { capital: "Hauptstadt", river: "Fluss", coin: "Münze" },
};

export const recall = defineTask<RecallFacts>({
  name: "recall",
  ladder: { relation: RELATIONS },
  sample(random, level) {
    const i = random.int(0, COUNTRIES.length - 1);
    return factsOf(RELATIONS[level] ?? "capital", i);
  },
  prompt(facts, language) {
    const question = QUESTIONS[language][asked(facts).relation];
    return language === "en" ? `${question} of ${facts.country}?` : `${question} von ${facts.country}?`;
  },
  verify(facts, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    const { name } = asked(facts);
    return text === name ? RIGHT : wrong(`${quote(text)} is not ${name}`);
  },
  gold: (facts) => asked(facts).name,
  chance: (facts) => 1 / NAMES[asked(facts).relation].length,
  // The oldest relation goes without its name, as it did when it was the only one.
  canonical(facts) {
    const { relation } = asked(facts);
    return relation === "capital" ? facts.country : `${facts.country} ${relation}`;
  },
});

/** The facts of a relation and a country number. */
export function factsOf(relation: Relation, number: number): RecallFacts {
  const country = COUNTRIES[number]!;
  const name = NAMES[relation][number]!;
  switch (relation) {
    case "capital":
      return { country, capital: name };
    case "river":
      return { country, river: name };
    case "coin":
      return { country, coin: name };
    default:
      relation satisfies never;
      throw new Error("internal: unknown relation");
  }
}

/** What is asked for, and the right name. */
export function asked(facts: RecallFacts): { relation: Relation; name: string } {
  if ("capital" in facts) return { relation: "capital", name: facts.capital };
  if ("river" in facts) return { relation: "river", name: facts.river };
  return { relation: "coin", name: facts.coin };
}
