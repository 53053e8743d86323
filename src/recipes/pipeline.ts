/**
 * Recipes of several stages, in `runs/NAME/`: each stage is a run of its own in `runs/NAME/STAGE/`, with the recipe of that
 * stage alone, in which what earlier stages made stands by its path.
 *
 * A stage is done once: its key is a hash of its settings, its seed, the contents of all it begins with, and the texts that
 * stand for the code (keys.ts). Run again, stages with the same key are passed over; a changed one runs anew, and those
 * after it only if what they begin with has changed. What is outdated is laid aside in `stale/` and comes back with its key.
 *
 * Killed at any moment, the same call goes on: every decision is taken from the stages' folders, and those change by
 * single renames.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../runs/disk.ts";
import { RunLock } from "../runs/lock.ts";
import { checkName, RUN_NAME, RunDirectory, type RunObserver } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { stageKey } from "./keys.ts";
import {
  isPipeline,
  newestCheckpointOf,
  type PipelineRecord,
  readPipeline,
  readStageFile,
  STAGE_FILE,
  type StageRecord,
  stageFileText,
  writePipeline,
} from "./pipeline-record.ts";
import { preflight } from "./preflight.ts";
import { type Refusal, refused, retold } from "./refused.ts";
import type { StageOptions } from "./run-pretrain.ts";
import { runStage } from "./run-stage.ts";
import { type Recipe, type RecipeInput, resolveRecipe, type Stage } from "./schema.ts";
import { aloneIn, isDone, STALE, stagesToBegin, staleName } from "./stage-folders.ts";
import { answers, stageNameOf } from "./stages.ts";

export { isPipeline, lastModel, type PipelineRecord, readPipeline, type StageRecord } from "./pipeline-record.ts";

export interface PipelineOptions extends StageOptions {
  /** Folder of all runs. */
  readonly root: string;
  readonly name: string;
  /** Saves and ends after the current step when it aborts. */
  readonly signal?: AbortSignal;
  /** What a stage's run is followed by. */
  readonly observer?: (stage: StageRecord) => RunObserver;
  /** Is told when a stage begins, goes on, ends, or is passed over because it is done. */
  readonly onStage?: (stage: StageRecord, what: "begins" | "goes on" | "is done" | "was done") => void;
}

export interface PipelineResult {
  /** The folder. */
  readonly run: string;
  readonly status: "finished" | "paused" | "stopped";
  /** Folder of the last model that is done. */
  readonly checkpoint: string | undefined;
}

/** What a process may leave that was killed before there was a pipeline.json. */
const BEGINNINGS = /^(?:writer-\d+\.lock|pipeline\.json\.)/;

/**
 * Runs a recipe of several stages, or goes on with it.
 * @param recipe resolved; undefined goes on with the one that the folder holds
 * @throws ReckonError RUN_NAME, RUN_UNKNOWN, RUN_EXISTS (something else lies there), RUN_BUSY, RUN_DISK; what
 * `preflight` throws, before anything is changed; what stages throw
 */
export async function runPipeline(recipe: Recipe | undefined, options: PipelineOptions): Promise<PipelineResult> {
  const folder = join(options.root, options.name);
  const known = RUN_NAME.test(options.name) ? readKnown(folder, recipe) : undefined;
  // What it was begun with may be of an older version, which did not name all settings.
  const running = recipe ?? (known && resolveRecipe(known.recipe as RecipeInput));
  if (running === undefined) {
    throw new ReckonError("RUN_UNKNOWN", `There is no run called ${JSON.stringify(options.name.slice(0, 80))}.`, {
      help: "Check the name and the folder of the runs.",
    });
  }
  checkName(options.name);
  const modelFolder = options.modelFolder ?? ((name: string): string => name);
  // What was begun has been looked through then, by itself too.
  await preflight(running, { modelFolder, stages: await stagesToBegin(folder, running, modelFolder) });
  let lock: RunLock | undefined;
  try {
    prepareFolder(folder, options);
    lock = RunLock.acquire(folder, options.name);
    return await new Pipeline(running, folder, known, options).run();
  } catch (error) {
    throw refused(error, {
      path: folder,
      what: "the record of its stages",
      kept: isPipeline(folder) ? "what its stages have made is intact" : "nothing was begun",
      // Not to resume it: the recipe on record may be the one before.
      next: "give the same command again",
    });
  } finally {
    lock?.release();
  }
}

/** A new recipe may take the place of a file that cannot be read. */
function readKnown(folder: string, recipe: Recipe | undefined): PipelineRecord | undefined {
  try {
    return readPipeline(folder);
  } catch (error) {
    if (recipe === undefined) throw error;
    return undefined;
  }
}

function prepareFolder(folder: string, { name }: PipelineOptions): void {
  checkName(name);
  const there = existsSync(folder) ? readdirSync(folder).filter((file) => !BEGINNINGS.test(file)) : [];
  if (there.length > 0 && !isPipeline(folder)) {
    throw new ReckonError("RUN_EXISTS", `There is already something else called ${name}.`, {
      expected: "a new name, or a run of several stages",
      got: folder,
      help: "Choose another name.",
    });
  }
  mkdirSync(folder, { recursive: true });
}

class Pipeline {
  readonly #recipe: Recipe;
  readonly #folder: string;
  readonly #options: PipelineOptions;
  #stages: StageRecord[];

  constructor(recipe: Recipe, folder: string, known: PipelineRecord | undefined, options: PipelineOptions) {
    this.#recipe = recipe;
    this.#folder = folder;
    this.#options = options;
    this.#stages = recipe.stages.map(({ kind, name }) => {
      const own = stageNameOf({ kind, name });
      return { name: own, kind, key: null, state: "waiting", folder: own, seconds: 0 };
    });
    for (const { name } of known?.stages ?? []) {
      const left = join(folder, name);
      if (!this.#stages.some((stage) => stage.name === name) && existsSync(left)) this.#layAside(name);
    }
    this.#write();
  }

  async run(): Promise<PipelineResult> {
    for (const [i, stage] of this.#recipe.stages.entries()) {
      const status = await this.#stage(i, stage);
      if (status !== "finished") return this.#result(status);
      if (this.#options.signal?.aborted && i + 1 < this.#stages.length) return this.#result("paused");
    }
    return this.#result("finished");
  }

  async #stage(i: number, stage: Stage): Promise<PipelineResult["status"]> {
    const { onStage, modelFolder = (name: string): string => name } = this.#options;
    const recipe = this.#alone(stage);
    const key = await stageKey(recipe, modelFolder);
    const { name } = this.#stages[i]!;
    const place = join(this.#folder, name);
    this.#settle(name, key);
    const before = readStageFile(place);
    const seconds = before?.seconds ?? 0;
    this.#change(i, { key, seconds });
    if (before && isDone(this.#folder, name, stage)) {
      this.#change(i, { state: "finished", kept: true });
      onStage?.(this.#stages[i]!, "was done");
      return "finished";
    }
    this.#change(i, { state: "running" });
    onStage?.(this.#stages[i]!, before ? "goes on" : "begins");
    const run = await this.#open(i, recipe, key, before !== undefined);
    const started = performance.now();
    const spent = (): number => seconds + (performance.now() - started) / 1000;
    const pause = (): void => run.requestStop("pause");
    const { signal } = this.#options;
    signal?.addEventListener("abort", pause);
    if (signal?.aborted) pause();
    try {
      await runStage(recipe, run, this.#options);
      replaceFile(join(place, STAGE_FILE), stageFileText({ key, seconds: spent() }));
      await run.close();
    } catch (thrown) {
      const error = refused(thrown, this.#refusal(name));
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof ReckonError ? error.code : "FAULT";
      run.event({ level: "error", code, step: run.state.step, message });
      await run.close("failed", message).catch(() => {});
      this.#fail(i, spent());
      throw error;
    } finally {
      signal?.removeEventListener("abort", pause);
    }
    const status = run.state.status as PipelineResult["status"];
    this.#change(i, { state: status === "finished" ? "finished" : "paused", seconds: spent() });
    if (status === "finished") onStage?.(this.#stages[i]!, "is done");
    return status;
  }

  /** @param known whether the stage has been begun before */
  async #open(i: number, recipe: Recipe, key: string, known: boolean): Promise<RunDirectory> {
    const { observer, name: resumedAs } = this.#options;
    const stage = this.#stages[i]!;
    const { name, seconds } = stage;
    const settings = { ...(observer ? { observer: observer(stage) } : {}), resumedAs };
    const files = { [STAGE_FILE]: stageFileText({ key, seconds: 0 }) };
    try {
      return known
        ? await RunDirectory.open(this.#folder, name, settings)
        : RunDirectory.create(this.#folder, name, recipe, { ...settings, files });
    } catch (error) {
      this.#fail(i, seconds);
      // A run tells to go on with itself: no stage does, the whole does.
      throw retold(error, this.#refusal(name));
    }
  }

  /** What is told when the disk takes no more of a stage. */
  #refusal(name: string): Refusal {
    return {
      path: join(this.#folder, name),
      what: `the stage ${name}`,
      kept: "what the stages before it made is intact, and so is what it logged",
      next: `go on with --resume ${this.#options.name}`,
    };
  }

  #fail(i: number, seconds: number): void {
    try {
      this.#change(i, { state: "failed", seconds });
    } catch {
      // Where there is no room for this either, the first error is the one that tells what to do.
    }
  }

  /** The recipe of a stage alone: with a seed of its own, and paths in place of names. */
  #alone(stage: Stage): Recipe {
    return aloneIn(this.#folder, this.#recipe, stage);
  }

  /** Sees to it that the stage's folder is of this key, or is not there. */
  #settle(name: string, key: string): void {
    const place = join(this.#folder, name);
    if (existsSync(place) && readStageFile(place)?.key !== key) this.#layAside(name);
    const aside = join(this.#folder, STALE, staleName(name, key));
    if (!existsSync(place) && readStageFile(aside)?.key === key) renameSync(aside, place);
  }

  #layAside(name: string): void {
    const place = join(this.#folder, name);
    const file = readStageFile(place);
    if (file === undefined) {
      throw new ReckonError("RUN_EXISTS", `${place} is in the way of stage ${name}`, {
        expected: "a folder that this recipe has made, or none",
        help: "Move it away, or give the stage another name.",
      });
    }
    const aside = join(this.#folder, STALE, staleName(name, file.key));
    mkdirSync(join(this.#folder, STALE), { recursive: true });
    rmSync(aside, { recursive: true, force: true });
    renameSync(place, aside);
  }

  #change(i: number, change: Partial<StageRecord>): void {
    this.#stages = this.#stages.with(i, { ...this.#stages[i]!, ...change });
    this.#write();
  }

  #write(): void {
    writePipeline(this.#folder, { recipe: this.#recipe, stages: this.#stages });
  }

  #result(status: PipelineResult["status"]): PipelineResult {
    const last = this.#stages.findLast((stage) => stage.state === "finished" && answers(stage));
    const checkpoint = last && newestCheckpointOf(join(this.#folder, last.folder));
    return { run: this.#folder, status, checkpoint };
  }
}
