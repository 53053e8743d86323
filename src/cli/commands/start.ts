/**
 * `reckon start`, which is `npm start`: the studio on a local port. On the first start it grows a reasoning model from
 * the shipped base before one's eyes; later it goes on with what was not finished.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { resolveRecipe } from "../../recipes/index.ts";
import { namesOf } from "../../recipes/trace-files.ts";
import { RunDirectory } from "../../runs/run-directory.ts";
import { LabelFile, startStudio } from "../../serve/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import { packageRoot } from "../package.ts";
import { LocalServices } from "../studio-services.ts";
import { findRecipe } from "../training.ts";
import type { TrainingProcess } from "../training-process.ts";
import type { Ui } from "../ui.ts";
import { failedUnbegun } from "../unbegun.ts";

/** The run that the first start makes. */
const FIRST_RUN = "first-growth";
const FIRST_RECIPE = "r1-zero";
/** Broken rows of a file to rate that are named. */
const MOST_NAMED = 5;

interface Options {
  readonly port: number;
  readonly runs: string;
  readonly workers?: number;
  readonly grow: boolean;
  readonly set: readonly string[];
  readonly label?: string;
}

export function create(): Command {
  return newCommand("start", "", [
    ["reckon start", "opens the studio on http://127.0.0.1:4180 and grows a model on the first start"],
    ["reckon start --port 8080 --no-grow", "another port, and no training by itself"],
    ["reckon start --label chains.jsonl", "rate the chains of thought of a file; nothing trains by itself"],
  ])
    .option("--port <n>", "port on this machine; 0 takes a free one", integer(0, 65_535), 4180)
    .option("--runs <folder>", "where runs are kept", "runs")
    .option("--workers <n>", "threads for training (default: all cores)", integer(1))
    .option("--no-grow", "do not start or go on with training by itself")
    .option(
      "--set <path=value>",
      "change a setting of the first growth, e.g. steps=60; may be given again",
      (value, list: string[]) => [...list, value],
      [] as string[],
    )
    .option("--label <file>", "rate these traces in the studio; ratings are written into the file as they are given")
    .action(async (options: Options, command: Command) => {
      const ui = uiOf(command);
      const webDir = join(packageRoot(), "dist", "web");
      if (!existsSync(join(webDir, "index.html"))) {
        throw new ReckonError("STUDIO_NOT_BUILT", "the studio's page has not been built", {
          help: "run `npm run reckon -- build`",
        });
      }
      // A mistake in a setting is told before anything begins.
      resolveRecipe(await findRecipe(FIRST_RECIPE), options.set);
      const root = resolve(options.runs);
      const label = options.label === undefined ? undefined : await LabelFile.open(resolve(options.label));
      const services = new LocalServices(root, {
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        onFailure: (run, output) => ui.warn(`the training of ${run} ended with an error:\n${output}`),
      });
      const ending = new AbortController();
      let asked = 0;
      const stop = (): void => {
        asked++;
        if (asked > 2) process.exit(130); // Training saves and ends by itself when this process is gone.
        if (asked === 1) ui.say("\nsaving and stopping …");
        ending.abort();
      };
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
      const server = await startStudio({
        runsDir: root,
        webDir,
        services,
        baseDir: join(packageRoot(), "models", "base"),
        port: options.port,
        ...(label ? { label } : {}),
        signal: ending.signal,
      });
      ui.say(`\n  Reckon's studio is ready:  ${server.url}\n`);
      if (label) {
        ui.say(`  Rate ${label.traces.length} traces:  ${server.url}/#/label`);
        const { faults } = label;
        const named = namesOf(faults, MOST_NAMED);
        if (faults.length > 0) ui.warn(`${faults.length} rows cannot be read and stay as they are: ${named}`);
      }
      const growing =
        options.grow && !label && !ending.signal.aborted ? grow(ui, services, root, options.set) : undefined;
      if (growing) await watch(ui, growing, root, ending.signal);
      if (!ending.signal.aborted) await new Promise((done) => ending.signal.addEventListener("abort", done));
      await services.close();
      await server.close();
      ui.say("stopped; nothing is lost. `npm start` goes on where it was.");
    });
}

/** Starts the first growth, or goes on with it; undefined where there is nothing left to do. */
function grow(ui: Ui, services: LocalServices, root: string, settings: readonly string[]): TrainingProcess | undefined {
  const known = RunDirectory.list(root).find((item) => item.name === FIRST_RUN);
  // To go on with one that could not begin would fail in the same way at every start.
  const run = known && failedUnbegun(known) ? undefined : known;
  if (run?.state?.status === "finished") {
    ui.say("  The growth has finished: look at its curves under Grow, and talk to the model under Talk.");
    return undefined;
  }
  if (run?.busy) {
    ui.say("  Another process is growing the model; it shows under Grow.");
    return undefined;
  }
  ui.say(
    run
      ? "  Going on with the growth."
      : "  Growing a reasoning model from the shipped base: about five minutes on two cores.",
  );
  ui.say("  Ctrl-C saves everything and stops.\n");
  if (run && settings.length > 0) ui.warn("it goes on with the settings that it began with, without --set");
  const fresh = [FIRST_RECIPE, "--name", FIRST_RUN, ...settings.flatMap((setting) => ["--set", setting])];
  return services.train(FIRST_RUN, run ? ["--resume", FIRST_RUN] : fresh);
}

/** Follows the run on the terminal until it ends. */
async function watch(ui: Ui, running: TrainingProcess, root: string, signal: AbortSignal): Promise<void> {
  const progress = ui.progress("growing");
  let over = false;
  const ended = running.ended.then((code) => {
    over = true;
    return code;
  });
  while (!over && !signal.aborted) {
    await Promise.race([sleep(500, undefined, { signal }).catch(() => {}), ended]);
    const state = RunDirectory.list(root).find((item) => item.name === running.run)?.state;
    if (state) progress.update(state.step, `of ${state.steps} steps`);
  }
  progress.end();
  if (signal.aborted) return;
  const status = RunDirectory.list(root).find((item) => item.name === running.run)?.state?.status;
  if (status === "finished") ui.say("  The growth is done. Talk to the model, before and after, under Talk.");
  else if ((await ended) === 0) ui.say("  The growth is paused. Resume it under Grow.");
}
