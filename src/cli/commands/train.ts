/** `reckon train`: run a recipe, in a run directory that can be resumed. */
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { NODE_PROVIDERS, type NodeProviderName } from "../../graph/node.ts";
import {
  corpusTokenizer,
  estimate,
  freshConfig,
  RECIPES,
  type Recipe,
  SCALES,
  type Scale,
} from "../../recipes/index.ts";
import type { RunObserver } from "../../runs/run-directory.ts";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { openModel } from "../models.ts";
import { freshName, newRecipe, runTraining } from "../training.ts";
import { formatCount, type Ui } from "../ui.ts";

interface Options {
  readonly name?: string;
  readonly runs: string;
  readonly resume?: string;
  readonly set: readonly string[];
  readonly seed?: number;
  readonly workers: number;
  readonly provider: NodeProviderName;
  readonly dryRun?: boolean;
  readonly scale: Scale;
}

export function create(): Command {
  return newCommand("train", "", [
    ["reckon train r1-zero", "grow a reasoning model from the shipped base; about five minutes on two cores"],
    ["reckon train r1-zero --seed 1 --set steps=60 --set learningRate=3e-4", "with settings of your own"],
    ["reckon train --resume r1-zero", "go on with a run that was stopped or killed"],
    ["reckon train r1-zero --scale small", "on all 25 families, more problems a step: about half an hour"],
    ["reckon train base --dry-run", "the resolved recipe, its tokens and its operations, without running it"],
  ])
    .argument("[recipe]", `${Object.keys(RECIPES).join(", ")}, or a file with one`)
    .addOption(
      new Option("--scale <scale>", "tiny: minutes on two cores; small: all families, larger steps, up to an hour")
        .choices(SCALES)
        .default("tiny"),
    )
    .option("--name <run>", "folder of the run inside --runs (default: the recipe's name)")
    .option("--runs <folder>", "where runs are kept", "runs")
    .option("--resume <run>", "go on with this run from its newest checkpoint")
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
    .option("--dry-run", "print the resolved recipe and what it will take, and end")
    .action(async (name: string | undefined, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { runs: root, workers, provider } = options;
      const engine = { workers, provider };
      const observer = progressOf(ui);
      if (options.resume !== undefined) {
        if (name !== undefined || options.name !== undefined || options.set.length > 0 || options.seed !== undefined) {
          throw usageError("a run that goes on keeps its recipe", {
            expected: "--resume without a recipe, --name, --set or --seed",
            help: `a new run from where it is: reckon train r1-zero --set from=${root}/${options.resume}`,
          });
        }
        const result = await runTraining(undefined, { root, name: options.resume, resume: true, ...engine, observer });
        return report(ui, result);
      }
      if (name === undefined) return command.help({ error: true });
      const settings = options.seed === undefined ? options.set : [...options.set, `seed=${options.seed}`];
      const recipe = await newRecipe(name, settings, options.scale);
      if (options.dryRun) return dryRun(ui, recipe);
      const run = options.name ?? freshName(root, recipe.name);
      report(ui, await runTraining(recipe, { root, name: run, resume: false, ...engine, observer }));
    });
}

async function dryRun(ui: Ui, recipe: Recipe): Promise<void> {
  const stage = recipe.stages[0]!;
  const config =
    stage.kind === "pretrain"
      ? freshConfig(stage, corpusTokenizer(recipe, stage))
      : (await openModel(stage.from)).checkpoint.config;
  const cost = estimate(recipe, config);
  // What two thirds of a 2020s core's multiply rate of 100 GFLOP/s gives: `reckon bench step` measures the real one.
  const minutes = cost.flops / (60e9 * availableParallelism()) / 60;
  ui.document({ recipe, estimate: { ...cost, minutes } });
  if (ui.json) return;
  ui.say(JSON.stringify(recipe, null, 2));
  ui.say(`about ${formatCount(cost.trained)} tokens trained, ${formatCount(cost.sampled)} sampled`);
  ui.say(
    `${cost.flops.toExponential(2)} operations: about ${minutes.toFixed(1)} minutes at 60 GFLOP/s a core on ${availableParallelism()} cores`,
  );
}

/** One line that follows the run. */
function progressOf(ui: Ui): RunObserver {
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
        show(record, "completions/mean_length", "tokens"),
        show(record, "eval/accuracy", "held-out"),
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
        progress = ui.progress("training", steps - first);
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

function report(ui: Ui, result: Awaited<ReturnType<typeof runTraining>>): void {
  ui.document(result);
  const again = result.run.split(/[\\/]/).at(-1);
  ui.say(
    result.status === "finished"
      ? `done: ${result.checkpoint ?? result.run}`
      : `stopped; nothing is lost. Go on with: reckon train --resume ${again}`,
  );
}
