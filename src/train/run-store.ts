/**
 * What a training loop writes, wherever it runs: a run directory in Node (runs/), memory or IndexedDB in a browser.
 * Contract: when `saveCheckpoint` has resolved, a later `latestCheckpoint` sees it, whatever happened in between.
 */

/** One step's numbers, by TRL's names. Keys under `time/` are wall-clock and may differ between equal runs. */
export type Metrics = Readonly<Record<string, number>> & { readonly step: number };

/** A part of a text that was put there and not drawn from the model, in characters (UTF-16 units). */
export interface ForcedText {
  readonly from: number;
  readonly count: number;
}

/** One completion of a sampled step, for reading. */
export interface RolloutRecord {
  readonly step: number;
  readonly group: number;
  readonly index: number;
  readonly family: string;
  readonly level: number;
  readonly language: string;
  readonly prompt: string;
  readonly completion: string;
  readonly thinking: string;
  readonly answer: string | null;
  readonly finish: "stop" | "length";
  readonly tokens: number;
  /** Raw correctness, 0..1. */
  readonly score: number;
  readonly reason: string;
  /** What the gradient saw. */
  readonly reward: number;
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly advantage: number;
  readonly recheck: boolean;
  /** Parts of `completion` that were forced, such as a "wait"; absent where nothing was, and in older records. */
  readonly forced?: readonly ForcedText[];
}

export interface RunEvent {
  readonly level: "info" | "warning" | "error";
  /** Stable, e.g. `DEAD_GROUPS`. */
  readonly code: string;
  readonly step: number;
  readonly message: string;
  readonly help?: string;
}

/** Files of a checkpoint by name. */
export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

export interface StoredCheckpoint {
  readonly step: number;
  readonly files: CheckpointFiles;
}

export interface RunStore {
  /** The run's folder, where it has one: what makes data leaves it there. */
  readonly path?: string;
  metrics(record: Metrics): void;
  rollouts(records: readonly RolloutRecord[]): void;
  /** Answers to a few held-out problems at an evaluation, for reading; a store without the method keeps none. */
  evaluations?(records: readonly RolloutRecord[]): void;
  event(event: RunEvent): void;
  /** The run's progress; called every step. */
  progress(step: number, steps: number): void;
  saveCheckpoint(step: number, files: CheckpointFiles): Promise<void>;
  latestCheckpoint(): Promise<StoredCheckpoint | undefined>;
  /** Forgets what was written after `step`: a resumed run writes it again. */
  rewind(step: number): Promise<void>;
  /** True when the run was asked to stop: the loop saves a checkpoint and returns. */
  stopRequested(): boolean;
}
