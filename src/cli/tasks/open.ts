/** Tasks by what a person types: a built-in family's name, or the path of a module or of a file of rows. */
import { hostTask, isTaskPath, leftOut, loadTask, loadTaskFile, type UserTask } from "../../runs/index.ts";
import { getTask, goldTrace, type Problem } from "../../tasks/index.ts";
import type { Ui } from "../ui.ts";

export interface OpenOptions {
  /** Leaves broken rows of a file out instead of refusing it. */
  readonly skipBroken?: boolean | undefined;
}

/** A task that a command line names. */
export interface OpenedTask extends UserTask {
  readonly origin: "built-in" | "module" | "file";
}

/**
 * Opens a task; whoever opens it closes it.
 * @throws ReckonError TASK_UNKNOWN for a name, and what loading a path throws
 */
export async function openTask(name: string, ui: Ui, options: OpenOptions = {}): Promise<OpenedTask> {
  if (!isTaskPath(name)) return { ...hostTask(getTask(name), "", ""), origin: "built-in" };
  const rows = /\.(?:jsonl|ndjson)$/i.test(name);
  const task = rows
    ? await loadTaskFile({ file: name, broken: options.skipBroken ? "skip" : "refuse" })
    : await loadTask(name, { output: (text) => ui.say(text.trimEnd()) });
  for (const sentence of leftOut(task)) ui.warn(sentence);
  return { ...task, origin: rows ? "file" : "module" };
}

/** A worked solution of a problem: our own for built-in families, the data set's for files; undefined where there is none. */
export function workedSolution(task: OpenedTask, problem: Problem): string | undefined {
  if (task.origin !== "built-in") return task.solution?.(problem.facts);
  try {
    return goldTrace(problem, problem.language).thinking || undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined; // A family that has no written method.
    throw error;
  }
}

/** For commander: collects values of an option that may be given again. */
export function again(value: string, list: readonly string[]): readonly string[] {
  return [...list, value];
}
