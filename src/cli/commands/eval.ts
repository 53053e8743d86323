/** `reckon eval`: how good is a model on problems that it has not seen. The JSON is a frozen interface. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { z } from "zod";
import { getTask, type Problem } from "../../tasks/index.ts";
import { type EvaluationSummary, summarise } from "../../train/evaluate.ts";
import { ReckonError } from "../../util/errors.ts";
import { decimal, integer, newCommand, uiOf } from "../command.ts";
import { evaluateModel, heldOutProblems } from "../evaluation.ts";
import { openModel } from "../models.ts";
import { table, type Ui } from "../ui.ts";

interface Options {
  readonly problems?: string;
  readonly count: number;
  readonly samples: number;
  readonly seed: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly maxTokens: number;
  readonly workers: number;
  readonly thinkingBudget?: number;
  readonly waits?: number;
}

export function create(): Command {
  return newCommand("eval", "", [
    ["reckon eval zero", "the shipped model on 500 held-out problems of the mixture that it was trained on"],
    ["reckon eval base --problems set.jsonl --samples 16 --temperature 0.6 --json", "pass@k on problems of your own"],
  ])
    .argument("<model>", "a shipped model, a folder, or a run")
    .option(
      "--problems <file>",
      "JSON lines { family, level, prompt, facts, chance } as `reckon tasks sample` writes them",
    )
    .option("--count <n>", "without --problems: how many held-out problems", integer(1), 500)
    .option("--samples <k>", "answers a problem", integer(1), 1)
    .option("--seed <s>", "of the sampling", integer(0), 0)
    .option("--temperature <t>", "0 always takes the likeliest token", decimal(0), 1)
    .option("--top-k <n>", "sample among the n likeliest tokens", integer(1))
    .option("--top-p <p>", "sample among the likeliest tokens that hold this probability", decimal(0, 1))
    .option("--max-tokens <n>", "most new tokens", integer(1), 256)
    .option("--thinking-budget <n>", "make it answer after this many tokens of thinking", integer(0))
    .option("--waits <n>", 'put off the end of its thinking so many times, by "wait"', integer(0))
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .action(async (name: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { folder, checkpoint } = await openModel(name);
      const problems = options.problems ? await readProblems(options.problems) : heldOutProblems(options.count);
      const progress = ui.progress("answers", problems.length * options.samples);
      const answers = await evaluateModel(checkpoint, problems, {
        ...options,
        onProgress: (done) => progress.update(done),
      });
      progress.end();
      const summary = summarise(answers, options.samples);
      ui.document(summary);
      if (!ui.json) print(ui, folder, summary);
    });
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

async function readProblems(file: string): Promise<Problem[]> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new ReckonError("PROBLEMS_UNREADABLE", `${file} could not be read`, { got: cause.message, cause });
  });
  const problems = text.split("\n").flatMap((line, i): Problem[] => {
    if (line.trim() === "") return [];
    try {
      const problem = problemSchema.parse(JSON.parse(line));
      getTask(problem.family).verify(problem.facts, "0"); // Throws where the facts are of another family.
      return [problem];
    } catch (cause) {
      throw new ReckonError("PROBLEMS_INVALID", `line ${i + 1} of ${file} is no problem`, {
        expected: "{ family, level, prompt, facts, chance }",
        got: line.slice(0, 100),
        help: "make such lines with `reckon tasks sample FAMILY --json`",
        cause,
      });
    }
  });
  if (problems.length === 0) throw new ReckonError("PROBLEMS_INVALID", `${file} holds no problems`);
  return problems;
}

function print(ui: Ui, folder: string, s: EvaluationSummary): void {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  ui.say(`${folder}: ${s.n} problems, ${s.samples} answers each`);
  ui.say(
    table([
      ["right", `${percent(s.pass_at_1)} ± ${percent(s.se)}`, `(a random legal answer: ${percent(s.chance)})`],
      ...Object.entries(s.pass_at_k)
        .slice(1)
        .map(([k, value]) => [`pass@${k}`, percent(value), ""]),
      ["strict format", percent(s.format), `right given the format: ${percent(s.accuracy_given_format)}`],
      ["tokens", s.tokens_mean.toFixed(1), `right ${s.tokens_right.toFixed(1)}, wrong ${s.tokens_wrong.toFixed(1)}`],
      [
        "retries or re-checks",
        percent(s.recheck_share),
        `first try wrong and went on: ${percent(s.went_on_share)}, of these right ${percent(s.recovered)}`,
      ],
    ]),
  );
  ui.say();
  const rows = s.by_family_level.map((r) => [
    r.family,
    String(r.level),
    String(r.n),
    percent(r.accuracy),
    percent(r.chance),
    r.tokens_mean.toFixed(0),
  ]);
  ui.say(table([["FAMILY", "LEVEL", "ANSWERS", "RIGHT", "CHANCE", "TOKENS"], ...rows]));
}
