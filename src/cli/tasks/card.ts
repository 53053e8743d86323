/** `reckon tasks card`: all that is to be known of a family before one trains on it, as Markdown or as JSON. */
import type { Command } from "commander";
import { DESCRIPTIONS } from "../../serve/task-catalog.ts";
import { hostileAnswers, type Ladder, type Problem, type RowFields, type Verdict } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import { kindOf, knobs, shortShare } from "./list.ts";
import { fieldsOption, nameOption, type OpenedTask, openTask, skipBrokenOption, workedSolution } from "./open.ts";

interface Options {
  readonly seed: number;
  readonly skipBroken?: boolean;
  readonly fields?: RowFields;
  readonly as?: string;
}

export interface LevelCard {
  readonly level: number;
  /** The knobs' values. */
  readonly knobs: Readonly<Record<string, string | number>>;
  /** Mean over drawn problems. */
  readonly chance: number;
  /** Share of drawn problems that are held out, and how many different ones there were among the `drawn`. */
  readonly held_out: number;
  readonly drawn: number;
  readonly different: number;
  /** Null where a level has no problem of either split. */
  readonly example: {
    readonly prompt: string;
    readonly gold: string;
    readonly solution: string | null;
  } | null;
}

export interface HostileResult {
  readonly name: string;
  /** At most 60 characters of the answer. */
  readonly answer: string;
  readonly characters: number;
  /** Null where the verifier failed; the reason says how. */
  readonly score: number | null;
  readonly reason: string;
}

export interface TaskCard {
  readonly name: string;
  readonly kind: string;
  readonly about: string;
  /** Of a user's task: its path and the SHA-256 of its file. */
  readonly path?: string;
  readonly hash?: string;
  readonly ladder: Ladder;
  readonly levels: readonly LevelCard[];
  /** What the example of the lowest level that has one makes of hostile answers. */
  readonly hostile: readonly HostileResult[];
}

/** Facts drawn of each level for shares, and problems for the chance. */
const SURVEYED = 400;
const CHANCE_DRAWS = 8;

export function cardCommand(): Command {
  return newCommand("card", "write a family's card: what it is, its ladder, examples, chance, hostile answers", [
    ["reckon tasks card countdown > countdown.md", "as Markdown"],
    ["reckon tasks card ./my-task.ts", "a task of your own: which hostile answers does its verifier let through?"],
    ["reckon tasks card ./questions.jsonl --json", "a file of questions and answers, as JSON"],
    ["reckon tasks card ./math.jsonl --fields question=text,answer=label", "one whose fields have names of their own"],
  ])
    .argument("<family>", "a name from `reckon tasks list`, or the path of a task module or a .jsonl file")
    .option("--seed <n>", "the same seed draws the same examples", integer(0), 0)
    .addOption(skipBrokenOption())
    .addOption(fieldsOption())
    .addOption(nameOption())
    .action(async (family: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const task = await openTask(family, ui, options);
      try {
        const card = await taskCard(task, options.seed);
        ui.document(card);
        if (!ui.json) ui.say(markdown(card));
      } finally {
        await task.close();
      }
    });
}

/** Everything on a card. @throws ReckonError TASK_FAILED where a user's task does */
export async function taskCard(task: OpenedTask, seed: number): Promise<TaskCard> {
  const levels: LevelCard[] = [];
  let hostile: HostileResult[] = [];
  for (let level = 0; level < task.levels; level++) {
    const problem = await drawn(task, seed, 0, level);
    levels.push(await levelCard(task, seed, level, problem));
    if (hostile.length === 0 && problem) hostile = await hostileResults(task, problem);
  }
  return {
    name: task.name,
    kind: task.origin === "built-in" ? kindOf(task.name) : task.origin,
    about: about(task),
    ...(task.origin === "built-in" ? {} : { path: task.path, hash: task.hash }),
    ladder: task.ladder,
    levels,
    hostile,
  };
}

function about(task: OpenedTask): string {
  switch (task.origin) {
    case "built-in":
      return DESCRIPTIONS[task.name] ?? "";
    case "module":
      return "A task of a user's module.";
    case "file":
      return "Questions and answers of a file; an answer is right when it is one number of the gold answer's value, or its text.";
    default:
      task.origin satisfies never;
      throw new Error("internal: unknown origin");
  }
}

async function levelCard(task: OpenedTask, seed: number, level: number, problem: Problem | null): Promise<LevelCard> {
  const facts = await task.survey({ seed, level, count: SURVEYED });
  const chances = [problem?.chance ?? 0];
  for (let index = 1; problem && index < CHANCE_DRAWS; index++) {
    chances.push((await drawn(task, seed, index, level))?.chance ?? 0);
  }
  return {
    level,
    knobs: Object.fromEntries(
      Object.entries(task.ladder).map(([knob, values]) => [knob, values[Math.min(level, values.length - 1)]!]),
    ),
    chance: chances.reduce((a, b) => a + b, 0) / chances.length,
    held_out: facts.filter(({ heldOut }) => heldOut).length / facts.length,
    drawn: facts.length,
    different: new Set(facts.map(({ canonical }) => canonical)).size,
    example: problem && {
      prompt: problem.prompt,
      gold: await task.gold(problem.facts),
      solution: workedSolution(task, problem) ?? null,
    },
  };
}

/** A held-out problem in English; of the training split where none is held out; null where there is no other either. */
async function drawn(task: OpenedTask, seed: number, index: number, level: number): Promise<Problem | null> {
  for (const split of ["heldout", "train"] as const) {
    try {
      return await task.problem({ seed, index, level, split, language: "en" });
    } catch (error) {
      const isEmpty = error instanceof ReckonError && /^TASK_(?:SPLIT_EMPTY|FAILED)$/.test(error.code);
      if (!isEmpty || (error.code === "TASK_FAILED" && split === "train")) throw error;
    }
  }
  return null;
}

async function hostileResults(task: OpenedTask, problem: Problem): Promise<HostileResult[]> {
  const gold = await task.gold(problem.facts);
  const answers = hostileAnswers(problem.prompt, gold, await otherGold(task, problem, gold));
  const verdicts = await task.verify(answers.map(({ answer }) => ({ facts: problem.facts, answer })));
  return answers.map(({ name, answer }, i) => {
    const verdict: Verdict | string = verdicts[i]!;
    const result = typeof verdict === "string" ? { score: null, reason: verdict } : verdict;
    return { name, answer: answer.slice(0, 60), characters: answer.length, ...result };
  });
}

/** A wrong answer of the right kind: another problem's gold answer, as far as the verifier finds it wrong. */
async function otherGold(task: OpenedTask, problem: Problem, gold: string): Promise<string> {
  for (let index = 1; index <= 20; index++) {
    const other = await drawn(task, 1, index, problem.level);
    const answer = other === null ? gold : await task.gold(other.facts);
    const [verdict] = await task.verify([{ facts: problem.facts, answer }]);
    if (answer !== gold && typeof verdict === "object" && verdict.score === 0) return answer;
  }
  return `not ${gold}`;
}

/** A card as Markdown. */
export function markdown(card: TaskCard): string {
  const { name, kind, about, path, hash, ladder, levels, hostile } = card;
  const passed = hostile.filter(({ score }) => score !== 0);
  const lines = [
    `# ${name}`,
    "",
    [about, `Kind: ${kind}.`, knobs(ladder) === "" ? "" : `Ladder, easy to hard: ${knobs(ladder)}.`]
      .filter((part) => part !== "")
      .join(" "),
    ...(path === undefined ? [] : ["", `File: \`${path}\`, SHA-256 \`${hash}\`.`]),
    "",
    "## Levels",
    "",
    `| level | ${[...Object.keys(ladder), "by chance", "held out", "different problems"].join(" | ")} |`,
    `| --- | ${[...Object.keys(ladder), "", "", ""].map(() => "---").join(" | ")} |`,
    ...levels.map((l) => {
      const values = Object.values(l.knobs).map((value) => cell(String(value)));
      const share = `${(100 * l.held_out).toFixed(1)} %`;
      return `| ${[l.level, ...values, shortShare(l.chance), share, `${l.different} of ${l.drawn} drawn`].join(" | ")} |`;
    }),
    "",
    "By chance: the probability that one random legal answer is right, where the family knows it; 0 where answers are free text.",
    "",
    "## Examples",
    "",
    ...levels.flatMap(({ level, example }) =>
      example === null
        ? [`Level ${level} has no problem.`, ""]
        : [
            `Level ${level}:`,
            "",
            fenced([`problem: ${example.prompt}`, `answer:  ${example.gold}`].join("\n")),
            "",
            ...(example.solution === null ? [] : ["worked:", "", fenced(example.solution), ""]),
          ],
    ),
    "## Hostile answers",
    "",
    hostile.length === 0
      ? "There was no problem to try them on."
      : `To the first example. ${hostile.length - passed.length} of ${hostile.length} score 0${
          passed.length === 0
            ? "."
            : `; the others, ${passed.map((result) => result.name).join("; ")}: they have to be forms of the right answer, or the verifier has a hole.`
        }`,
    "",
    "| answer | as written | score | reason |",
    "| --- | --- | --- | --- |",
    ...hostile.map(
      (h) => `| ${h.name} | ${shown(h)} | ${h.score === null ? "failed" : h.score} | ${cell(h.reason.slice(0, 120))} |`,
    ),
  ];
  return lines.join("\n");
}

function shown({ answer, characters }: HostileResult): string {
  const text = cell(JSON.stringify(answer.slice(0, 30)));
  return characters > 30 ? `${text}… (${characters} characters)` : text;
}

/** A text that cannot break a table or become markup. */
function cell(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>#|~$]/g, "\\$&")
    .replace(/[\r\n]+/g, " ")
    .replace(/\p{Cc}|\p{Cf}/gu, (sign) => `U+${sign.codePointAt(0)!.toString(16).padStart(4, "0")}`)
    .toWellFormed();
}

/** A block that shows a text as it is; its fence is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
