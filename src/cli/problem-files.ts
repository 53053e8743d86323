/**
 * Problems to evaluate on, from a file: as `reckon tasks sample` writes them, of built-in families and of users' own, or
 * plain rows of questions and answers, all of them or those of a split.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { createJudge, type FileTask, isRowsPath, leftOut, loadTaskFile, type UserTask } from "../runs/index.ts";
import { getTask, type Problem, type Split } from "../tasks/index.ts";
import { DEFAULT_REWARDS, type Judge } from "../train/judge.ts";
import { ReckonError } from "../util/errors.ts";
import { usageError } from "./command.ts";
import { checkOneNamed, firstGiven, type OpenOptions, openTask, rowOptions, taskFile } from "./tasks/open.ts";
import type { Ui } from "./ui.ts";

export interface ProblemFile {
  /** Rows of questions and answers name the split that they are in. */
  readonly problems: readonly (Problem & { readonly split?: Split })[];
  readonly judge: Judge;
  close(): Promise<void>;
}

const problemSchema = z.looseObject({
  id: z.string().default(""),
  family: z.string(),
  level: z.int().min(0).default(0),
  language: z.enum(["en", "de"]).default("en"),
  prompt: z.string().min(1),
  facts: z.unknown(),
  chance: z.number().min(0).max(1).default(0),
});

/**
 * Reads problems and opens the tasks that they are of.
 * @param tasks paths of users' tasks
 * @param options.split of rows of questions and answers, which are posed; default all, with a warning where that is no test
 * @param options.learns whether somebody is to learn from them: all rows then, without that warning
 * @throws ReckonError PROBLEMS_UNREADABLE, PROBLEMS_INVALID with the line; what opening a task throws
 */
export async function openProblems(
  file: string,
  tasks: readonly string[],
  ui: Ui,
  options: OpenOptions & { readonly split?: Split | "all"; readonly learns?: boolean },
): Promise<ProblemFile> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new ReckonError("PROBLEMS_UNREADABLE", `${file} could not be read`, { got: cause.message, cause });
  });
  const own = new Map<string, UserTask>();
  const close = async (): Promise<void> => {
    for (const task of own.values()) await task.close();
  };
  try {
    let problems: ProblemFile["problems"];
    if (isRows(text)) {
      checkNoTasks(file, tasks);
      const rows = await loadTaskFile(taskFile(file, options));
      for (const sentence of leftOut(rows)) ui.warn(sentence);
      own.set(rows.name, rows);
      problems = options.learns ? rows.problems() : ofSplit(rows, options.split ?? "all", ui);
    } else {
      checkNoRows(file, tasks, options);
      for (const path of tasks) {
        const task = await openTask(path, ui, options);
        own.set(task.name, task);
      }
      problems = await readProblems(text, file, own);
    }
    return { problems, judge: createJudge({ rewards: DEFAULT_REWARDS, userTasks: [...own.values()] }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rows are judged by their own answers. */
function checkNoTasks(file: string, [task]: readonly string[]): void {
  if (task === undefined) return;
  throw usageError("--task is for problems of a family of your own", {
    expected: "problems such as `reckon tasks sample` writes, or a file of rows without --task",
    got: `${file}, which holds rows of questions and answers`,
  });
}

/** Problems have been drawn of a split and have their own fields; a file of rows that they are of is read as it was then. */
function checkNoRows(
  file: string,
  tasks: readonly string[],
  options: OpenOptions & { readonly split?: Split | "all" },
): void {
  checkOneNamed(tasks, options);
  const option = firstGiven({ "--split": options.split, ...(tasks.some(isRowsPath) ? {} : rowOptions(options)) });
  if (option === undefined) return;
  throw usageError(`${option} is for files of questions and answers`, {
    expected: 'rows such as {"question":"What is 6 times 7?","answer":"42"}',
    got: `${file}, which holds problems of a family`,
  });
}

/** @throws ReckonError PROBLEMS_INVALID where the split has no row */
function ofSplit(rows: FileTask, wanted: Split | "all", ui: Ui): Problem[] {
  const all = rows.problems();
  const trained = all.filter(({ split }) => split === "train").length;
  if (wanted === "all") {
    if (trained > 0) {
      ui.warn(
        `${trained} of the ${all.length} rows are such as training on this file draws from: of a model that was trained on it only --split heldout tells what it can do`,
      );
    }
    return all;
  }
  const chosen = all.filter(({ split }) => split === wanted);
  if (chosen.length > 0) return chosen;
  throw new ReckonError("PROBLEMS_INVALID", `${rows.path} has no row of the split ${wanted}`, {
    expected: "rows of this split, named in the file or one in eight of many",
    got: `${all.length} rows of the other`,
    help: "pose all rows with --split all",
  });
}

/** Whether a file holds rows of a data set: its first line that is an object names no family. */
function isRows(text: string): boolean {
  for (const line of text.replace(/^\ufeff/, "").split("\n")) {
    if (line.trim() === "") continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null) return !("family" in value) && !("facts" in value);
    } catch {
      // A broken line says nothing; it is named when the file is read.
    }
  }
  return false;
}

async function readProblems(text: string, file: string, own: ReadonlyMap<string, UserTask>): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      const problem = problemSchema.parse(JSON.parse(line));
      // Throws, or gives a message, where the facts are of another family.
      const task = own.get(problem.family);
      if (task === undefined) getTask(problem.family).verify(problem.facts, "0");
      else {
        const [verdict] = await task.verify([{ facts: problem.facts, answer: await task.gold(problem.facts) }]);
        if (typeof verdict !== "object") throw new Error(verdict);
      }
      problems.push(problem);
    } catch (cause) {
      throw new ReckonError("PROBLEMS_INVALID", `line ${i + 1} of ${file} is no problem`, {
        expected: "{ family, level, prompt, facts, chance }",
        got: line.slice(0, 100),
        help: "make such lines with `reckon tasks sample FAMILY --json`; name the path of a family of your own with --task",
        cause,
      });
    }
  }
  if (problems.length === 0) throw new ReckonError("PROBLEMS_INVALID", `${file} holds no problems`);
  return problems;
}
