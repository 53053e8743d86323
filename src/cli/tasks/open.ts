/** Tasks by what a person types: a built-in family's name, or the path of a module or of a file of rows. */
import { Option } from "commander";
import {
  hostTask,
  isRowsPath,
  isTaskPath,
  leftOut,
  loadTask,
  loadTaskFile,
  type TaskFile,
  type UserTask,
} from "../../runs/index.ts";
import { getTask, goldTrace, type Problem, type RowFields } from "../../tasks/index.ts";
import { usageError } from "../command.ts";
import type { Ui } from "../ui.ts";

export interface OpenOptions {
  /** Leaves broken rows of a file out instead of refusing it. */
  readonly skipBroken?: boolean | undefined;
  /** Where a file's question, answer, level and split stand, if not under the usual names. */
  readonly fields?: RowFields | undefined;
  /** Name of a file's family, if it is not the file's. */
  readonly as?: string | undefined;
}

/** `--as`, for commands that read files of questions and answers. */
export function nameOption(): Option {
  return new Option(
    "--as <name>",
    "of such a file: the family's name, if not the file's; with the question it decides which rows are held out",
  );
}

/** `--skip-broken`, for the same. */
export function skipBrokenOption(): Option {
  return new Option(
    "--skip-broken",
    "of a file of questions and answers: leave broken rows out instead of refusing it",
  );
}

/** `--fields`, for the same. */
export function fieldsOption(): Option {
  return new Option(
    "--fields <names>",
    "of such a file: where things stand in a row, if not under the usual names, e.g. question=text,answer=label",
  ).argParser(readFields);
}

const FIELDS = ["question", "answer", "level", "split"] as const;

function readFields(text: string): RowFields {
  const pairs = text.split(",").map((pair) => pair.split("=").map((part) => part.trim()));
  const known = (name: string | undefined): boolean => FIELDS.some((field) => field === name);
  if (pairs.every((pair) => pair.length === 2 && known(pair[0]) && pair[1] !== "")) return Object.fromEntries(pairs);
  throw usageError("--fields takes pairs of what it is and where it stands", {
    expected: `${FIELDS.map((field) => `${field}=NAME`).join(", ")}, any of them, with commas between`,
    got: text,
  });
}

/** The options that say how files of rows are read, by their names on the command line. */
export function rowOptions({ skipBroken, fields, as }: OpenOptions): Readonly<Record<string, unknown>> {
  return { "--skip-broken": skipBroken, "--fields": fields, "--as": as };
}

/** The first option of some that was given. */
export function firstGiven(options: Readonly<Record<string, unknown>>): string | undefined {
  return Object.entries(options).find(([, value]) => value !== undefined)?.[0];
}

/** @throws ReckonError USAGE where one name is given to several files of rows among `paths` */
export function checkOneNamed(paths: readonly string[], { as }: OpenOptions): void {
  const files = paths.filter(isRowsPath);
  if (as === undefined || files.length < 2) return;
  throw usageError("--as names the family of one file", {
    expected: "one .jsonl file beside --as; the others are named after their files",
    got: files.join(", "),
  });
}

/** A file of rows as it was asked for. */
export function taskFile(file: string, { skipBroken, fields, as: name }: OpenOptions): TaskFile {
  return { file, name, fields, broken: skipBroken ? "skip" : "refuse" };
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
  const rows = isRowsPath(name);
  const task = rows
    ? await loadTaskFile(taskFile(name, options))
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
