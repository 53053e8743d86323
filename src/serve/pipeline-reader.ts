/**
 * Reads runs of several stages: how far each stage is, what it began with and what it left, the table of what each gave, and
 * the answers of all models to one problem. The stages themselves are runs, and the run reader reads them.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { makes, referenceOf } from "../recipes/stages.ts";
import { isLocked } from "../runs/lock.ts";
import { RUN_NAME } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { isMissing } from "./jsonl-tail.ts";
import {
  dataCounts,
  inputsOf,
  newestStep,
  type PipelineFile,
  pipelineFile,
  staleStages,
  tableFile,
} from "./pipeline-files.ts";
import { RolloutLog } from "./rollout-log.ts";
import type { NamedLog } from "./rollout-search.ts";
import type { RunReader } from "./run-reader.ts";
import { TraceLog } from "./trace-log.ts";
import type {
  PipelineDetail,
  PipelineStage,
  PipelineSummary,
  StageInput,
  StageMeasurement,
  StageStatus,
} from "./wire.ts";

/** Data sets, and files of answers, that are kept in memory. */
const MOST_DATA = 4;
const MOST_ANSWERS = 32;

export class PipelineReader {
  readonly #runsDir: string;
  readonly #runs: RunReader;
  readonly #answers = new Recent<RolloutLog>(MOST_ANSWERS, (path) => new RolloutLog(path));
  readonly #data = new Recent<TraceLog>(MOST_DATA, (path) => new TraceLog(path));

  constructor(runsDir: string, runs: RunReader) {
    this.#runsDir = runsDir;
    this.#runs = runs;
  }

  /** All runs of several stages, the one that was worked on last first. */
  async list(): Promise<PipelineSummary[]> {
    let names: string[];
    try {
      names = (await readdir(this.#runsDir)).filter((name) => RUN_NAME.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const found = await Promise.all(names.map((name) => this.#summary(name)));
    return found
      .flatMap((one) => (one === null ? [] : [one.summary]))
      .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : a.name < b.name ? -1 : 1));
  }

  /** Throws `ReckonError` RUN_UNKNOWN. */
  async get(name: string): Promise<Omit<PipelineDetail, "control">> {
    const { summary, file } = await this.#known(name);
    const folder = join(this.#runsDir, name);
    const stageList = await Promise.all(file.stages.map((_, i) => this.#stage(name, file, i)));
    return {
      ...summary,
      description: file.recipe.description,
      stageList,
      stale: await staleStages(folder),
      table: await this.#table(name, file),
    };
  }

  /** The answers of the measured models, by their names in the order of the table. Throws `ReckonError` RUN_UNKNOWN. */
  async answers(name: string): Promise<NamedLog[]> {
    const { file } = await this.#known(name);
    const { rows } = await tableFile(join(this.#runsDir, name), file);
    return rows
      .filter(({ measurement }) => measurement.answers)
      .map(({ measurement, answersPath }) => ({ run: measurement.name, log: this.#answers.of(answersPath) }));
  }

  /** The data that a run has made, and what became of all that it was chosen from. Throws `ReckonError` RUN_UNKNOWN. */
  async data(
    run: string,
  ): Promise<{ readonly log: TraceLog; readonly counts: Record<string, Record<string, number>> }> {
    await this.#runs.get(run);
    const folder = join(this.#runsDir, run);
    return { log: this.#data.of(join(folder, "traces.jsonl")), counts: await dataCounts(folder) };
  }

  async #known(name: string): Promise<{ readonly summary: PipelineSummary; readonly file: PipelineFile }> {
    const found = RUN_NAME.test(name) ? await this.#summary(name) : null;
    if (found !== null) return found;
    throw new ReckonError("RUN_UNKNOWN", `There is no run of several stages called "${name.slice(0, 80)}".`, {
      help: "GET /api/pipelines lists them.",
    });
  }

  async #summary(name: string): Promise<{ summary: PipelineSummary; file: PipelineFile } | null> {
    const folder = join(this.#runsDir, name);
    const file = await pipelineFile(folder);
    if (file === null) return null;
    const { mtime } = await stat(join(folder, "pipeline.json"));
    const states = await Promise.all(file.stages.map((stage) => this.#status(name, stage)));
    const current = states.find((status) => status !== "finished" && status !== "waiting");
    const finished = states.filter((status) => status === "finished").length;
    const status = current ?? betweenStages(folder, finished, states.length);
    return {
      summary: { name, stages: states.length, finished, status, updatedAt: mtime.toISOString() },
      file,
    };
  }

  /** As the stage's own folder has it, which is newer than what pipeline.json says of it. */
  async #status(name: string, stage: PipelineFile["stages"][number]): Promise<StageStatus> {
    if (stage.state !== "running") return stage.state;
    const state = await this.#state(`${name}/${stage.folder}`);
    if (state === null) return isLocked(join(this.#runsDir, name)) ? "running" : "lost";
    switch (state.status) {
      case "running":
        return state.alive ? "running" : "lost";
      case "stopped":
        return "paused";
      case "paused":
      case "failed":
      case "finished":
        return state.status;
      default:
        state.status satisfies never;
        throw new Error("unreachable");
    }
  }

  async #state(run: string) {
    return (await this.#runs.find(run))?.state ?? null;
  }

  async #stage(name: string, { recipe, stages }: PipelineFile, i: number): Promise<PipelineStage> {
    const stage = stages[i]!;
    const run = `${name}/${stage.folder}`;
    const folder = join(this.#runsDir, name, stage.folder);
    const summary = await this.#runs.find(run);
    const state = summary?.state ?? null;
    const [status, step, metrics] = await Promise.all([
      this.#status(name, stage),
      newestStep(folder),
      summary === null ? null : this.#lastMetrics(run),
    ]);
    const made = makes(stage);
    const result = await this.#result(run, made, step);
    const since = state?.startedAt && state.updatedAt ? Date.parse(state.updatedAt) - Date.parse(state.startedAt) : 0;
    return {
      ...{ name: stage.name, kind: stage.kind, status, kept: stage.kept, run: summary === null ? null : run },
      earlier: status === "waiting" && summary !== null,
      makes: made,
      inputs: inputs(recipe.stages[i]),
      step: state?.step ?? null,
      steps: state === null || state.steps === 0 ? null : state.steps,
      // What is under way has not been summed up yet.
      seconds: stage.seconds > 0 ? stage.seconds : since / 1000,
      tokens: metrics?.tokens ?? null,
      sampledTokens: metrics?.sampledTokens ?? null,
      result,
    };
  }

  async #result(run: string, made: "model" | "data", step: number | null): Promise<PipelineStage["result"]> {
    switch (made) {
      case "model":
        return step === null ? null : { what: "model", step, model: `runs/${run}` };
      case "data": {
        const path = join(this.#runsDir, run, "traces.jsonl");
        const there = await stat(path).catch(() => null);
        if (there === null) return null;
        const log = this.#data.of(path);
        await log.poll();
        return { what: "data", rows: log.length };
      }
      default:
        made satisfies never;
        throw new Error("unreachable");
    }
  }

  async #lastMetrics(run: string): Promise<{ readonly tokens: number | null; readonly sampledTokens: number | null }> {
    const { metrics } = await this.#runs.logs(run);
    await metrics.poll();
    const keys = ["num_tokens", "completions/num_tokens"];
    const row = metrics.rows(Math.max(0, metrics.length - 1), keys)[0];
    return { tokens: row?.["num_tokens"] ?? null, sampledTokens: row?.["completions/num_tokens"] ?? null };
  }

  async #table(name: string, file: PipelineFile): Promise<StageMeasurement[]> {
    const { rows, writtenAt } = await tableFile(join(this.#runsDir, name), file);
    return Promise.all(
      rows.map(async ({ measurement }): Promise<StageMeasurement> => {
        const { stage } = measurement;
        const state = stage === null ? null : await this.#state(`${name}/${stage}`);
        const outdated = state?.updatedAt ? Date.parse(state.updatedAt) > writtenAt : false;
        return { ...measurement, outdated };
      }),
    );
  }
}

/** How it is with all of it when no stage is under way: between two of them its process looks at what comes next. */
function betweenStages(folder: string, finished: number, all: number): StageStatus {
  if (finished === all) return "finished";
  if (isLocked(folder)) return "running";
  return finished > 0 ? "paused" : "waiting";
}

function inputs(stage: PipelineFile["recipe"]["stages"][number] | undefined): StageInput[] {
  if (stage === undefined) return [];
  const { models, data } = inputsOf(stage);
  const named =
    (what: StageInput["what"]) =>
    (place: string): StageInput => {
      const reference = referenceOf(place) ?? null;
      return { what, stage: reference, place: reference ?? place };
    };
  return [...models.map(named("model")), ...data.map(named("data"))];
}

/** What was asked for last, by its path; the least recently used gives way. */
class Recent<T> {
  readonly #most: number;
  readonly #open: (path: string) => T;
  readonly #known = new Map<string, T>();

  constructor(most: number, open: (path: string) => T) {
    this.#most = most;
    this.#open = open;
  }

  of(path: string): T {
    const value = this.#known.get(path) ?? this.#open(path);
    this.#known.delete(path);
    this.#known.set(path, value);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(oldest);
    }
    return value;
  }
}
