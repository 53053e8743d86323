/** `reckon train`: run a recipe, in a run directory that can be resumed. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { NODE_PROVIDERS, type NodeProviderName } from "../../graph/node.ts";
import {
  estimate,
  estimateStages,
  isPipeline,
  minutesOf,
  preflight,
  RECIPES,
  type Recipe,
  SAMPLING_RATE,
  SCALES,
  type Scale,
  stageConfigs,
  TRAINING_RATE,
} from "../../recipes/index.ts";
import { refused } from "../../recipes/refused.ts";
import { resumedAs, runNamed } from "../../runs/index.ts";
import type { RunObserver } from "../../runs/run-directory.ts";
import { integer, newCommand, RUNS, runsGiven, uiOf, usageError } from "../command.ts";
import { modelFolder, openModel } from "../models.ts";
import { type StageRow, type StageTableOptions, stageTable, stageTableText } from "../stage-table.ts";
import {
  freshName,
  newRecipe,
  runTraining,
  type StagesObserver,
  skippingBroken,
  storedRecipe,
  type TrainingResult,
} from "../training.ts";
import { formatCount, formatDuration, table, type Ui } from "../ui.ts";

interface Options {
  readonly name?: string;
  readonly runs: string;
  readonly resume?: string;
  readonly set: readonly string[];
  readonly seed?: number;
  readonly workers: number;
  readonly provider: NodeProviderName;
  readonly skipBroken?: boolean;
  readonly dryRun?: boolean;
  readonly scale: Scale;
}

export function create(): Command {
  return newCommand("train", "", [
    ["reckon train r1-zero", "grow a reasoning model from the shipped base; about five minutes on two cores"],
    ["reckon train r1-zero --seed 1 --set steps=60 --set learningRate=3e-4", "with settings of your own"],
    ["reckon train --resume r1-zero", "go on with a run that was stopped or killed"],
    ["reckon train r1-zero --scale small", "on all 25 families, more problems a step: about 17 minutes"],
    ["reckon train r1", "the pipeline of DeepSeek-R1, stage by stage; what is done is kept, also when settings change"],
    ["reckon train r1 --scale small", "on all families: half an hour to an hour on two cores"],
    ["reckon train r1 --set stages.rl.steps=5", "a setting of one stage, by its name"],
    [
      "reckon train base --dry-run",
      "the resolved recipe, its tokens and its operations, without running it; with --resume RUN that of a run",
    ],
  ])
    .argument("[recipe]", `${Object.keys(RECIPES).join(", ")}, or a file with one`)
    .addOption(
      new Option("--scale <scale>", "tiny: minutes on two cores; small: all families, larger steps, up to two hours")
        .choices(SCALES)
        .default("tiny"),
    )
    .option("--name <run>", "folder of the run inside --runs (default: the recipe's name)")
    .option("--runs <folder>", "where runs are kept", RUNS)
    .option("--resume <run>", "go on with this run, by its name or folder, from its newest checkpoint")
    .option(
      "--set <path=value>",
      "change a setting of the recipe; may be given again",
      (value, list: string[]) => [...list, value],
      [] as string[],
    )
    .option("--seed <n>", "short for --set seed=n", integer(0))
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .addOption(
      new Option("--provider <name>", "what computes; where it cannot, the cpu does")
        .choices(NODE_PROVIDERS)
        .default("cpu"),
    )
    .option("--skip-broken", "of data sets and files of questions: leave broken rows out instead of refusing them")
    .option("--dry-run", "print the resolved recipe and what it will take, and end")
    .addHelpText("after", `\nRecipes:\n${recipeList()}`)
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { runs: root, workers, provider } = options;
      const engine = { workers, provider };
      const observer = progressOf(ui);
      const stages = stagesOf(ui);
      if (options.resume !== undefined) {
        refuseBeside(name, options, command);
        // A stage is part of its run.
        const run = resumedAs(runNamed(root, options.resume));
        if (options.dryRun) {
          await dryRun(ui, storedRecipe(root, run));
          return ui.say(`that is the whole of ${run}: what it has done already is not done again`);
        }
        const result = await runTraining(undefined, { root, name: run, resume: true, ...engine, observer, stages });
        return report(ui, result, options);
      }
      if (name === undefined) return command.help({ error: true });
      const settings = options.seed === undefined ? options.set : [...options.set, `seed=${options.seed}`];
      const asWritten = await newRecipe(name, settings, options.scale);
      const recipe = options.skipBroken ? skippingBroken(asWritten) : asWritten;
      if (options.dryRun) return dryRun(ui, recipe);
      // Stages that are done are kept, so a recipe of several has one folder.
      const run = options.name ?? (recipe.stages.length > 1 ? recipe.name : freshName(root, recipe.name));
      await report(
        ui,
        await runTraining(recipe, { root, name: run, resume: false, ...engine, observer, stages }),
        options,
      );
    });
}

/** What makes a new recipe does nothing to the one that a run keeps. */
function refuseBeside(name: string | undefined, options: Options, command: Command): void {
  const given = ["name", "set", "seed", "scale", "skipBroken"].filter(
    (option) => command.getOptionValueSource(option) === "cli",
  );
  if (name === undefined && given.length === 0) return;
  throw usageError("a run that goes on keeps its recipe", {
    expected: "--resume without a recipe, --name, --set, --seed, --scale or --skip-broken",
    help: `a new run from where it is: reckon train r1-zero --set from=${options.runs}/${options.resume}`,
  });
}

/** The recipes that come with it, each with what it is. */
function recipeList(): string {
  const names = Object.keys(RECIPES);
  const width = Math.max(...names.map(({ length }) => length));
  return names.map((name) => `  ${name.padEnd(width)}  ${RECIPES[name]!.tiny.description}`).join("\n");
}

async function dryRun(ui: Ui, recipe: Recipe): Promise<void> {
  await preflight(recipe, { modelFolder, warn: (message) => ui.warn(message) });
  const configs = await stageConfigs(recipe, async (folder) => (await openModel(folder)).checkpoint.config);
  const cores = availableParallelism();
  const stages = estimateStages(recipe, configs).map((stage) => ({ ...stage, minutes: minutesOf(stage, cores) }));
  const cost = estimate(recipe, configs);
  const minutes = minutesOf(cost, cores);
  const several = stages.length > 1 ? { stages } : {};
  ui.document({ recipe, estimate: { ...cost, minutes, ...several } });
  if (ui.json) return;
  ui.say(JSON.stringify(recipe, null, 2));
  if (stages.length > 1) {
    const rows = stages.map(({ name, trained, sampled, flops, minutes: own }) => [
      ...[name, formatCount(trained), formatCount(sampled), flops.toExponential(2), own.toFixed(1)],
    ]);
    ui.say(table([["STAGE", "TRAINED", "SAMPLED", "OPERATIONS", "MINUTES"], ...rows]));
  }
  ui.say(`about ${formatCount(cost.trained)} tokens trained, ${formatCount(cost.sampled)} sampled`);
  // Chains that are written by rule, and the answers of others, take none of ours.
  if (configs.every((config) => config === undefined)) return;
  ui.say(
    `${cost.flops.toExponential(2)} operations: about ${minutes.toFixed(1)} minutes on ${cores} cores, at ${TRAINING_RATE / 1e9} GFLOP/s a core of training and ${SAMPLING_RATE / 1e9} of sampling`,
  );
}

/** What is told of the stages of a recipe that has several. */
function stagesOf(ui: Ui): StagesObserver {
  return {
    told({ name, kind, seconds }, what) {
      const after = what === "is done" || what === "was done" ? `, ${formatDuration(seconds)}` : "";
      ui.say(`${name}${name === kind ? "" : ` (${kind})`} ${what}${after}`);
    },
    observer: ({ name }) => progressOf(ui, name),
  };
}

/** One line that follows the run. */
function progressOf(ui: Ui, label = "training"): RunObserver {
  let progress: ReturnType<Ui["progress"]> | undefined;
  let first = 0;
  let note = "";
  const show = (metrics: Readonly<Record<string, number>>, key: string, label: string): string =>
    metrics[key] === undefined ? "" : `${label} ${metrics[key].toPrecision(3)}`;
  return {
    metrics(record) {
      const parts = [
        show(record, "reward", "reward"),
        show(record, "loss", "loss"),
        show(record, "sample/right", "right"),
        show(record, "completions/mean_length", "tokens"),
        show(record, "eval/accuracy", "held-out"),
        show(record, "eval/pair_accuracy", "held-out pairs"),
      ].filter((part) => part !== "");
      note = parts.join(" · ");
      if (record["eval/accuracy"] !== undefined) ui.say(`step ${record.step}: ${evaluationLine(record)}`);
    },
    event(event) {
      ui.warn(`step ${event.step}: ${event.message}${event.help ? ` (${event.help})` : ""}`);
    },
    progress(step, steps) {
      if (!progress) {
        first = step - 1;
        progress = ui.progress(label, steps - first);
      }
      progress.update(step - first, note);
      if (step === steps) progress.end();
    },
  };
}

/** The held-out numbers of a step in words. */
export function evaluationLine(metrics: Readonly<Record<string, number>>): string {
  const percent = (key: string): string => `${(100 * (metrics[key] ?? 0)).toFixed(1)} %`;
  return `held-out right ${percent("eval/accuracy")} (chance ${percent("eval/chance")}), format ${percent("eval/format")}, ${(metrics["eval/mean_length"] ?? 0).toFixed(0)} tokens, re-checks ${percent("eval/recheck_share")}`;
}

async function report(ui: Ui, result: TrainingResult, { workers, runs }: Options): Promise<void> {
  const again = result.run.split(/[\\/]/).at(-1);
  const several = result.status === "finished" && isPipeline(result.run);
  const onModel = (name: string): void => ui.say(`measuring ${name}`);
  const warn = (message: string): void => ui.warn(message);
  const rows = several ? await measured(result.run, { workers, onModel, warn }) : undefined;
  ui.document(rows === undefined ? result : { ...result, table: rows });
  if (rows !== undefined) ui.say(`\n${stageTableText(rows)}\n`);
  ui.say(
    result.status === "finished"
      ? `done: ${result.checkpoint ?? result.run}`
      : `stopped; nothing is lost. Go on with: reckon train --resume ${again}${runsGiven(runs)}`,
  );
}

async function measured(run: string, options: StageTableOptions): Promise<StageRow[]> {
  try {
    return await stageTable(run, options);
  } catch (error) {
    const kept = "all stages are done, and their models intact";
    throw refused(error, { path: run, what: "the table of the stages", kept, next: "give the same command again" });
  }
}
