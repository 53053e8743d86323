/**
 * A run on disk: `runs/NAME/` with the resolved recipe, state, metrics, rollouts, answers of evaluations, events, a log and
 * checkpoints. It can be killed at any moment: opened again, it goes back to the last whole checkpoint and forgets what was
 * written after it, and the loop writes that again, bit for bit.
 *
 * Another process (the studio) pauses or stops a run through a small file, `control.json`; this one looks for it at most
 * five times a second. Left out: remote stores; a run directory is copied or synced as any folder is.
 */
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type {
  CheckpointFiles,
  Metrics,
  RolloutRecord,
  RunEvent,
  RunStore,
  StoredCheckpoint,
} from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { CheckpointStore } from "./checkpoint-store.ts";
import { diskError, isMissing, isSystemError, replaceFile } from "./disk.ts";
import { JsonLines } from "./json-lines.ts";
import { isLocked, RunLock } from "./lock.ts";
import { freshState, now, type RunState, type RunStatus, readJson, readState, stateText } from "./run-state.ts";

export type { RunState, RunStatus } from "./run-state.ts";

/** A run in a list. */
export interface RunListing {
  readonly name: string;
  readonly directory: string;
  readonly state: RunState | undefined;
  /** Whether a living process writes it. */
  readonly busy: boolean;
}

export type StopRequest = "pause" | "stop";

/** Is told what the run writes, as it writes it: for a terminal. */
export type RunObserver = Partial<Pick<RunStore, "metrics" | "rollouts" | "event" | "progress">>;

export interface RunOptions {
  /** Checkpoints kept, the latest ones; default 2. */
  readonly keep?: number;
  /** Steps whose checkpoints are kept beyond that. */
  readonly keepSteps?: readonly number[];
  readonly observer?: RunObserver;
  /** What `--resume` calls it, where that is not its name. */
  readonly resumedAs?: string;
}

export interface NewRunOptions extends RunOptions {
  /** Further files that stand in the folder from its first moment on, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Names that can be a run: one path segment that is neither hidden nor special. */
export const RUN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The same, and stages of runs that have several: `r1/rl`. */
export const RUN_PATH = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127})?$/;

const POLL_MS = 200;
const CONTROL = "control.json";

export class RunDirectory implements RunStore {
  readonly name: string;
  readonly path: string;
  /** The resolved recipe, as it was written. */
  readonly recipe: unknown;
  readonly checkpoints: CheckpointStore;
  readonly #lock: RunLock;
  readonly #resumedAs: string;
  readonly #keep: number;
  readonly #keepSteps: Set<number>;
  readonly #observer: RunObserver;
  readonly #metrics: JsonLines;
  readonly #rollouts: JsonLines;
  readonly #evaluations: JsonLines;
  readonly #events: JsonLines;
  #state: RunState;
  #request: StopRequest | undefined;
  #polled = 0;
  /** Told after the rewind, which would cut it away. */
  #damaged: string[] = [];
  #opened = false;
  /** Logs that the disk refuses at the moment: told once. */
  readonly #refused = new Set<JsonLines>();

  private constructor(
    root: string,
    name: string,
    recipe: unknown,
    state: RunState,
    lock: RunLock,
    options: RunOptions,
  ) {
    this.name = name;
    this.path = join(root, name);
    this.recipe = recipe;
    this.checkpoints = new CheckpointStore(join(this.path, "checkpoints"));
    this.#lock = lock;
    this.#resumedAs = options.resumedAs ?? name;
    this.#keep = options.keep ?? 2;
    this.#keepSteps = new Set(options.keepSteps);
    this.#observer = options.observer ?? {};
    this.#metrics = new JsonLines(join(this.path, "metrics.jsonl"));
    this.#rollouts = new JsonLines(join(this.path, "rollouts.jsonl"));
    this.#evaluations = new JsonLines(join(this.path, "evaluations.jsonl"));
    this.#events = new JsonLines(join(this.path, "events.jsonl"));
    this.#state = state;
  }

  /**
   * Makes a new run and takes its lock.
   * @param root folder of all runs; made if it is not there
   * @param recipe the resolved recipe, plain JSON
   * @throws ReckonError RUN_NAME, RUN_EXISTS, RUN_DISK
   */
  static create(root: string, name: string, recipe: unknown, options: NewRunOptions = {}): RunDirectory {
    checkName(name);
    const path = join(root, name);
    const aside = join(root, `.creating-${name}-${process.pid}`);
    const state = freshState();
    try {
      mkdirSync(root, { recursive: true });
      rmSync(aside, { recursive: true, force: true });
      mkdirSync(join(aside, "checkpoints"), { recursive: true });
      replaceFile(join(aside, "recipe.json"), `${JSON.stringify(recipe, null, 2)}\n`, { durable: true });
      replaceFile(join(aside, "state.json"), stateText(state), { durable: true });
      for (const [file, text] of Object.entries(options.files ?? {}))
        replaceFile(join(aside, file), text, { durable: true });
      // A folder with anything in it cannot be replaced: the system refuses.
      if (!isEmpty(path)) throw existing(root, name);
      renameSync(aside, path);
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      if (isSystemError(error) && ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(error.code)) throw existing(root, name);
      throw diskError(error, { path, what: "a new run", kept: "nothing was begun", run: name });
    }
    const lock = RunLock.acquire(path, name);
    return new RunDirectory(root, name, JSON.parse(JSON.stringify(recipe)), state, lock, options);
  }

  /**
   * Opens a run to go on with it and takes its lock. Then call `latestCheckpoint` and `rewind` to its step.
   * @throws ReckonError RUN_UNKNOWN, RUN_BUSY, RUN_DAMAGED (no recipe that can be read), RUN_DISK
   */
  static async open(root: string, name: string, options: RunOptions = {}): Promise<RunDirectory> {
    const path = join(root, name);
    const recipe = RUN_NAME.test(name) ? readJson(join(path, "recipe.json")) : undefined;
    if (recipe === undefined) throw unknownRun(root, name);
    const lock = RunLock.acquire(path, name);
    try {
      const before = readState(path);
      const run = new RunDirectory(root, name, recipe, { ...(before ?? freshState()), ...now() }, lock, options);
      run.#opened = true;
      await run.checkpoints.removeLeftovers();
      for (const log of run.#logs) log.cutAfter(() => true);
      rmSync(join(path, CONTROL), { force: true });
      run.#writeState({ status: "running" });
      return run;
    } catch (error) {
      lock.release();
      throw diskError(error, { path, what: "a run that goes on", kept: "nothing was changed", run: name });
    }
  }

  /** All runs of a folder, by name. */
  static list(root: string): RunListing[] {
    let names: string[];
    try {
      names = readdirSync(root).filter((name) => RUN_NAME.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    return names.sort().flatMap((name) => {
      const directory = join(root, name);
      const state = readState(directory);
      if (state === undefined && readJson(join(directory, "recipe.json")) === undefined) return [];
      return [{ name, directory, state, busy: isLocked(directory) }];
    });
  }

  /**
   * Asks the process that writes a run to pause or stop; it does so after its current step.
   * @throws ReckonError RUN_UNKNOWN, RUN_NOT_RUNNING
   */
  static request(root: string, name: string, request: StopRequest): void {
    const path = join(root, name);
    if (!RUN_NAME.test(name) || readJson(join(path, "recipe.json")) === undefined) throw unknownRun(root, name);
    if (!isLocked(path)) {
      throw new ReckonError("RUN_NOT_RUNNING", `No process is running ${name}.`, {
        help: `Go on with --resume ${name}.`,
      });
    }
    replaceFile(join(path, CONTROL), `${JSON.stringify({ request })}\n`);
  }

  get state(): RunState {
    return this.#state;
  }

  /** Why `stopRequested` is true. */
  get stopReason(): StopRequest | undefined {
    return this.#request;
  }

  metrics(record: Metrics): void {
    this.#append(this.#metrics, [record], record.step);
    this.#observer.metrics?.(record);
  }

  rollouts(records: readonly RolloutRecord[]): void {
    this.#append(this.#rollouts, records, records[0]?.step ?? this.#state.step);
    this.#observer.rollouts?.(records);
  }

  evaluations(records: readonly RolloutRecord[]): void {
    this.#append(this.#evaluations, records, records[0]?.step ?? this.#state.step);
  }

  event(event: RunEvent): void {
    this.#append(this.#events, [{ time: new Date().toISOString(), ...event }], event.step);
    this.log(
      `${event.level} ${event.code} step ${event.step}: ${event.message}${event.help ? ` (${event.help})` : ""}`,
    );
    this.#observer.event?.(event);
  }

  /** A line for people in `log.txt`; lost without a word if the disk refuses it. */
  log(line: string): void {
    try {
      appendFileSync(join(this.path, "log.txt"), `${new Date().toISOString()} ${line}\n`);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  progress(step: number, steps: number): void {
    try {
      this.#writeState({ step, steps });
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
    this.#observer.progress?.(step, steps);
  }

  /**
   * Writes logs and checkpoint so that they survive a power cut, then removes checkpoints beyond those kept.
   * @throws ReckonError RUN_DISK, with the checkpoint before intact; RUN_BUSY when another process has taken the run over
   */
  async saveCheckpoint(step: number, files: CheckpointFiles): Promise<void> {
    this.#lock.verify(this.name);
    try {
      for (const log of this.#logs) {
        const refused = log.flush();
        if (refused !== undefined) throw refused;
        log.sync();
      }
      await this.checkpoints.save(step, files);
    } catch (error) {
      const bytes = [...files.values()].reduce((n, file) => n + file.length, 0);
      throw await this.#diskError(error, `the checkpoint of step ${step}`, bytes);
    }
    try {
      await this.checkpoints.prune(this.#keep, this.#keepSteps);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const message = `an old checkpoint could not be removed (${error.code})`;
      this.event({ level: "warning", code: "CHECKPOINT_NOT_REMOVED", step, message });
    }
  }

  /** Keeps a step's checkpoint, whatever comes after. */
  keepCheckpoint(step: number): void {
    this.#keepSteps.add(step);
  }

  async latestCheckpoint(): Promise<StoredCheckpoint | undefined> {
    this.#damaged = [];
    return this.checkpoints.latest((step, why) => this.#damaged.push(`step ${step}: ${why}`));
  }

  /** Forgets what was written after `step`; -1 forgets everything. Then says so, and which checkpoints were damaged. */
  async rewind(step: number): Promise<void> {
    try {
      for (const log of this.#logs) log.cutAfter((record) => Number(record["step"]) <= step);
      await this.checkpoints.removeAfter(step);
      this.#writeState({ step: Math.max(0, step) });
    } catch (error) {
      throw await this.#diskError(error, `going back to step ${step}`);
    }
    for (const damage of this.#damaged) {
      this.event({
        level: "warning",
        code: "CHECKPOINT_DAMAGED",
        step: this.#state.step,
        message: `a checkpoint is damaged and was passed over, of ${damage}`,
        help: "the run goes on from the one before; if this happens again, check the disk",
      });
    }
    this.#damaged = [];
    if (!this.#opened) return;
    const at = this.#state.step;
    this.event({ level: "info", code: "RUN_RESUMED", step: at, message: `went on from step ${at}` });
  }

  /** Asks this process's own loop to stop after its step. */
  requestStop(request: StopRequest = "pause"): void {
    this.#request ??= request;
  }

  stopRequested(): boolean {
    const time = performance.now();
    if (this.#request === undefined && time - this.#polled >= POLL_MS) {
      this.#polled = time;
      const control = readJson(join(this.path, CONTROL)) as { request?: unknown } | undefined;
      if (control?.request === "pause" || control?.request === "stop") this.#request = control.request;
    }
    return this.#request !== undefined;
  }

  /**
   * Ends the writing: writes what waits, the final state, and gives the lock back.
   * @param status default: `finished` after the last step or without a stop request, else as requested
   * @throws ReckonError RUN_DISK when lines still wait; the lock is given back nonetheless
   */
  async close(status?: Exclude<RunStatus, "running">, message?: string): Promise<void> {
    const byRequest = { pause: "paused", stop: "stopped" } as const;
    const { step, steps } = this.#state;
    const final = status ?? (this.#request && step < steps ? byRequest[this.#request] : "finished");
    try {
      rmSync(join(this.path, CONTROL), { force: true });
      for (const log of this.#logs) {
        const refused = log.flush();
        if (refused !== undefined) throw refused;
      }
      this.#writeState({ status: final, ...(message === undefined ? {} : { message }) });
    } catch (error) {
      throw await this.#diskError(error, "the last lines of the logs");
    } finally {
      this.#lock.release();
    }
  }

  get #logs(): readonly JsonLines[] {
    return [this.#metrics, this.#rollouts, this.#evaluations, this.#events];
  }

  #append(log: JsonLines, records: readonly object[], step: number): void {
    const refused = log.append(records);
    if (refused === undefined) {
      this.#refused.delete(log);
      return;
    }
    if (this.#refused.has(log)) return;
    this.#refused.add(log);
    const trouble = { path: log.path, what: "the logs", kept: "lines wait in memory", run: this.#resumedAs };
    const error = diskError(refused, trouble) as ReckonError;
    this.event({
      level: "error",
      code: "RUN_DISK",
      step,
      message: `${log.path} cannot be written (${error.got}), since step ${step}`,
      help: "free some space: what waits is written as soon as there is room; without room the run ends at its next checkpoint",
    });
  }

  #writeState(change: Partial<RunState>): void {
    const { message: _, ...before } = this.#state;
    this.#state = { ...before, ...now(), ...change };
    replaceFile(join(this.path, "state.json"), stateText(this.#state));
  }

  async #diskError(error: unknown, what: string, bytes?: number): Promise<unknown> {
    if (!isSystemError(error)) return error;
    const latest = (await this.checkpoints.steps().catch(() => [])).at(-1);
    const kept = latest === undefined ? "there is no checkpoint yet" : `the checkpoint of step ${latest} is intact`;
    return diskError(error, {
      path: this.path,
      what,
      kept,
      run: this.#resumedAs,
      ...(bytes === undefined ? {} : { bytes }),
    });
  }
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return true;
    throw error;
  }
}

/** @throws ReckonError RUN_NAME */
export function checkName(name: string): void {
  if (RUN_NAME.test(name)) return;
  throw new ReckonError("RUN_NAME", "A run cannot have this name.", {
    expected: "letters, digits, dots, - and _, beginning with a letter or digit, at most 128",
    got: JSON.stringify(name),
    help: "Choose another name.",
  });
}

function existing(root: string, name: string): ReckonError {
  return new ReckonError("RUN_EXISTS", `There is already a run called ${name}.`, {
    expected: "a new name",
    got: join(root, name),
    help: `Go on with it: --resume ${name}; or choose another name.`,
  });
}

function unknownRun(root: string, name: string): ReckonError {
  const names = RunDirectory.list(root).map((run) => run.name);
  return new ReckonError("RUN_UNKNOWN", `There is no run called ${JSON.stringify(name.slice(0, 80))}.`, {
    expected: names.length === 0 ? `a run in ${root}, which has none` : `one of ${names.slice(0, 10).join(", ")}`,
    help: "Check the name and the folder of the runs.",
  });
}
