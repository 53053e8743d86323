/**
 * Harmless or not, by the whole response: a thought in the language of its prompt, without anything said again, and none
 * where none is wanted, against the same response spoilt in one of these ways. Thoughts are careful ones, and of problems that
 * nothing else is asked of also such as go wrong or are put right on the way.
 */
import type { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { sayAgain } from "../graded/spoil.ts";
import { type Hand, writeBy } from "../graded/write.ts";
import { asInstruction, type Reply } from "../instructions/index.ts";
import { getTask } from "../registry.ts";
import type { Language, Problem } from "../task.ts";
import { inLanguage, languageShare, WORDS } from "../trace/words.ts";
import type { PreferencePair } from "./pair.ts";

type Harm = "mixed" | "foreign" | "tongue" | "repeats" | "needless";

/** Shares of the hands that think about a problem, and about one inside an instruction, whose answer must be right. */
const HANDS: Readonly<Partial<Record<Hand, number>>> = { careful: 0.5, slip: 0.3, caught: 0.2 };
const RIGHT_HANDS: Readonly<Partial<Record<Hand, number>>> = { careful: 0.7, caught: 0.3 };

/** Undefined where a response cannot be spoilt in any of these ways. */
export function harmlessPair(problem: Problem, random: Random): PreferencePair | undefined {
  const preferred = cleanReply(problem, random);
  const ways = spoilt(problem, preferred, random);
  const open = (Object.keys(ways) as Harm[]).filter((defect) => ways[defect] !== undefined);
  if (open.length === 0) return undefined;
  const defect = random.pick(open);
  return { preferred, other: ways[defect]!, defect };
}

function cleanReply(problem: Problem, random: Random): Reply {
  const instruction = asInstruction(getTask(problem.family));
  if (instruction === undefined) return think(problem, HANDS, random);
  const told = instruction.trace(problem, goldTrace);
  const inner = innerProblem(problem);
  if (told.thinking === "" || inner === undefined) return told;
  return { thinking: think(inner, RIGHT_HANDS, random).thinking, answer: told.answer };
}

function think(problem: Problem, hands: typeof HANDS, random: Random): Reply {
  const hand = random.weighted(Object.keys(hands) as Hand[], Object.values(hands));
  const { lines, answer } = writeBy(hand, problem, problem.language, random);
  return { thinking: lines.map(({ text }) => text).join("\n"), answer };
}

/** The problem that an instruction asks for in its manner; undefined of a greeting. */
function innerProblem(problem: Problem): Problem | undefined {
  const { of, facts } = problem.facts as { readonly of?: string; readonly facts?: unknown };
  return of === undefined ? undefined : { ...problem, family: of, facts };
}

function spoilt(problem: Problem, clean: Reply, random: Random): Readonly<Record<Harm, Reply | undefined>> {
  const { language } = problem;
  const other: Language = language === "en" ? "de" : "en";
  const lines = clean.thinking === "" ? [] : clean.thinking.split("\n");
  const thinking = (changed: readonly string[]): Reply => ({ ...clean, thinking: changed.join("\n") });
  const foreign = thinking(lines.map((line) => inLanguage(line, other)));
  const mixed = thinking(lines.map((line) => (random.chance(0.5) ? inLanguage(line, other) : line)));
  const share = ({ thinking: text }: Reply): number => languageShare(text, language);
  // What is said again where nothing was thought is the answer.
  const conclusion = [`${WORDS[language].so} ${clean.answer}`];
  const again =
    lines.length > 0 ? sayAgain(lines, random) : [0, 1, 2].slice(random.int(0, 1)).flatMap(() => conclusion);
  const needless = thinking(needlessLines(problem, random) ?? conclusion);
  const instruction = asInstruction(getTask(problem.family));
  const breaks = ({ thinking: text, answer }: Reply): boolean =>
    instruction?.follows(problem, text, answer).score === 0;
  const tongue = instruction && {
    ...clean,
    answer: instruction.trace({ ...problem, language: other }, goldTrace).answer,
  };
  return {
    mixed: share(mixed) < 1 && share(mixed) > 0 ? mixed : undefined,
    foreign: share(foreign) < 1 ? foreign : undefined,
    tongue: tongue && breaks(tongue) ? tongue : undefined,
    repeats: thinking(again),
    needless: lines.length === 0 && breaks(needless) ? needless : undefined,
  };
}

/** A thought on the problem inside an instruction that wants none. */
function needlessLines(problem: Problem, random: Random): string[] | undefined {
  const inner = asInstruction(getTask(problem.family)) && innerProblem(problem);
  const thinking = inner && think(inner, RIGHT_HANDS, random).thinking;
  return thinking ? thinking.split("\n") : undefined;
}
