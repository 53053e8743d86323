/** What the studio asks of the command line: training processes to start and stop, models to talk to. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { loadModelFolder } from "../recipes/index.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { ChatModel } from "../serve/chat-model.ts";
import { builtInTasks, type ChatChunk, type ChatRequest, type ModelInfo, type StudioServices } from "../serve/index.ts";
import { ReckonError } from "../util/errors.ts";
import { newestCheckpoint, shippedModels } from "./models.ts";
import { TrainingProcess } from "./training-process.ts";

/** Models held open for talking; each is a few megabytes. */
const MOST_OPEN = 4;

export class LocalServices implements StudioServices {
  readonly tasks = builtInTasks();
  readonly #root: string;
  readonly #workers: number | undefined;
  readonly #processes = new Map<string, TrainingProcess>();
  readonly #open = new Map<string, Promise<ChatModel>>();

  /** @param root the folder of run directories */
  constructor(root: string, workers?: number) {
    this.#root = root;
    this.#workers = workers;
  }

  /** Starts a new run of a recipe, or goes on with one, in a process of its own. */
  train(run: string, args: readonly string[]): TrainingProcess {
    const workers = this.#workers === undefined ? [] : ["--workers", String(this.#workers)];
    const started = TrainingProcess.start(run, [...args, "--runs", this.#root, ...workers]);
    this.#processes.set(run, started);
    void started.ended.then(() => {
      if (this.#processes.get(run) === started) this.#processes.delete(run);
    });
    return started;
  }

  control(run: string): { pause: boolean; resume: boolean } {
    const listing = RunDirectory.list(this.#root).find((item) => item.name === run);
    const busy = this.#processes.has(run) || listing?.busy === true;
    const status = listing?.state?.status;
    return { pause: busy, resume: !busy && listing !== undefined && status !== "finished" };
  }

  async pause(run: string): Promise<void> {
    if (!this.control(run).pause) throw new ReckonError("RUN_NOT_RUNNING", `run ${run} is not running`);
    RunDirectory.request(this.#root, run, "pause");
  }

  async resume(run: string): Promise<void> {
    if (!this.control(run).resume)
      throw new ReckonError("RUN_NOT_PAUSED", `run ${run} cannot go on: it runs, or has finished`);
    this.train(run, ["--resume", run]);
  }

  async models(): Promise<readonly ModelInfo[]> {
    const shipped = shippedModels().map((folder): ModelInfo => {
      const id = basename(folder);
      const role = id === "base" ? "base" : "trained";
      return { id, label: id, role, ...describe(folder) };
    });
    const runs = RunDirectory.list(this.#root)
      .filter((run) => newestCheckpoint(run.directory) !== undefined)
      .sort((a, b) => (a.state?.startedAt ?? "").localeCompare(b.state?.startedAt ?? ""))
      .map((run): ModelInfo => {
        const role = isReinforcement(run.directory) ? "trained" : "other";
        return { id: `runs/${run.name}`, label: run.name, role, description: `your run, step ${run.state?.step ?? 0}` };
      });
    // The newest run first: it is the one that was just watched.
    return [
      ...shipped.filter((m) => m.role === "base"),
      ...runs.reverse(),
      ...shipped.filter((m) => m.role !== "base"),
    ];
  }

  async *chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk> {
    const model = await this.#model(request.model);
    yield* model.reply(request, signal);
  }

  #model(id: string): Promise<ChatModel> {
    const folder = this.#folder(id);
    const key = `${folder} ${statSync(join(folder, "model.safetensors")).mtimeMs}`;
    let model = this.#open.get(key);
    if (!model) {
      model = loadModelFolder(folder).then((checkpoint) => ChatModel.open(checkpoint));
      model.catch(() => this.#open.delete(key));
      this.#open.set(key, model);
      const oldest = this.#open.keys().next().value;
      if (this.#open.size > MOST_OPEN && oldest !== undefined) {
        void this.#open.get(oldest)?.then((old) => old.release());
        this.#open.delete(oldest);
      }
    }
    return model;
  }

  #folder(id: string): string {
    const shipped = shippedModels().find((folder) => basename(folder) === id);
    if (shipped) return shipped;
    const run = RunDirectory.list(this.#root).find((item) => `runs/${item.name}` === id);
    const folder = run && newestCheckpoint(run.directory);
    if (folder) return folder;
    throw new ReckonError("MODEL_UNKNOWN", `there is no model ${id}`, { help: "choose one of the list" });
  }

  /** Stops every run and closes every model. */
  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((running) => running.stop()));
    for (const model of this.#open.values()) await model.then((open) => open.release()).catch(() => {});
  }
}

/** Whether a run reinforces a model: only such a one can stand as "after" beside the base. */
function isReinforcement(directory: string): boolean {
  try {
    const { stages } = JSON.parse(readFileSync(join(directory, "recipe.json"), "utf8")) as {
      stages: { kind: string }[];
    };
    return stages.some((stage) => stage.kind === "reinforce");
  } catch {
    return false;
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
