/** "Separate them by …": a list of numbers in the form that is asked for. Thinking is free. */
import type { Random } from "../../util/random.ts";
import { quote, RIGHT, readInteger, tidy, trim, wrong } from "../answers.ts";
import { defineTask, type Language, type Verdict } from "../task.ts";
import { type FindTask, FOLLOWED, type Instruction, type Rung, type Wrapped, wrappedIdentity } from "./instruction.ts";

/** What is asked, by level. */
export const LIST_RUNGS: readonly Rung[] = [
  ["sort", 0],
  ["sort", 1],
  ["filter", 0],
];

interface Form {
  readonly open: string;
  readonly close: string;
  readonly separator: string;
  readonly wording: Readonly<Record<Language, string>>;
}

const bracketed = (open: string, close: string, en: string, de: string): Form => ({
  ...{ open, close, separator: "," },
  wording: { en: `Use ${en} brackets.`, de: `In ${de} Klammern.` },
});
const separated = (separator: string, en: string, de: string): Form => ({
  ...{ open: "", close: "", separator },
  wording: { en: `Separate by ${en}.`, de: `Trenne mit ${de}.` },
});

/** The forms; a problem's manner is the place of one. */
const FORMS: readonly Form[] = [
  separated(";", "semicolons", "Semikolons"),
  separated(" ", "spaces", "Leerzeichen"),
  separated("/", "slashes", "Schrägstrichen"),
  bracketed("[", "]", "square", "eckigen"),
  bracketed("(", ")", "round", "runden"),
  bracketed("{", "}", "curly", "geschweiften"),
];

export function list(find: FindTask): Instruction<Wrapped> {
  const numbers = ({ of, facts }: Wrapped): number[] => find(of).gold(facts).split(",").map(Number);
  const task = defineTask<Wrapped>({
    name: "instruct-list",
    ladder: { of: LIST_RUNGS.map(([family]) => family) },
    sample(random, level) {
      const [of, rung] = LIST_RUNGS[level]!;
      return { of, facts: find(of).sample(random, rung), manner: random.int(0, FORMS.length - 1) };
    },
    prompt: ({ of, facts, manner }, language) =>
      `${find(of).prompt(facts, language)} ${FORMS[manner]!.wording[language]}`,
    verify(facts, answer) {
      const said = readList(answer, FORMS[facts.manner]!);
      if (!Array.isArray(said)) return said;
      const wanted = numbers(facts);
      const same = said.length === wanted.length && said.every((value, i) => value === wanted[i]);
      return same ? RIGHT : wrong(`${quote(said.join())} is not ${quote(wanted.join())}`);
    },
    gold: (facts) => written(numbers(facts), FORMS[facts.manner]!),
    chance: ({ of, facts }) => find(of).chance(facts),
    ...wrappedIdentity(find),
  });
  return {
    ...task,
    follows({ facts }, _, answer) {
      const said = readList(answer, FORMS[facts.manner]!);
      return Array.isArray(said) ? FOLLOWED : said;
    },
    trace: ({ facts, language }, solve) => ({
      thinking: solve({ family: facts.of, facts: facts.facts }, language).thinking,
      answer: task.gold(facts),
    }),
  };
}

/** Numbers as a form has them, and what the form is called: text in which a model meets the signs before it is asked for them. */
export function sampleList(random: Random, language: Language): string {
  const form = random.pick(FORMS);
  const numbers = Array.from({ length: random.int(2, 6) }, () => random.int(0, 99));
  return `${form.wording[language]} ${written(numbers, form)}`;
}

function written(numbers: readonly number[], { open, close, separator }: Form): string {
  return open + numbers.join(separator) + close;
}

/** The numbers of a list in this form, with or without blanks beside separators; or what is wrong with it. */
function readList(answer: string, { open, close, separator }: Form): number[] | Verdict {
  const text = tidy(answer);
  if (typeof text !== "string") return text;
  if (!text.startsWith(open) || !text.endsWith(close)) return wrong(`not in ${open}${close}: ${quote(text)}`);
  const numbers: number[] = [];
  for (const part of text.slice(open.length, text.length - close.length).split(separator)) {
    const value = readInteger(trim(part));
    if (value === null) return wrong(`not a list of numbers in the form asked for: ${quote(text)}`);
    numbers.push(value);
  }
  // Of one number nobody can see by what it would be separated.
  return numbers;
}
