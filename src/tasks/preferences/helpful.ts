/**
 * Helpful or not, by the final answer: what was asked for, in the form that was asked for and nothing beside it, against an
 * answer in another form, in a sentence, said twice, or with its thought told again. Both say the same, be it right or wrong.
 */
import type { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { asInstruction } from "../instructions/index.ts";
import { getTask } from "../registry.ts";
import type { Language, Problem } from "../task.ts";
import type { PreferencePair } from "./pair.ts";

type Miss = "untold" | "sentence" | "twice" | "thought";

const SENTENCES: Readonly<Record<Language, readonly ((answer: string) => string)[]>> = {
  en: [(answer) => `The answer is ${answer}.`, (answer) => `It is ${answer}.`, (answer) => `so ${answer}`],
  de: [(answer) => `Die Antwort ist ${answer}.`, (answer) => `Es ist ${answer}.`, (answer) => `also ${answer}`],
};

/** Longest thought that is told again in an answer, in characters. */
const LONGEST_THOUGHT = 200;
/** Times that another problem is drawn whose answer is wrong here; some instructions leave nothing to be wrong about. */
const TRIES = 8;

/** Undefined where an answer cannot be missed in any of these ways. */
export function helpfulPair(problem: Problem, random: Random): PreferencePair | undefined {
  const { family, language } = problem;
  const task = getTask(family);
  const facts = random.chance(0.5) ? problem.facts : wrongFacts(problem, random);
  const told = answerAsTold(family, facts, language);
  const { thinking } = goldTrace(problem, language);
  const missed = (answer: string): boolean =>
    task.verify(facts, answer).score === 0 || asInstruction(task)?.follows({ facts, language }, "", answer).score === 0;
  const ways: Readonly<Record<Miss, readonly string[]>> = {
    untold: otherForms(problem, facts, random),
    sentence: SENTENCES[language].map((sentence) => sentence(told)),
    twice: [`${told} ${told}`, `${told}, ${told}`],
    // The thought of a wrong answer would be one on a problem that may be held out.
    thought:
      facts === problem.facts && thinking !== "" && thinking.length <= LONGEST_THOUGHT ? [`${thinking}\n${told}`] : [],
  };
  const open = (Object.keys(ways) as Miss[]).flatMap((defect) => {
    const answers = ways[defect].filter(missed);
    return answers.length === 0 ? [] : [{ defect, answers }];
  });
  if (open.length === 0) return undefined;
  const { defect, answers } = random.pick(open);
  return { preferred: { thinking, answer: told }, other: { thinking, answer: random.pick(answers) }, defect };
}

function answerAsTold(family: string, facts: unknown, language: Language): string {
  const task = getTask(family);
  return asInstruction(task)?.trace({ facts, language }, goldTrace).answer ?? task.gold(facts);
}

/** Another problem, asked for in the same manner, whose answer is as it was told here but wrong; else the same one. */
function wrongFacts(problem: Problem, random: Random): unknown {
  const task = getTask(problem.family);
  const instruction = asInstruction(task);
  for (let n = 0; n < TRIES; n++) {
    const facts = inManner(task.sample(random, problem.level), problem.facts);
    const answer = answerAsTold(problem.family, facts, problem.language);
    const wrong = task.verify(problem.facts, answer).score === 0;
    if (wrong && (instruction === undefined || instruction.follows(problem, "", answer).score === 1)) return facts;
  }
  return problem.facts;
}

/** Of an instruction: the answer in the other language, in another manner, and as the problem alone would have it. */
function otherForms({ family, level, language }: Problem, facts: unknown, random: Random): string[] {
  const task = getTask(family);
  if (asInstruction(task) === undefined) return [];
  const forms = [answerAsTold(family, facts, language === "en" ? "de" : "en")];
  for (let n = 0; n < TRIES; n++)
    forms.push(answerAsTold(family, inManner(facts, task.sample(random, level)), language));
  const { of, facts: inner } = facts as { readonly of?: string; readonly facts?: unknown };
  return of === undefined ? forms : [...forms, getTask(of).gold(inner)];
}

/** Facts with the wording or form of others, where they have one. */
function inManner(facts: unknown, others: unknown): unknown {
  if (typeof facts !== "object" || facts === null || !("manner" in facts)) return facts;
  return { ...facts, manner: (others as { readonly manner: number }).manner };
}
