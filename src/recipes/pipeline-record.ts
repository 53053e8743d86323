/**
 * `pipeline.json`, what a recipe of several stages says about itself: the recipe, and how far each stage is. It is there
 * to be read; what is done is decided by the stages' own folders.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing, replaceFile } from "../runs/disk.ts";
import { ReckonError } from "../util/errors.ts";
import type { Recipe } from "./schema.ts";
import { answers } from "./stages.ts";

export type StageState = "waiting" | "running" | "paused" | "failed" | "finished";

export interface StageRecord {
  readonly name: string;
  readonly kind: string;
  /** Hash of all that decides over the result; null before its inputs are there. */
  readonly key: string | null;
  readonly state: StageState;
  /** Folder of the stage's run, beside pipeline.json. */
  readonly folder: string;
  /** Wall-clock seconds that were spent on it, those of work that a kill undid left out. */
  readonly seconds: number;
  /** It was done before the recipe was last started, and was passed over. */
  readonly kept?: boolean;
}

export interface PipelineRecord {
  readonly recipe: Recipe;
  readonly stages: readonly StageRecord[];
}

const FILE = "pipeline.json";
/** In a stage's folder: its key, and the seconds that it took. */
export const STAGE_FILE = "stage.json";

export interface StageFile {
  readonly key: string;
  readonly seconds: number;
}

/** Whether a folder holds a run of several stages. */
export function isPipeline(folder: string): boolean {
  return existsSync(join(folder, FILE));
}

/**
 * What a run of several stages says about itself; undefined where the folder holds none.
 * @throws ReckonError RUN_DAMAGED for a file that cannot be read
 */
export function readPipeline(folder: string): PipelineRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), "utf8")) as PipelineRecord;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ReckonError("RUN_DAMAGED", `${join(folder, FILE)} cannot be read`, {
      got: error instanceof Error ? error.message : String(error),
      help: "start the recipe again under this name: stages that are done are kept",
      cause: error,
    });
  }
}

export function writePipeline(folder: string, record: PipelineRecord): void {
  replaceFile(join(folder, FILE), `${JSON.stringify(record, null, 2)}\n`, { durable: true });
}

/** What a stage's folder says; undefined where it is not of a stage. */
export function readStageFile(folder: string): StageFile | undefined {
  try {
    const { key, seconds } = JSON.parse(readFileSync(join(folder, STAGE_FILE), "utf8")) as StageFile;
    return { key, seconds };
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function stageFileText(file: StageFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Folder of the newest checkpoint of a run. */
export function newestCheckpointOf(run: string): string | undefined {
  const folder = join(run, "checkpoints");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const steps = names.flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice(5))] : []));
  return steps
    .sort((a, b) => b - a)
    .map((step) => join(folder, `step-${step}`))
    .find((checkpoint) => existsSync(join(checkpoint, "config.json")));
}

/** Folder of the model of the last stage that is finished and leaves one that answers; undefined where none is. */
export function lastModel(folder: string): string | undefined {
  const stages = readPipeline(folder)?.stages ?? [];
  const last = stages.findLast((stage) => stage.state === "finished" && answers(stage));
  return last && newestCheckpointOf(join(folder, last.folder));
}
