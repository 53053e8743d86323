/**
 * Runs that failed before they had done anything, e.g. for want of a model: they keep what was the matter, for the studio
 * to show, but not their names. To go on with one would fail for ever, and nothing is lost with it.
 */
import { lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RunDirectory, type RunListing } from "../runs/run-directory.ts";

/** What a run has before it has done anything. All else is work, answers of a teacher that were paid for among it. */
const BEFORE = new Set(["recipe.json", "state.json", "events.jsonl", "log.txt", "control.json"]);

/** Whether a run failed with neither a checkpoint nor anything else to show for it. */
export function failedUnbegun({ directory, state, busy }: RunListing): boolean {
  return !busy && state?.status === "failed" && state.step === 0 && readdirSync(directory).every(isBefore(directory));
}

function isBefore(directory: string): (file: string) => boolean {
  return (file) => {
    if (BEFORE.has(file)) return true;
    const path = join(directory, file);
    const there = lstatSync(path);
    // Logs are opened before there is anything to write into them.
    if (there.isFile()) return there.size === 0;
    return file === "checkpoints" && there.isDirectory() && readdirSync(path).length === 0;
  };
}

/** Makes the name of such a run free; of any other nothing is done. */
export function freeUnbegun(root: string, name: string): void {
  const run = RunDirectory.list(root).find((item) => item.name === name);
  if (run === undefined || !failedUnbegun(run)) return;
  // In one step: a half that is left by a kill would be a run that nobody could tell from a damaged one.
  const aside = join(root, `.unbegun-${name}-${process.pid}`);
  rmSync(aside, { recursive: true, force: true });
  renameSync(run.directory, aside);
  rmSync(aside, { recursive: true, force: true });
}
