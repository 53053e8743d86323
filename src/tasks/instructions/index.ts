/**
 * The families of instructions. They are built in, but no part of the reasoning families that `listTasks` names: their
 * problems are those of other families, asked for in a manner, and greetings.
 */
import { DIRECT_RUNGS, direct } from "./direct.ts";
import { greeting } from "./greeting.ts";
import type { FindTask, Instruction, Rung, WeightedRung } from "./instruction.ts";
import { LIST_RUNGS, list } from "./list.ts";
import { questions } from "./questions.ts";
import { WORD_RUNGS, words } from "./words.ts";

export { asInstruction, type Instruction, type Reply, solvedFamily, type Told } from "./instruction.ts";

/** @param find a reasoning family by its name */
export function instructionTasks(find: FindTask): readonly Instruction[] {
  return [direct(find), words(find), list(find), greeting, questions] as readonly Instruction[];
}

/**
 * The rungs of instructions whose problems are of families that a mix poses: a model that has never met a family is not
 * asked for its problems in words. All kinds alike.
 */
export function instructionMix(problems: readonly Omit<WeightedRung, "weight">[]): WeightedRung[] {
  const posed = new Set(problems.map(({ family }) => family));
  const most = Math.max(-1, ...problems.filter(({ family }) => family === "recall").map(({ level }) => level));
  const kinds: readonly (readonly [family: string, levels: readonly number[]])[] = [
    ["instruct-direct", levelsOf(DIRECT_RUNGS, posed)],
    ["instruct-words", levelsOf(WORD_RUNGS, posed)],
    ["instruct-list", levelsOf(LIST_RUNGS, posed)],
    ["instruct-greeting", [0, 1]],
    ["instruct-recall", Array.from({ length: most + 1 }, (_, level) => level)],
  ];
  return kinds.flatMap(([family, levels]) => levels.map((level) => ({ family, level, weight: 1 / levels.length })));
}

function levelsOf(rungs: readonly Rung[], posed: ReadonlySet<string>): number[] {
  return rungs.flatMap(([family], level) => (posed.has(family) ? [level] : []));
}
