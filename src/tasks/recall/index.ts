/**
 * Closed-book questions about invented facts that stand in the pretraining corpus: thinking does not help, and often hurts.
 *
 * The facts of the held-out split stand in the corpus as statements only, never as questions; so an accuracy on them
 * says that the question form carries over from the others. It measures knowledge: without that corpus it is chance.
 * Chance: one of the capitals drawn at random.
 */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask } from "../task.ts";
import { CAPITALS, COUNTRIES } from "./facts.ts";

export interface RecallFacts {
  readonly country: string;
  readonly capital: string;
}

export const recall = defineTask<RecallFacts>({
  name: "recall",
  levels: 1,
  sample(random) {
    const i = random.int(0, COUNTRIES.length - 1);
    return { country: COUNTRIES[i]!, capital: CAPITALS[i]! };
  },
  prompt: ({ country }, language) => (language === "en" ? `Capital of ${country}?` : `Hauptstadt von ${country}?`),
  verify({ capital }, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    return text === capital ? RIGHT : wrong(`${quote(text)} is not ${capital}`);
  },
  gold: ({ capital }) => capital,
  chance: () => 1 / CAPITALS.length,
  canonical: ({ country }) => country,
});
