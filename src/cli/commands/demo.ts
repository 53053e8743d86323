/** `reckon demo`: the first growth in the terminal alone, with a curve of characters and samples as they come. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import type { RunObserver } from "../../runs/run-directory.ts";
import type { RolloutRecord } from "../../train/run-store.ts";
import { integer, newCommand, RUNS, runsGiven, uiOf } from "../command.ts";
import { freshName, newRecipe, runTraining } from "../training.ts";
import { paint, type Ui } from "../ui.ts";
import { evaluationLine } from "./train.ts";

interface Options {
  readonly runs: string;
  readonly seed: number;
  readonly steps?: number;
  readonly workers: number;
}

export function create(): Command {
  return newCommand("demo", "", [
    ["reckon demo", "about five minutes on two cores: a small model teaches itself to reason"],
    ["reckon demo --steps 20 --seed 1", "a shorter one, from another seed"],
  ])
    .option("--runs <folder>", "where runs are kept", RUNS)
    .option("--seed <n>", "another seed is another growth", integer(0), 0)
    .option("--steps <n>", "how many steps (default: the recipe's)", integer(1))
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .action(async (options: Options, command: Command) => {
      const ui = uiOf(command);
      const settings = [`seed=${options.seed}`, ...(options.steps === undefined ? [] : [`steps=${options.steps}`])];
      const recipe = await newRecipe("r1-zero", settings);
      const { runs: root, workers } = options;
      const name = freshName(root, "demo");
      ui.say("A base model that has read solutions, guesses and searches now only learns from being right or wrong.\n");
      const result = await runTraining(recipe, { root, name, resume: false, workers, observer: theatre(ui) });
      ui.document(result);
      ui.say(
        result.status === "finished"
          ? `\nTalk to it:  reckon chat ${result.run}`
          : `\nstopped; go on with  reckon train --resume ${name}${runsGiven(root)}`,
      );
    });
}

/** What the terminal shows of a run. */
function theatre(ui: Ui): RunObserver {
  const bar = (share: number): string => "█".repeat(Math.round(share * 40)).padEnd(40, "░");
  let progress: ReturnType<Ui["progress"]> | undefined;
  return {
    metrics(record) {
      if (record["eval/accuracy"] === undefined) return;
      ui.say(`${String(record.step).padStart(4)} ${bar(record["eval/accuracy"])} ${evaluationLine(record)}`);
    },
    rollouts(records) {
      const best = [...records].sort((a, b) => b.score - a.score || Number(b.recheck) - Number(a.recheck))[0];
      if (best) ui.say(sample(best));
    },
    event(event) {
      ui.warn(`step ${event.step}: ${event.message}`);
    },
    progress(step, steps) {
      progress ??= ui.progress("growing", steps);
      progress.update(step);
      if (step === steps) progress.end();
    },
  };
}

function sample(record: RolloutRecord): string {
  const thinking = record.thinking.split("\n").map((line) => `       ${paint("dim", line)}`);
  const verdict = record.score === 1 ? paint("green", "right") : paint("red", "wrong");
  return [
    `     ${paint("bold", record.prompt)}`,
    ...thinking,
    `       → ${record.answer ?? "(no answer)"}  ${verdict}`,
  ].join("\n");
}
