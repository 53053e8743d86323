/** `reckon tasks verify`: judges answers, JSON lines in and out. The JSON is a frozen interface. */
import { createReadStream } from "node:fs";
import type { Command } from "commander";
import type { UserTask } from "../../runs/index.ts";
import { getTask, type RowFields, type Verdict } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { newCommand, uiOf, usageError } from "../command.ts";
import { again, fieldsOption, nameOption, openTask, skipBrokenOption } from "./open.ts";

interface Options {
  readonly file?: string;
  readonly task: readonly string[];
  readonly skipBroken?: boolean;
  readonly fields?: RowFields;
  readonly as?: string;
}

export function verifyCommand(): Command {
  return newCommand("verify", "judge answers: JSON lines in, one { score, reason } a line out", [
    ["reckon tasks verify < answers.jsonl", "reads { family, facts, prompt, answer } a line"],
    ["reckon tasks verify --file answers.jsonl", "the same from a file"],
    ["reckon tasks verify ./my-task.ts < answers.jsonl", "answers to problems of a task of your own"],
  ])
    .argument("[tasks...]", "paths of task modules and .jsonl files whose families stand in the lines")
    .option("--task <path>", "the same as an option; may be given again", again, [])
    .option("--file <path>", "read this file instead of standard input")
    .addOption(skipBrokenOption())
    .addOption(fieldsOption())
    .addOption(nameOption())
    .action(async (paths: readonly string[], options: Options, command: Command) => {
      const ui = uiOf(command);
      const own = new Map<string, UserTask>();
      let number = 0;
      let broken = 0;
      try {
        for (const path of [...paths, ...options.task]) {
          const task = await openTask(path, ui, options);
          own.set(task.name, task);
        }
        for await (const line of readLines(options.file)) {
          number++;
          if (line.trim() === "") continue;
          let verdict: Verdict;
          try {
            verdict = await verifyLine(line, own);
          } catch (error) {
            // The line still gets its verdict, so that output lines stay beside their input lines.
            const what =
              error instanceof ReckonError ? error.message.split("\n")[0]! : `the facts do not fit: ${String(error)}`;
            verdict = { score: 0, reason: `line ${number} is broken: ${what}` };
            broken++;
            ui.warn(verdict.reason);
          }
          await ui.line(JSON.stringify({ score: verdict.score, reason: verdict.reason }));
        }
      } finally {
        for (const task of own.values()) await task.close();
      }
      if (broken > 0) {
        throw new ReckonError("TASKS_BROKEN_LINES", `${broken} of ${number} lines could not be judged and scored 0.`, {
          expected: 'lines of JSON such as {"family":"addition","facts":{…},"prompt":"…","answer":"42"}',
          help: "Mend the lines named above; `reckon tasks sample FAMILY --json` writes the first three fields.",
        });
      }
    });
}

/** Judges one line of input; throws on a line that is not what is expected. */
async function verifyLine(line: string, own: ReadonlyMap<string, UserTask>): Promise<Verdict> {
  const broken = (what: string) => new ReckonError("TASKS_BROKEN_LINE", what);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw broken(`not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw broken("not a JSON object");
  const { family, facts, answer } = value as Record<string, unknown>;
  if (typeof family !== "string") throw broken("`family` is not a string");
  if (facts === undefined) throw broken("`facts` is missing");
  if (typeof answer !== "string" && answer !== null) throw broken("`answer` is not a string (or null for none)");
  const task = own.get(family);
  if (task === undefined) return getTask(family).verify(facts, answer ?? "");
  const [verdict] = await task.verify([{ facts, answer: answer ?? "" }]);
  if (typeof verdict === "string") throw broken(`the verifier failed: ${verdict}`);
  return verdict!;
}

async function* readLines(file: string | undefined): AsyncGenerator<string> {
  if (file === undefined && process.stdin.isTTY) {
    throw usageError("There is nothing to read.", {
      expected: "JSON lines on standard input, or --file",
      got: "a terminal",
      help: "reckon tasks verify < answers.jsonl",
    });
  }
  const input = file === undefined ? process.stdin : createReadStream(file);
  let rest = "";
  try {
    for await (const chunk of input.setEncoding("utf8")) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (rest !== "") yield rest;
}

function unreadable(file: string | undefined, cause: unknown): unknown {
  if (file === undefined || !(cause instanceof Error && "code" in cause)) return cause;
  return new ReckonError("FILE_UNREADABLE", `${file} cannot be read.`, {
    got: cause.message,
    help: "Check the path.",
    cause,
  });
}
