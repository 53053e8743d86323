/** `reckon eval`: how good is a model on problems that it has not seen. The JSON is a frozen interface. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { LoadedCheckpoint } from "../../model/hf-checkpoint.ts";
import type { Problem, RowFields, Split } from "../../tasks/index.ts";
import { type Evaluated, type EvaluationSummary, summarise } from "../../train/evaluate.ts";
import { type InstructionSummary, summariseInstructions } from "../../train/instruction-metrics.ts";
import { type Judge, ruleJudge } from "../../train/judge.ts";
import { modelJudge } from "../../train/model-judge.ts";
import { type RankingSummary, summariseRanking } from "../../train/ranking.ts";
import { decimal, integer, newCommand, uiOf, usageError } from "../command.ts";
import { evaluateModel, heldOutInstructions, heldOutProblems, type MixName, mixOption } from "../evaluation.ts";
import { openModel } from "../models.ts";
import { openProblems } from "../problem-files.ts";
import { openRanker } from "../ranker.ts";
import { stageTable, stageTableText } from "../stage-table.ts";
import { again, fieldsOption, firstGiven, nameOption, rowOptions, skipBrokenOption } from "../tasks/open.ts";
import { table, type Ui } from "../ui.ts";

interface Options {
  readonly problems?: string;
  readonly task: readonly string[];
  readonly skipBroken?: boolean;
  readonly fields?: RowFields;
  readonly as?: string;
  readonly split?: Split | "all";
  readonly instructions?: boolean;
  readonly stages?: boolean;
  readonly rewardModel?: string;
  readonly mix: MixName;
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
    ["reckon eval zero", "the shipped model on 500 held-out problems of the mixture that `npm start` grows on"],
    ["reckon eval zero --mix small --count 3000", "on all 25 families, in the shares that training has of them"],
    ["reckon eval base --problems set.jsonl --samples 16 --temperature 0.6 --json", "pass@k on problems of your own"],
    [
      "reckon eval zero --samples 8 --reward-model runs/reward",
      "does it pay to take the answer that a reward model (`reckon train reward`) rates highest, or a vote",
    ],
    ["reckon eval zero --instructions", "how far it does as it is told, kind by kind"],
    ["reckon eval runs/r1 --stages", "what each stage of a recipe gave"],
    [
      "reckon eval r1-zero --problems questions.jsonl --split heldout",
      "on the rows of a file that training leaves out",
    ],
  ])
    .argument("<model>", "a shipped model, a folder, or a run")
    .option(
      "--problems <file>",
      "JSON lines { family, level, prompt, facts, chance } as `reckon tasks sample` writes them, or { question, answer }",
    )
    .option(
      "--task <path>",
      "a task module or .jsonl file whose family stands in --problems; again for more",
      again,
      [],
    )
    .addOption(skipBrokenOption())
    .addOption(fieldsOption())
    .addOption(nameOption())
    .addOption(
      new Option("--split <split>", "of such a file: the rows that are posed; those to train on, or those kept from it")
        .choices(["all", "heldout", "train"])
        .default(undefined, "all"),
    )
    .option("--instructions", "on held-out instructions: answers at once, in words, as lists; greetings; recall")
    .option("--stages", "of a run of several stages: what each of them gave, as a table")
    .option("--reward-model <name>", "rate the answers by this run or folder, and take the best of several")
    .addOption(mixOption("without --problems: the mixture, that of `npm start` or of all families"))
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
      if (options.problems === undefined) checkFileless(options);
      checkRanking(options);
      if (options.stages) return printStages(ui, name, options);
      const { folder, checkpoint } = await openModel(name, ui);
      const source = options.problems ? await openProblems(options.problems, options.task, ui, options) : undefined;
      const problems =
        source?.problems ?? (options.instructions ? heldOutInstructions : heldOutProblems)(options.count, options.mix);
      const answers = await rated(ui, checkpoint, problems, options, source?.judge ?? ruleJudge()).finally(() =>
        source?.close(),
      );
      const summary = summarise(answers, options.samples);
      const ranking =
        options.samples > 1 ? summariseRanking(answers, options.samples, options.rewardModel !== undefined) : undefined;
      const instructions = options.instructions ? summariseInstructions(answers) : undefined;
      ui.document({ ...summary, ...ranking, ...(instructions ? { instructions } : {}) });
      if (ui.json) return;
      print(ui, folder, summary, ranking);
      if (instructions) printInstructions(ui, instructions);
    });
}

/** Options that say how a file is read are for nothing where none is. */
function checkFileless({ task, split, ...options }: Options): void {
  const option = firstGiven({ "--task": task[0], ...rowOptions(options), "--split": split });
  if (option === undefined) return;
  throw usageError(`${option} says something of a file of problems`, { expected: "--problems <file> beside it" });
}

function checkRanking({ rewardModel, samples, stages }: Options): void {
  if (rewardModel === undefined) return;
  if (stages) {
    throw usageError("--stages measures one answer a problem: there is nothing to choose from", {
      expected: "--stages or --reward-model, not both",
    });
  }
  if (samples > 1) return;
  throw usageError("a reward model chooses among several answers to a problem", {
    expected: "--samples 2 or more beside --reward-model",
    got: `--samples ${samples}`,
  });
}

/** Answers, judged by the rules and rated by the reward model if there is to be one. */
async function rated(
  ui: Ui,
  checkpoint: LoadedCheckpoint,
  problems: readonly Problem[],
  options: Options,
  rules: Judge,
): Promise<Evaluated[]> {
  const ranker =
    options.rewardModel === undefined
      ? undefined
      : await openRanker(options.rewardModel, checkpoint, problems, options, ui);
  const progress = ui.progress("answers", problems.length * options.samples);
  try {
    return await evaluateModel(checkpoint, problems, {
      ...options,
      // Its weight is none: what it says stands beside what the rules say.
      judge: ranker ? modelJudge(rules, ranker.opinions, 0) : rules,
      onProgress: (done) => progress.update(done),
    });
  } finally {
    progress.end();
    await ranker?.close();
  }
}

async function printStages(ui: Ui, run: string, { workers }: Options): Promise<void> {
  const rows = await stageTable(run, {
    workers,
    onModel: (name) => ui.say(`measuring ${name}`),
    warn: (message) => ui.warn(message),
  });
  ui.document(rows);
  ui.say(`\n${stageTableText(rows)}`);
}

function printInstructions(ui: Ui, { kinds, language }: InstructionSummary): void {
  const percent = (x: number): string => (Number.isNaN(x) ? "–" : `${(100 * x).toFixed(1)} %`);
  const rows = Object.entries(kinds).map(([kind, { n, followed, right }]) => [
    ...[kind, String(n), percent(followed), percent(right)],
  ]);
  ui.say(`\n${table([["INSTRUCTION", "ANSWERS", "FOLLOWED", "RIGHT"], ...rows])}`);
  ui.say(`\nthoughts in the language of the prompt: ${percent(language)}`);
}

function print(ui: Ui, folder: string, s: EvaluationSummary, ranking?: RankingSummary): void {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const chosen = (k: string): string =>
    [["majority", ranking?.votes[k]] as const, ["highest rated", ranking?.best_of_k?.[k]] as const]
      .flatMap(([how, share]) => (share === undefined ? [] : [`${how} ${percent(share)}`]))
      .join(", ");
  ui.say(`${folder}: ${s.n} problems, ${s.samples} answers each`);
  ui.say(
    table([
      ["right", `${percent(s.pass_at_1)} ± ${percent(s.se)}`, `(a random legal answer: ${percent(s.chance)})`],
      ...Object.entries(s.pass_at_k)
        .slice(1)
        .map(([k, value]) => [`pass@${k}`, percent(value), chosen(k)]),
      ...(ranking?.weighted_vote === undefined
        ? []
        : [["vote by rating", percent(ranking.weighted_vote), `of all ${s.samples}, each counting as it is rated`]]),
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
