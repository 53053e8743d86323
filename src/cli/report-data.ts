/** Reads run directories for a report, through the same readers as the studio: whatever is damaged or missing is left out. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readPipeline } from "../recipes/index.ts";
import type { ReportRun } from "../report/report-run.ts";
import type { MetricsLog } from "../serve/metrics-log.ts";
import { resolvedRecipe } from "../serve/recipe-defaults.ts";
import type { RolloutLog } from "../serve/rollout-log.ts";
import { RolloutSearch } from "../serve/rollout-search.ts";
import { RunReader } from "../serve/run-reader.ts";
import type { RunState } from "../serve/wire.ts";
import { ReckonError } from "../util/errors.ts";
import { runsGiven } from "./command.ts";

/** Answers shown of a step: the best and the worst of their groups. */
const BEST = 2;
const WORST = 2;

/**
 * @param name a run's name in `root`, or the path of its folder
 * @throws ReckonError RUN_UNKNOWN, RUN_STAGES for a run of several stages, RUN_DAMAGED
 */
export async function readReportRun(root: string, name: string): Promise<ReportRun> {
  const folder = existsSync(join(root, name)) || !/[\\/]/.test(name) ? join(root, name) : name;
  const path = resolve(folder);
  // A stage of a run that has several is named after both.
  const stage = existsSync(join(dirname(path), "pipeline.json"));
  const reader = new RunReader(stage ? dirname(dirname(path)) : dirname(path));
  const run = stage ? `${basename(dirname(path))}/${basename(path)}` : basename(path);
  const { state } = await reader.get(run).catch((error: unknown) => {
    if (error instanceof ReckonError) throw ofStages(folder, root, name) ?? unknown(root, name);
    throw error;
  });
  const logs = await reader.logs(run);
  await Promise.all([logs.metrics.poll(), logs.rollouts.poll(), logs.events.poll()]);
  const recipe = await reader.recipe(run);
  const { resolved, defaults } = resolvedRecipe(recipe);
  const { flaws } = await reader.contents(run);
  return {
    name: run,
    state: state === null ? null : { words: words(state), step: state.step, steps: state.steps },
    startedAt: state?.startedAt ?? null,
    updatedAt: state?.updatedAt ?? null,
    recipe: resolved ?? recipe,
    defaults,
    curves: curvesOf(logs.metrics),
    events: logs.events.items,
    lineage: lineageOf(path),
    flaws,
    samples: await samplesOf(run, logs.rollouts),
  };
}

function words(state: RunState): string {
  return state.alive ? state.status : "interrupted";
}

/** What is said of a run that has stages, which have what a report shows; undefined of any other. */
function ofStages(folder: string, root: string, name: string): ReckonError | undefined {
  const begun = readPipeline(folder)?.stages.filter(({ folder: stage }) => existsSync(join(folder, stage)));
  if (begun === undefined) return undefined;
  const runs = folder === name ? "" : runsGiven(root);
  const typed = name.replace(/[\\/]+$/, "");
  const names = begun.map((stage) => `${typed}/${stage.name}`);
  return new ReckonError("RUN_STAGES", `${typed} is a run of several stages, and a report is about single ones.`, {
    expected: names.length > 0 ? `one or more of ${names.join(", ")}` : "a stage that has begun; none has yet",
    help:
      names.length > 0
        ? `Say which, e.g. reckon report ${names.at(-1)}${runs}; all together: reckon report ${names.join(" ")}${runs}`
        : `Go on with it: reckon train --resume ${basename(folder)}${runsGiven(dirname(folder))}`,
  });
}

function unknown(root: string, name: string): ReckonError {
  return new ReckonError("RUN_UNKNOWN", `There is no run ${JSON.stringify(name)}.`, {
    expected: `a run's name in ${root}, or the path of its folder`,
    help: "Check the name, or say with --runs where the runs are.",
  });
}

function curvesOf(metrics: MetricsLog): ReportRun["curves"] {
  const { steps, columns } = metrics.columns(0);
  const numbers = new Map(
    Object.entries(columns).map(([key, values]) => [key, values.map((value) => value ?? Number.NaN)]),
  );
  return { steps, column: (key) => numbers.get(key), keys: () => [...numbers.keys()] };
}

/** `reckon.json` of the newest checkpoint that has one. */
function lineageOf(path: string): unknown {
  const folder = join(path, "checkpoints");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const steps = names.flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  for (const step of steps.sort((a, b) => b - a)) {
    try {
      return JSON.parse(readFileSync(join(folder, `step-${step}`, "reckon.json"), "utf8"));
    } catch {
      // Damaged or not copied: the one before it knows as much.
    }
  }
  return null;
}

/** Answers of the first, the middle and the last step that were kept. */
async function samplesOf(run: string, log: RolloutLog): Promise<ReportRun["samples"]> {
  const { steps } = log.columns;
  const chosen = [...new Set([steps[0], steps[Math.floor(steps.length / 2)], steps.at(-1)])];
  const search = new RolloutSearch();
  const out: { step: number; answers: ReportRun["samples"][number]["answers"] }[] = [];
  for (const step of chosen) {
    if (step === undefined) continue;
    const logs = [{ run, log }];
    const best = await search.page(logs, { step, sort: "-advantage", offset: 0, limit: BEST });
    const worst = await search.page(logs, { step, sort: "advantage", offset: 0, limit: WORST });
    const known = new Set(best.items.map(({ id }) => id));
    out.push({ step, answers: [...best.items, ...worst.items.filter(({ id }) => !known.has(id)).reverse()] });
  }
  return out;
}
