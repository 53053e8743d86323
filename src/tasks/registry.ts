/** The built-in families, easy to hard within each kind. */
import { ReckonError } from "../util/errors.ts";
import { addition } from "./addition/index.ts";
import { base } from "./base/index.ts";
import { caesar } from "./caesar/index.ts";
import { clock } from "./clock/index.ts";
import { countdown } from "./countdown/index.ts";
import { division } from "./division/index.ts";
import { equation } from "./equation/index.ts";
import { expression } from "./expression/index.ts";
import { factors } from "./factors/index.ts";
import { filter } from "./filter/index.ts";
import { gcd } from "./gcd/index.ts";
import { instructionTasks } from "./instructions/index.ts";
import { knights } from "./knights/index.ts";
import { letters } from "./letters/index.ts";
import { max } from "./max/index.ts";
import { maze } from "./maze/index.ts";
import { modular } from "./modular/index.ts";
import { multiplication } from "./multiplication/index.ts";
import { polynomial } from "./polynomial/index.ts";
import { puzzle24 } from "./puzzle24/index.ts";
import { ranking } from "./ranking/index.ts";
import { recall } from "./recall/index.ts";
import { reverse } from "./reverse/index.ts";
import { sequence } from "./sequence/index.ts";
import { sort } from "./sort/index.ts";
import { subtraction } from "./subtraction/index.ts";
import type { Task } from "./task.ts";

const TASKS: readonly Task[] = [
  ...[addition, subtraction, multiplication, division, expression, polynomial],
  ...[equation, modular, gcd, factors, base, sequence],
  ...[countdown, puzzle24],
  ...[max, sort, filter, ranking, clock],
  ...[reverse, letters, caesar],
  ...[knights, maze],
  recall,
];

const INSTRUCTIONS: readonly Task[] = instructionTasks((name) => TASKS.find((task) => task.name === name)!);

/** All built-in families of reasoning problems. */
export function listTasks(): readonly Task[] {
  return TASKS;
}

/**
 * A built-in family by name, of reasoning problems or of instructions.
 * @throws ReckonError TASK_UNKNOWN
 */
export function getTask(name: string): Task {
  const task = TASKS.find((candidate) => candidate.name === name) ?? findInstruction(name);
  if (task !== undefined) return task;
  throw new ReckonError("TASK_UNKNOWN", `There is no task named ${JSON.stringify(name)}.`, {
    expected: `one of ${TASKS.map((candidate) => candidate.name).join(", ")}`,
    got: JSON.stringify(name),
    help: "Check the spelling, or give the path of a module that exports a task.",
  });
}

/** All built-in families of instructions. */
export function listInstructions(): readonly Task[] {
  return INSTRUCTIONS;
}

function findInstruction(name: string): Task | undefined {
  return INSTRUCTIONS.find((candidate) => candidate.name === name);
}

/** Whether a family of this name is built in. */
export function isBuiltIn(name: string): boolean {
  return TASKS.some((task) => task.name === name) || findInstruction(name) !== undefined;
}
