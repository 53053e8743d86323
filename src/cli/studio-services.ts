/** What the studio asks of the command line: training processes to start and stop, models to talk to. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { answers, isPipeline, loadModelFolder, readPipeline } from "../recipes/index.ts";
import { listRuns, requestOf, resumedAs } from "../runs/index.ts";
import type { RunListing } from "../runs/run-directory.ts";
import { ChatModel } from "../serve/chat-model.ts";
import { builtInTasks, type ChatChunk, type ChatRequest, type ModelInfo, type StudioServices } from "../serve/index.ts";
import { ReckonError } from "../util/errors.ts";
import { newestCheckpoint, shippedModels } from "./models.ts";
import { TrainingProcess } from "./training-process.ts";

/** Models held open for talking; each is a few megabytes. */
const MOST_OPEN = 4;

/** Shipped models in the order in which one is made of the other; those that are not named here come last. */
const ORDER: readonly string[] = ["base", "zero", "r1", "distil-s"];
const orderOf = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);

export interface LocalOptions {
  /** Threads of a training process; default: all cores. */
  readonly workers?: number;
  /** Is told when a training process has ended with an error, with its last words. */
  readonly onFailure?: (run: string, output: string) => void;
}

/** A model held open, and how many answers it is writing. */
interface OpenModel {
  readonly model: Promise<ChatModel>;
  users: number;
}

export class LocalServices implements StudioServices {
  readonly tasks = builtInTasks();
  readonly #root: string;
  readonly #options: LocalOptions;
  readonly #processes = new Map<string, TrainingProcess>();
  readonly #open = new Map<string, OpenModel>();

  /** @param root the folder of run directories */
  constructor(root: string, options: LocalOptions = {}) {
    this.#root = root;
    this.#options = options;
  }

  /**
   * Starts a new run of a recipe, or goes on with one, in a process of its own.
   * @param args of `reckon train`, without --runs and --workers
   */
  train(run: string, args: readonly string[]): TrainingProcess {
    const { workers, onFailure } = this.#options;
    const threads = workers === undefined ? [] : ["--workers", String(workers)];
    const started = TrainingProcess.start(run, [...args, "--runs", this.#root, ...threads]);
    this.#processes.set(run, started);
    void started.ended.then((code) => {
      if (this.#processes.get(run) === started) this.#processes.delete(run);
      if (code !== 0) onFailure?.(run, started.output);
    });
    return started;
  }

  /** A process that was asked to end counts as running until it has, and can be followed by the next one nonetheless. */
  control(run: string): { pause: boolean; resume: boolean } {
    const listing = listRuns(this.#root).find((item) => item.name === run);
    const whole = resumedAs(run);
    const own = this.#processes.get(whole);
    const several = whole === run && isPipeline(join(this.#root, run));
    const busyStage = this.#busyStage(whole);
    const written = listing?.busy === true || (several && busyStage !== undefined);
    const over = !written && (own === undefined || own.stopping) && busyStage === undefined;
    const unfinished = several ? hasMore(join(this.#root, run)) : listing && listing.state?.status !== "finished";
    return {
      // A process that runs another stage of the same recipe is paused there.
      pause: written || (own !== undefined && whole === run),
      resume: over && unfinished === true,
    };
  }

  async pause(run: string): Promise<void> {
    if (!this.control(run).pause) throw new ReckonError("RUN_NOT_RUNNING", `run ${run} is not running`);
    const own = this.#processes.get(resumedAs(run));
    if (own) own.pause();
    else requestOf(this.#root, this.#busyStage(run) ?? run, "pause");
  }

  async resume(run: string): Promise<void> {
    if (!this.control(run).resume)
      throw new ReckonError("RUN_NOT_PAUSED", `run ${run} cannot go on: it runs, or has finished`);
    const whole = resumedAs(run);
    await this.#processes.get(whole)?.ended;
    if (!this.#processes.has(whole)) this.train(whole, ["--resume", whole]); // Else another request was faster.
  }

  /** The stage of a run that is being written. */
  #busyStage(whole: string): string | undefined {
    return listRuns(this.#root).find((item) => item.busy && item.name.startsWith(`${whole}/`))?.name;
  }

  async models(): Promise<readonly ModelInfo[]> {
    const shipped = shippedModels()
      .map((folder): ModelInfo => {
        const id = basename(folder);
        const role = id === "base" ? "base" : "trained";
        return { id, label: id, role, ...describe(folder) };
      })
      .sort((a, b) => orderOf(a.id) - orderOf(b.id));
    const runs = listRuns(this.#root)
      .sort((a, b) => (a.state?.startedAt ?? "").localeCompare(b.state?.startedAt ?? ""))
      .flatMap((run): ModelInfo[] => {
        const checkpoint = newestCheckpoint(run.directory);
        const kinds = stageKinds(run.directory);
        // A reward model gives scores and writes nothing.
        if (checkpoint === undefined || !kinds.every((kind) => answers({ kind }))) return [];
        const role = kinds.includes("reinforce") ? "trained" : "other";
        const description = `Your run at step ${basename(checkpoint).slice("step-".length)}.`;
        return [{ id: `runs/${run.name}`, label: run.name, role, description }];
      });
    // The newest run first: it is the one that was just watched.
    return [
      ...shipped.filter((m) => m.role === "base"),
      ...runs.reverse(),
      ...shipped.filter((m) => m.role !== "base"),
    ];
  }

  async *chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk> {
    const open = this.#model(request.model);
    open.users++;
    try {
      yield* (await open.model).reply(request, signal);
    } finally {
      open.users--;
      this.#closeIdle(MOST_OPEN);
    }
  }

  /** The model as it is on disk now; opened once, the one that was used last stands last. */
  #model(id: string): OpenModel {
    const folder = this.#folder(id);
    const key = `${folder} ${statSync(join(folder, "model.safetensors")).mtimeMs}`;
    const open = this.#open.get(key) ?? {
      model: loadModelFolder(folder).then((checkpoint) => ChatModel.open(checkpoint)),
      users: 0,
    };
    this.#open.delete(key);
    this.#open.set(key, open);
    open.model.catch(() => this.#open.delete(key));
    return open;
  }

  /** Closes models that nobody talks to, those first that were used longest ago, until `most` are open. */
  #closeIdle(most: number): void {
    for (const [key, { model, users }] of this.#open) {
      if (this.#open.size <= most) return;
      if (users > 0) continue;
      this.#open.delete(key);
      void model.then((old) => old.release()).catch(() => {});
    }
  }

  #folder(id: string): string {
    const shipped = shippedModels().find((folder) => basename(folder) === id);
    if (shipped) return shipped;
    const run: RunListing | undefined = listRuns(this.#root).find((item) => `runs/${item.name}` === id);
    const folder = run && newestCheckpoint(run.directory);
    if (folder) return folder;
    throw new ReckonError("MODEL_UNKNOWN", `there is no model ${id}`, { help: "choose one of the list" });
  }

  /** Stops every run, breaks off every answer and closes every model. */
  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((running) => running.stop()));
    for (const { model } of this.#open.values()) await model.then((open) => open.release()).catch(() => {});
    this.#open.clear();
  }
}

/** Whether a run of several stages has something left to do. */
function hasMore(folder: string): boolean {
  try {
    return readPipeline(folder)?.stages.some(({ state }) => state !== "finished") ?? false;
  } catch (error) {
    if (error instanceof ReckonError) return false;
    throw error;
  }
}

/** Whether a run reinforces a model: only such a one can stand as "after" beside the base. */
/** None where the recipe cannot be read. */
function stageKinds(directory: string): readonly string[] {
  try {
    const { stages } = JSON.parse(readFileSync(join(directory, "recipe.json"), "utf8")) as {
      stages: { kind: string }[];
    };
    return stages.map(({ kind }) => kind);
  } catch {
    return [];
  }
}

/** The first sentence of what reckon.json says about a model. */
function describe(folder: string): { description?: string } {
  const file = join(folder, "reckon.json");
  if (!existsSync(file)) return {};
  try {
    const { description } = JSON.parse(readFileSync(file, "utf8")) as { description?: unknown };
    return typeof description === "string" ? { description } : {};
  } catch {
    return {};
  }
}
