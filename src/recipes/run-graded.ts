/** Writes graded chains of thought into a run directory: `traces.jsonl`, what later stages read. */
import { join } from "node:path";
import { replaceFile } from "../runs/disk.ts";
import { type GradedTrace, gradedTraces, traceLines } from "../tasks/index.ts";
import { DEFAULT_ASPECTS, worthOf } from "../train/reward-data.ts";
import type { RunStore } from "../train/run-store.ts";
import { mean } from "../util/statistics.ts";
import { folderOf } from "./assemble.ts";
import { TRACES } from "./data-lineage.ts";
import type { GradedStage, Recipe } from "./schema.ts";

/** Prompts between two rows of metrics. */
const ROW = 500;

export async function runGraded(recipe: Recipe, stage: GradedStage, store: RunStore): Promise<void> {
  const folder = folderOf(store);
  await store.rewind(-1);
  const kept: GradedTrace[] = [];
  let seen = 0;
  const steps = Math.ceil(stage.prompts / ROW);
  for (let index = 0; index < stage.prompts; index++) {
    const { problems, chains, least } = stage;
    const traces = gradedTraces({ seed: recipe.seed, index, split: "train", chains, problems });
    seen += traces.length;
    kept.push(...traces.filter((trace) => (worthOf(trace, DEFAULT_ASPECTS) ?? 0) >= least));
    if ((index + 1) % ROW !== 0 && index + 1 < stage.prompts) continue;
    const step = Math.ceil((index + 1) / ROW);
    store.metrics({
      step,
      "graded/prompts": index + 1,
      "graded/traces": kept.length,
      "graded/kept": kept.length / seen,
      "graded/accuracy": mean(kept.map(({ score }) => score ?? 0)),
      "graded/rating": mean(kept.map((trace) => worthOf(trace, DEFAULT_ASPECTS) ?? 0)),
    });
    store.progress(step, steps);
    // All of it takes seconds, so a run that is stopped begins again; after the last row there is nothing left to stop.
    if (step < steps && store.stopRequested()) return;
  }
  replaceFile(join(folder, TRACES), traceLines(kept), { durable: true });
}
