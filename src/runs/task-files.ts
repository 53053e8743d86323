/**
 * Tasks by path: a user's module (user-modules.ts) or a file of questions and answers in JSON lines. Both are used in the
 * same way. A file's family is our own code over plain data, so it needs no thread.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import {
  factsOf,
  fileFamily,
  isHeldOut,
  listTasks,
  type Problem,
  type RowFault,
  type RowFields,
  type Split,
  sampleProblem,
  type Task,
} from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { survey } from "./survey.ts";
import { loadUserTask, type UserModuleOptions, type UserTask } from "./user-modules.ts";

/** A file of questions and answers, with what its path alone does not say. */
export interface TaskFile {
  readonly file: string;
  /** Default: the file's name in small letters, e.g. `my-set` for My Set.jsonl. */
  readonly name?: string | undefined;
  readonly fields?: RowFields | undefined;
  readonly broken?: "refuse" | "skip" | undefined;
  readonly language?: "en" | "de" | undefined;
}

/** Rows left out that a warning names. */
const MOST_NAMED = 20;

/** Whether a path is of a file of rows; any other is of a module. */
export function isRowsPath(path: string): boolean {
  return /\.(?:jsonl|ndjson)$/i.test(path);
}

/** Whether a name is a path rather than the name of a built-in family. */
export function isTaskPath(name: string): boolean {
  return /[\\/]|\.[A-Za-z]+$/.test(name);
}

/**
 * Loads a task by its path.
 * @throws ReckonError what `loadUserTask` and `loadTaskFile` throw
 */
export async function loadTask(source: string | TaskFile, options: UserModuleOptions = {}): Promise<UserTask> {
  if (typeof source !== "string") return loadTaskFile(source);
  return isRowsPath(source) ? loadTaskFile({ file: source }) : loadUserTask(source, options);
}

/** A file's task, and the rows that were left out. */
export interface FileTask extends UserTask {
  readonly faults: readonly RowFault[];
  /** All rows as problems, in the order of the file, with the split that each is in. */
  problems(): (Problem & { readonly split: Split })[];
}

/**
 * Reads a file of questions and answers.
 * @throws ReckonError TASK_FILE_UNREADABLE; TASK_FILE_ROWS for broken rows; TASK_INVALID for a name that is taken
 */
export async function loadTaskFile({ file, ...settings }: TaskFile): Promise<FileTask> {
  const path = resolve(file);
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new ReckonError("TASK_FILE_UNREADABLE", `${path} could not be read.`, {
      expected: "a file of JSON lines",
      got: cause.message,
      help: "Check the path.",
      cause,
    });
  });
  const family = fileFamily(decode(bytes, path), { ...settings, name: settings.name ?? nameOf(path) });
  if (listTasks().some((task) => task.name === family.name)) {
    throw new ReckonError("TASK_INVALID", `${path} would be a second family named ${family.name}.`, {
      expected: "a name of its own",
      got: `${family.name}, which is a built-in family`,
      help: "Rename the file, or give it a name.",
    });
  }
  return {
    ...hostTask(family as Task, path, createHash("sha256").update(bytes).digest("hex")),
    faults: family.faults,
    problems: () =>
      family.rows.map((row) => {
        const facts = factsOf(row);
        return {
          id: `${family.name}/${row.line}`,
          family: family.name,
          level: Math.max(0, (family.ladder["level"] ?? []).indexOf(row.level ?? "")),
          language: family.language ?? "en",
          prompt: row.question,
          facts,
          chance: 0,
          split: isHeldOut(family, facts) ? "heldout" : "train",
        };
      }),
    solution: (facts) => family.solution(facts as Parameters<typeof family.solution>[0]),
  };
}

/** Sentences that name the rows that were left out of a task's file; none for other tasks. */
export function leftOut(task: UserTask | FileTask): string[] {
  const faults = "faults" in task ? task.faults : [];
  if (faults.length === 0) return [];
  const named = faults.slice(0, MOST_NAMED).map(({ line, reason }) => `line ${line}: ${reason}`);
  const more = faults.length > MOST_NAMED ? `; and ${faults.length - MOST_NAMED} more` : "";
  return [`${faults.length} rows of ${task.path} were left out: ${named.join("; ")}${more}`];
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ReckonError("TASK_FILE_UNREADABLE", `${path} is no text.`, {
      expected: "JSON lines in UTF-8",
      got: cause instanceof Error ? cause.message : String(cause),
      help: "Save it as UTF-8.",
      cause,
    });
  }
}

/** A family's name from a path: what is no small letter, digit, - or _ becomes -. */
function nameOf(path: string): string {
  const name = basename(path, extname(path))
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50);
  return /^[a-z]/.test(name) ? name : `file-${name || "rows"}`;
}

/** A task of our own code in the form of a user's: it runs where it is. */
export function hostTask(task: Task, path: string, hash: string): UserTask {
  return {
    name: task.name,
    levels: task.levels,
    ladder: task.ladder,
    path,
    hash,
    problem: async (request) => sampleProblem(task, request),
    verify: async (answers) =>
      answers.map(({ facts, answer }) => {
        try {
          return task.verify(facts, answer);
        } catch (error) {
          return error instanceof ReckonError ? error.summary : String(error);
        }
      }),
    gold: async (facts) => task.gold(facts),
    survey: async ({ seed, level, count }) =>
      Array.from({ length: count }, (_, index) => survey(task, seed, index, level)),
    close: async () => {},
  };
}
