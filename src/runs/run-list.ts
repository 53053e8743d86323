/**
 * All runs of a folder with the stages of those that have several, named `RUN/STAGE`: each stage is a run of its own in a
 * folder beside `pipeline.json` (recipes/pipeline.ts).
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isMissing } from "./disk.ts";
import { RUN_NAME, RUN_PATH, RunDirectory, type RunListing, type StopRequest } from "./run-directory.ts";

const PIPELINE = "pipeline.json";

/** Runs by name, stages after the run that they are of, in the order of their names. */
export function listRuns(root: string): RunListing[] {
  let names: string[];
  try {
    names = readdirSync(root).filter((name) => RUN_NAME.test(name) && existsSync(join(root, name, PIPELINE)));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const stages = names.flatMap((name) =>
    RunDirectory.list(join(root, name)).map((stage) => ({ ...stage, name: `${name}/${stage.name}` })),
  );
  return [...RunDirectory.list(root), ...stages].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The run that `--resume` goes on with for the run or stage of this name. */
export function resumedAs(name: string): string {
  return name.split("/")[0]!;
}

/** The name of a run or stage in `root`, whether a person typed the name or the path of its folder. */
export function runNamed(root: string, typed: string): string {
  const path = relative(resolve(root), resolve(typed)).split(sep);
  const inside = path[0] !== "" && path[0] !== ".." && !isAbsolute(path[0]!);
  return inside && !existsSync(join(root, typed)) ? path.join("/") : typed;
}

/**
 * Asks the process that writes a run or a stage to pause or stop.
 * @throws ReckonError as `RunDirectory.request`
 */
export function requestOf(root: string, name: string, request: StopRequest): void {
  const stage = RUN_PATH.test(name) && name.includes("/");
  if (stage) RunDirectory.request(join(root, dirname(name)), name.slice(name.indexOf("/") + 1), request);
  else RunDirectory.request(root, name, request);
}
