/** "Answer at once": the answer without any thinking. Whether it is right is another matter. */
import { tidy, wrong } from "../answers.ts";
import { defineTask, type Language } from "../task.ts";
import { type FindTask, FOLLOWED, type Instruction, type Rung, type Wrapped, wrappedIdentity } from "./instruction.ts";

/** What is asked, by level. */
export const DIRECT_RUNGS: readonly Rung[] = [
  ["recall", 0],
  ["max", 2],
  ["addition", 0],
  ["multiplication", 0],
  ["sort", 1],
];

type Wording = (prompt: string) => string;

const WORDINGS: Readonly<Record<Language, readonly Wording[]>> = {
  en: [
    (prompt) => `${prompt} Answer at once.`,
    (prompt) => `${prompt} Just the answer.`,
    (prompt) => `Without thinking: ${prompt}`,
    (prompt) => `Quick: ${prompt}`,
  ],
  de: [
    (prompt) => `${prompt} Antworte sofort.`,
    (prompt) => `${prompt} Nur die Antwort.`,
    (prompt) => `Ohne Nachdenken: ${prompt}`,
    (prompt) => `Schnell: ${prompt}`,
  ],
};

export function direct(find: FindTask): Instruction<Wrapped> {
  const task = defineTask<Wrapped>({
    name: "instruct-direct",
    ladder: { of: DIRECT_RUNGS.map(([family]) => family) },
    sample(random, level) {
      const [of, rung] = DIRECT_RUNGS[level]!;
      return { of, facts: find(of).sample(random, rung), manner: random.int(0, WORDINGS.en.length - 1) };
    },
    prompt: ({ of, facts, manner }, language) => WORDINGS[language][manner]!(find(of).prompt(facts, language)),
    verify: ({ of, facts }, answer) => find(of).verify(facts, answer),
    gold: ({ of, facts }) => find(of).gold(facts),
    chance: ({ of, facts }) => find(of).chance(facts),
    ...wrappedIdentity(find),
  });
  return {
    ...task,
    follows(_, thinking, answer) {
      if (thinking.trim() !== "") return wrong("thought about it");
      const text = tidy(answer);
      return typeof text === "string" ? FOLLOWED : text;
    },
    trace: ({ facts }) => ({ thinking: "", answer: task.gold(facts) }),
  };
}
