/** "Answer in words": a number written out in the language of the prompt. Thinking is free. */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask, type Language } from "../task.ts";
import { type FindTask, FOLLOWED, type Instruction, type Rung, type Wrapped, wrappedIdentity } from "./instruction.ts";
import { numberWords, readNumberWords } from "./number-words.ts";

/** What is asked, by level. */
export const WORD_RUNGS: readonly Rung[] = [
  ["max", 2],
  ["addition", 0],
  ["multiplication", 0],
  ["equation", 0],
  ["addition", 1],
];

type Wording = (prompt: string) => string;

const WORDINGS: Readonly<Record<Language, readonly Wording[]>> = {
  en: [
    (prompt) => `${prompt} Answer in words.`,
    (prompt) => `${prompt} Write the number out.`,
    (prompt) => `In words: ${prompt}`,
  ],
  de: [
    (prompt) => `${prompt} Antworte in Worten.`,
    (prompt) => `${prompt} Schreibe die Zahl aus.`,
    (prompt) => `In Worten: ${prompt}`,
  ],
};

export function words(find: FindTask): Instruction<Wrapped> {
  const value = ({ of, facts }: Wrapped): number => Number(find(of).gold(facts));
  const task = defineTask<Wrapped>({
    name: "instruct-words",
    ladder: { of: WORD_RUNGS.map(([family]) => family) },
    sample(random, level) {
      const [of, rung] = WORD_RUNGS[level]!;
      return { of, facts: find(of).sample(random, rung), manner: random.int(0, WORDINGS.en.length - 1) };
    },
    prompt: ({ of, facts, manner }, language) => WORDINGS[language][manner]!(find(of).prompt(facts, language)),
    verify(facts, answer) {
      const text = tidy(answer);
      if (typeof text !== "string") return text;
      const said = readNumberWords(text, "en") ?? readNumberWords(text, "de");
      if (said === null) return wrong(`no number in words: ${quote(text)}`);
      return said === value(facts) ? RIGHT : wrong(`${said} is not ${value(facts)}`);
    },
    gold: (facts) => numberWords(value(facts), "en"),
    chance: ({ of, facts }) => find(of).chance(facts),
    ...wrappedIdentity(find),
  });
  return {
    ...task,
    follows({ language }, _, answer) {
      const text = tidy(answer);
      if (typeof text !== "string") return text;
      const said = readNumberWords(text, language);
      return said === null ? wrong(`no number in ${language} words: ${quote(text)}`) : FOLLOWED;
    },
    trace: ({ facts, language }, solve) => ({
      thinking: solve({ family: facts.of, facts: facts.facts }, language).thinking,
      answer: numberWords(value(facts), language),
    }),
  };
}
