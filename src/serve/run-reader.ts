/**
 * Reads run directories: lists them, and keeps the logs of the last few that were looked at in memory.
 *
 * Reads only; whatever half-written state it meets (no file yet, a cut line, a state file of a process that is gone) is a
 * normal answer and no error.
 */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MOST_RUNS } from "../report/most-runs.ts";
import { isLocked } from "../runs/lock.ts";
import { RUN_NAME, RUN_PATH } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { isMissing, JsonlTail } from "./jsonl-tail.ts";
import { MetricsLog } from "./metrics-log.ts";
import { RolloutLog } from "./rollout-log.ts";
import { runFlaws } from "./run-flaws.ts";
import type { RunDetail, RunEvent, RunState, RunSummary } from "./wire.ts";

const time = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => {
    if (value === null || value === undefined) return null;
    const date = new Date(value);
    return Number.isNaN(date.getTime()) ? null : date.toISOString();
  });

const stateSchema = z.object({
  status: z.enum(["running", "paused", "finished", "failed", "stopped"]),
  step: z.number().default(0),
  steps: z.number().default(0),
  startedAt: time,
  updatedAt: time,
  pid: z.number().int().positive().nullish(),
  message: z
    .string()
    .nullish()
    .transform((text) => text ?? null),
});

const eventSchema = z.object({
  time,
  level: z.enum(["info", "warning", "error"]).catch("info"),
  code: z.string().default(""),
  step: z
    .number()
    .nullish()
    .transform((step) => step ?? null),
  message: z.string(),
  help: z
    .string()
    .nullish()
    .transform((text) => text ?? null),
});

/** Runs whose logs are kept in memory: a few beside those of one search, so that looking at another one drops none of them. */
const MOST_OPEN = MOST_RUNS + 8;

/** The logs of one run. */
export class RunLogs {
  readonly directory: string;
  readonly metrics: MetricsLog;
  readonly rollouts: RolloutLog;
  /** Answers to held-out problems, in the form of rollouts. */
  readonly evaluations: RolloutLog;
  readonly events: EventLog;
  #state: RunState | null = null;

  constructor(directory: string) {
    this.directory = directory;
    this.metrics = new MetricsLog(join(directory, "metrics.jsonl"));
    this.rollouts = new RolloutLog(join(directory, "rollouts.jsonl"));
    this.evaluations = new RolloutLog(join(directory, "evaluations.jsonl"));
    this.events = new EventLog(join(directory, "events.jsonl"));
  }

  /** The state now; the last good one while the file is being replaced; null before there is one. */
  async state(): Promise<RunState | null> {
    this.#state = (await readState(this.directory)) ?? this.#state;
    return this.#state;
  }
}

/** `events.jsonl` of a run. */
export class EventLog {
  readonly #tail: JsonlTail;
  #items: RunEvent[] = [];
  #generation = 0;

  constructor(path: string) {
    this.#tail = new JsonlTail(path, {
      reset: () => {
        this.#items = [];
        this.#generation++;
      },
      line: (value, position) => {
        this.#items.push({ id: position.line, ...eventSchema.parse(value) });
      },
    });
  }

  poll(): Promise<boolean> {
    return this.#tail.poll();
  }

  get badLines(): number {
    return this.#tail.badLines;
  }

  get items(): readonly RunEvent[] {
    return this.#items;
  }

  get generation(): number {
    return this.#generation;
  }
}

export class RunReader {
  readonly #runsDir: string;
  readonly #open = new Map<string, RunLogs>();

  constructor(runsDir: string) {
    this.#runsDir = runsDir;
  }

  /** All runs, newest first. */
  async list(): Promise<RunSummary[]> {
    let names: string[];
    try {
      const entries = await readdir(this.#runsDir, { withFileTypes: true });
      names = entries.filter(isRunFolder).map((entry) => entry.name);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const stages = await Promise.all(names.map((name) => this.#stages(name)));
    const runs = await Promise.all([...names, ...stages.flat()].map((name) => this.#summary(name)));
    return runs
      .filter((run) => run !== null)
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.name < b.name ? 1 : -1));
  }

  /** Summary of one run. Throws `ReckonError` RUN_UNKNOWN. */
  async get(name: string): Promise<RunSummary> {
    const run = await this.find(name);
    if (run === null) throw unknownRun(name);
    return run;
  }

  /** Summary of one run; null where there is none. */
  find(name: string): Promise<RunSummary | null> {
    return RUN_PATH.test(name) ? this.#summary(name) : Promise.resolve(null);
  }

  /** The resolved recipe as written, or null. */
  async recipe(name: string): Promise<unknown> {
    await this.get(name);
    return readJson(join(this.#runsDir, name, "recipe.json"));
  }

  /** Whether it has held-out answers, and what is missing or damaged. Throws `ReckonError` RUN_UNKNOWN. */
  async contents(name: string): Promise<Pick<RunDetail, "heldOutAnswers" | "flaws">> {
    const { state } = await this.get(name);
    const { directory, metrics, rollouts, evaluations, events } = await this.logs(name);
    await Promise.all([metrics.poll(), evaluations.poll(), events.poll()]);
    const flaws = await runFlaws(directory, {
      recipe: await readJson(join(directory, "recipe.json")),
      state: state !== null,
      step: state?.step ?? null,
      lastMetrics: metrics.lastStep,
      badLines: {
        "metrics.jsonl": metrics.badLines,
        "rollouts.jsonl": rollouts.badLines,
        "evaluations.jsonl": evaluations.badLines,
        "events.jsonl": events.badLines,
      },
    });
    return { heldOutAnswers: evaluations.length > 0, flaws };
  }

  /** The run's logs, shared between all who look at it. Throws `ReckonError` RUN_UNKNOWN. */
  async logs(name: string): Promise<RunLogs> {
    await this.get(name);
    let logs = this.#open.get(name);
    if (logs === undefined) {
      logs = new RunLogs(join(this.#runsDir, name));
      for (const oldest of this.#open.keys()) {
        if (this.#open.size < MOST_OPEN) break;
        this.#open.delete(oldest);
      }
    } else {
      this.#open.delete(name);
    }
    this.#open.set(name, logs);
    return logs;
  }

  /** Names of the stages of a run that has several: `r1/rl`. */
  async #stages(name: string): Promise<string[]> {
    const directory = join(this.#runsDir, name);
    try {
      await stat(join(directory, "pipeline.json"));
      const entries = await readdir(directory, { withFileTypes: true });
      return entries.filter(isRunFolder).map((entry) => `${name}/${entry.name}`);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #summary(name: string): Promise<RunSummary | null> {
    const directory = join(this.#runsDir, name);
    try {
      const info = await stat(directory);
      if (!info.isDirectory()) return null;
      const state = await readState(directory);
      const recipe = await stat(join(directory, "recipe.json")).catch(() => null);
      // A directory without anything of a run is somebody else's; a copy that broke off may have only some of it.
      if (state === null && recipe === null && !(await hasLogs(directory))) return null;
      const created = state?.startedAt ?? (recipe ?? info).mtime.toISOString();
      return { name, state, lastStep: state === null ? null : state.step, createdAt: created };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }
}

function isRunFolder(entry: Dirent): boolean {
  return (entry.isDirectory() || entry.isSymbolicLink()) && RUN_NAME.test(entry.name);
}

async function hasLogs(directory: string): Promise<boolean> {
  const names = await readdir(directory);
  return ["metrics.jsonl", "rollouts.jsonl", "state.json"].some((name) => names.includes(name));
}

function unknownRun(name: string): ReckonError {
  return new ReckonError("RUN_UNKNOWN", `There is no run called "${name.slice(0, 80)}".`, {
    help: "GET /api/runs lists the runs.",
  });
}

async function readState(directory: string): Promise<RunState | null> {
  const parsed = stateSchema.safeParse(await readJson(join(directory, "state.json")));
  if (!parsed.success) return null;
  const { pid, ...state } = parsed.data;
  return { ...state, alive: state.status !== "running" || (await writerLives(directory, pid ?? null)) };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What was found out about writers, and when: looking a process up costs a program call on some systems. */
const writers = new Map<string, { readonly at: number; readonly pid: number | null; readonly lives: boolean }>();
const WRITER_MS = 2000;

/** Whether the process that writes a run lives; by its lock, or by its id between the state's writing and the lock's. */
async function writerLives(directory: string, pid: number | null): Promise<boolean> {
  const known = writers.get(directory);
  const now = performance.now();
  if (known !== undefined && known.pid === pid && now - known.at < WRITER_MS) return known.lives;
  const locks = (await readdir(directory)).some((name) => /^writer-\d+\.lock$/.test(name));
  const lives = locks ? isLocked(directory) : pid === null || processLives(pid);
  writers.set(directory, { at: now, pid, lives });
  return lives;
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
