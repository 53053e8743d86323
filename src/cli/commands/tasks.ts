/**
 * `reckon tasks`: the task families seen from outside, as text and as JSON lines. The JSON is a frozen interface.
 */
import { createReadStream } from "node:fs";
import { type Command, Option } from "commander";
import { getTask, type Language, listTasks, sampleProblem, type Verdict } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { table } from "../ui.ts";

export function create(): Command {
  return newCommand("tasks", "", [
    ["reckon tasks list", "shows the families and their difficulty ladders"],
    ["reckon tasks sample countdown --level 1 --count 5", "shows five problems"],
  ])
    .addCommand(listCommand())
    .addCommand(sampleCommand())
    .addCommand(verifyCommand());
}

function listCommand(): Command {
  return newCommand("list", "list the task families", [["reckon tasks list --json", "the families as JSON"]]).action(
    (_options: object, command: Command) => {
      const ui = uiOf(command);
      const families = listTasks().map(({ name, levels, ladder }) => ({ name, levels, ladder }));
      ui.document(families);
      if (ui.json) return;
      const knobs = (ladder: Readonly<Record<string, readonly unknown[]>>) =>
        Object.entries(ladder)
          .map(([knob, values]) => `${knob} ${values.join(" ")}`)
          .join("; ");
      ui.say(
        table([
          ["FAMILY", "LEVELS", "LADDER, EASY TO HARD"],
          ...families.map((f) => [f.name, f.levels === 1 ? "0" : `0-${f.levels - 1}`, knobs(f.ladder)]),
        ]),
      );
    },
  );
}

interface SampleOptions {
  readonly level: number;
  readonly count: number;
  readonly seed: number;
  readonly split: "train" | "heldout";
  readonly language?: Language;
}

function sampleCommand(): Command {
  return newCommand("sample", "draw problems of a family", [
    ["reckon tasks sample addition --level 2 --count 3", "three additions to look at"],
    ["reckon tasks sample countdown --level 1 --count 2000 --seed 7 --json > problems.jsonl", "a held-out test set"],
  ])
    .argument("<family>", "a name from `reckon tasks list`")
    .option("--level <n>", "difficulty, 0 is the easiest", integer(0), 0)
    .option("--count <n>", "how many problems", integer(0), 1)
    .option("--seed <n>", "the same seed draws the same problems", integer(0), 0)
    .addOption(
      new Option("--split <split>", "problems seen or never seen in training")
        .choices(["heldout", "train"])
        .default("heldout"),
    )
    .addOption(new Option("--language <code>", "language of the prompts (default: a mixture)").choices(["en", "de"]))
    .action(async (family: string, options: SampleOptions, command: Command) => {
      const ui = uiOf(command);
      const task = getTask(family);
      const { level, seed, split } = options;
      const language = options.language === undefined ? {} : { language: options.language };
      for (let index = 0; index < options.count; index++) {
        const problem = sampleProblem(task, { seed, index, level, split, ...language });
        if (ui.json) await ui.line(JSON.stringify(problem));
        else
          await ui.line(
            `${problem.prompt}\n  answer: ${task.gold(problem.facts)}    (by chance: ${problem.chance.toPrecision(2)})`,
          );
      }
    });
}

function verifyCommand(): Command {
  return newCommand("verify", "judge answers: JSON lines in, one { score, reason } a line out", [
    ["reckon tasks verify < answers.jsonl", "reads { family, facts, prompt, answer } a line"],
    ["reckon tasks verify --file answers.jsonl", "the same from a file"],
  ])
    .option("--file <path>", "read this file instead of standard input")
    .action(async (options: { readonly file?: string }, command: Command) => {
      const ui = uiOf(command);
      let number = 0;
      let broken = 0;
      for await (const line of readLines(options.file)) {
        number++;
        if (line.trim() === "") continue;
        let verdict: Verdict;
        try {
          verdict = verifyLine(line);
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
      if (broken > 0) {
        throw new ReckonError("TASKS_BROKEN_LINES", `${broken} of ${number} lines could not be judged and scored 0.`, {
          expected: 'lines of JSON such as {"family":"addition","facts":{…},"prompt":"…","answer":"42"}',
          help: "Mend the lines named above; `reckon tasks sample FAMILY --json` writes the first three fields.",
        });
      }
    });
}

/** Judges one line of input; throws on a line that is not what is expected. */
function verifyLine(line: string): Verdict {
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
  return getTask(family).verify(facts, answer ?? "");
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
