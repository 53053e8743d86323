/** Questions of knowledge in other words than the corpus asks them: a name and nothing else is wanted. */
import { quote, tidy, wrong } from "../answers.ts";
import { NAMES, RELATIONS, type Relation } from "../recall/facts.ts";
import { asked, type RecallFacts, recall } from "../recall/index.ts";
import { defineTask, type Language, type Task } from "../task.ts";
import { FOLLOWED, type Instruction, type Wrapped, wrappedIdentity } from "./instruction.ts";

type Wording = (country: string) => string;

const NOUNS: Readonly<Record<Language, Readonly<Record<Relation, string>>>> = {
  en: { capital: "capital", river: "river", coin: "coin" },
  de: { capital: "Hauptstadt", river: "Fluss", coin: "Münze" },
};
const ARTICLES: Readonly<Record<Relation, readonly [which: string, the: string]>> = {
  capital: ["Welche", "die"],
  river: ["Welchen", "den"],
  coin: ["Welche", "die"],
};

function wordings(relation: Relation, language: Language): readonly Wording[] {
  const noun = NOUNS[language][relation];
  if (language === "en") {
    return [
      (country) => `What is the ${noun} of ${country}?`,
      (country) => `Name the ${noun} of ${country}.`,
      (country) => `Which ${noun} has ${country}?`,
    ];
  }
  const [which, the] = ARTICLES[relation];
  return [
    (country) => `Was ist ${relation === "river" ? "der" : the} ${noun} von ${country}?`,
    (country) => `Nenne ${the} ${noun} von ${country}.`,
    (country) => `${which} ${noun} hat ${country}?`,
  ];
}

interface Question extends Wrapped {
  readonly facts: RecallFacts;
}

const task = defineTask<Question>({
  name: "instruct-recall",
  ladder: { relation: RELATIONS },
  sample: (random, level) => ({ of: "recall", facts: recall.sample(random, level), manner: random.int(0, 2) }),
  prompt: ({ facts, manner }, language) => wordings(asked(facts).relation, language)[manner]!(facts.country),
  verify: ({ facts }, answer) => recall.verify(facts, answer),
  gold: ({ facts }) => recall.gold(facts),
  chance: ({ facts }) => recall.chance(facts),
  ...wrappedIdentity(() => recall as Task),
});

export const questions: Instruction<Question> = {
  ...task,
  follows({ facts }, _, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    const { relation } = asked(facts.facts);
    return NAMES[relation].includes(text) ? FOLLOWED : wrong(`no name of a ${relation}: ${quote(text)}`);
  },
  trace: ({ facts }) => ({ thinking: "", answer: recall.gold(facts.facts) }),
};
