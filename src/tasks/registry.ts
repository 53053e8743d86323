/** The built-in families, easy to hard within each kind. */
import { ReckonError } from "../util/errors.ts";
import { addition } from "./addition/index.ts";
import { countdown } from "./countdown/index.ts";
import { equation } from "./equation/index.ts";
import { expression } from "./expression/index.ts";
import { max } from "./max/index.ts";
import { multiplication } from "./multiplication/index.ts";
import { recall } from "./recall/index.ts";
import { sort } from "./sort/index.ts";
import type { Task } from "./task.ts";

const TASKS: readonly Task[] = [addition, multiplication, expression, equation, countdown, max, sort, recall];

/** All built-in families. */
export function listTasks(): readonly Task[] {
  return TASKS;
}

/**
 * A built-in family by name.
 * @throws ReckonError TASK_UNKNOWN
 */
export function getTask(name: string): Task {
  const task = TASKS.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  throw new ReckonError("TASK_UNKNOWN", `There is no task named ${JSON.stringify(name)}.`, {
    expected: `one of ${TASKS.map((candidate) => candidate.name).join(", ")}`,
    got: JSON.stringify(name),
    help: "Check the spelling, or give the path of a module that exports a task.",
  });
}
