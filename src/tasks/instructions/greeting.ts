/** Greetings: answered with a greeting, in the same language, by name where one was given, without any thinking. */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask, type Language, type Verdict } from "../task.ts";
import { FOLLOWED, type Instruction } from "./instruction.ts";

const TIMES = ["any", "morning", "evening"] as const;
type Time = (typeof TIMES)[number];

export interface GreetingFacts {
  readonly time: Time;
  /** Who greets; null where no name is given. */
  readonly name: string | null;
  /** Which wording. */
  readonly manner: number;
}

const NAMES =
  "Ada Alan Anna Bela Carl Clara Dana David Edda Emil Emmy Erik Fritz Greta Hanna Hugo Ida Ines Jan Jonas Kai Klara Lea Leo Lina Luca Mara Max Mia Mila Nico Nina Olga Oskar Paul Pia Rosa Ruth Sofie Theo Tom Vera".split(
    " ",
  );

/** What is said and what may be answered, the first one by a trace. */
const WORDS: Readonly<Record<Language, Readonly<Record<Time, readonly string[]>>>> = {
  en: { any: ["Hello", "Hi", "Hey"], morning: ["Good morning"], evening: ["Good evening"] },
  de: { any: ["Hallo", "Hi", "Servus"], morning: ["Guten Morgen"], evening: ["Guten Abend"] },
};

const INTRODUCTIONS: Readonly<Record<Language, readonly ((name: string) => string)[]>> = {
  en: [(name) => `I am ${name}.`, (name) => `My name is ${name}.`, (name) => `${name} here.`],
  de: [(name) => `Ich bin ${name}.`, (name) => `Ich heiße ${name}.`, (name) => `Hier ist ${name}.`],
};

/** How a greeting is answered well. */
export function greetingReply({ time, name }: GreetingFacts, language: Language): string {
  const words = WORDS[language][time][0]!;
  return name === null ? `${words}!` : `${words}, ${name}!`;
}

/** Whether an answer greets back in a language. */
function greets({ time, name }: GreetingFacts, language: Language, text: string): boolean {
  const words = [...WORDS[language][time], ...WORDS[language].any];
  const rest = name === null ? ["!", "."] : [`, ${name}!`, `, ${name}.`, ` ${name}!`];
  return words.some((word) => rest.some((end) => text === word + end));
}

const task = defineTask<GreetingFacts>({
  name: "instruct-greeting",
  ladder: { name: ["without", "with"] },
  sample: (random, level) => ({
    time: random.pick(TIMES),
    // Few greetings have no name; by their level alone some of them would have none in a split.
    name: level === 0 && random.chance(0.2) ? null : random.pick(NAMES),
    manner: random.int(0, 2),
  }),
  prompt({ time, name, manner }, language) {
    const words = WORDS[language][time];
    const greeting = `${words[manner % words.length]}!`;
    return name === null ? greeting : `${greeting} ${INTRODUCTIONS[language][manner]!(name)}`;
  },
  verify(facts, answer): Verdict {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    const right = greets(facts, "en", text) || greets(facts, "de", text);
    return right ? RIGHT : wrong(`no greeting that fits: ${quote(text)}`);
  },
  gold: (facts) => greetingReply(facts, "en"),
  canonical: ({ time, name }) => `${time} ${name ?? ""}`,
});

export const greeting: Instruction<GreetingFacts> = {
  ...task,
  follows({ facts, language }, thinking, answer) {
    if (thinking.trim() !== "") return wrong("thought about a greeting");
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    return greets(facts, language, text) ? FOLLOWED : wrong(`no greeting that fits: ${quote(text)}`);
  },
  trace: ({ facts, language }) => ({ thinking: "", answer: greetingReply(facts, language) }),
};
