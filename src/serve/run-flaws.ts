/**
 * What is missing or damaged in a run directory: folders are copied by hand, from other machines, and some copies break
 * off. Whatever can be read is shown all the same; this says what cannot.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "./jsonl-tail.ts";
import type { RunFlaw } from "./wire.ts";

export interface Readable {
  readonly recipe: unknown;
  /** Whether `state.json` could be read. */
  readonly state: boolean;
  /** The last step that the state tells; null without one. */
  readonly step: number | null;
  /** The last step in the metrics; null without any. */
  readonly lastMetrics: number | null;
  /** Lines that could not be read, by file. */
  readonly badLines: Readonly<Record<string, number>>;
}

/** Names what is wrong. A run that has only begun lacks nothing that it could have by now. */
export async function runFlaws(directory: string, read: Readable): Promise<RunFlaw[]> {
  const flaws: RunFlaw[] = [];
  const add = (file: string, problem: string): void => void flaws.push({ file, problem });
  if (read.recipe === null) {
    const there = await exists(join(directory, "recipe.json"));
    add("recipe.json", there ? "is damaged: its settings are not known" : "is missing: its settings are not known");
  }
  if (!read.state) {
    const there = await exists(join(directory, "state.json"));
    add("state.json", there ? "is damaged: how far it got is not known" : "is missing: how far it got is not known");
  }
  const step = read.step ?? 0;
  if (read.lastMetrics === null && step > 0) add("metrics.jsonl", "is missing or empty: there are no curves");
  else if (read.lastMetrics !== null && read.lastMetrics < step)
    add("metrics.jsonl", `ends at step ${read.lastMetrics} of ${step}: the curves are cut short`);
  for (const [file, count] of Object.entries(read.badLines)) {
    if (count > 0) add(file, `has ${count} ${count === 1 ? "line" : "lines"} that cannot be read, which are left out`);
  }
  // A run that makes data has none.
  const data = await exists(join(directory, "samples.jsonl"));
  if (step > 0 && !data && !(await hasCheckpoint(directory)))
    add("checkpoints", "are missing: it can be looked at, but neither talked to nor resumed");
  return flaws;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

async function hasCheckpoint(directory: string): Promise<boolean> {
  try {
    return (await readdir(join(directory, "checkpoints"))).some((name) => /^step-\d+$/.test(name));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
