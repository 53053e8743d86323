/**
 * What travels between the studio's server and its page: types only, so that the browser can import them.
 *
 * Times are ISO 8601 strings. Numbers that a run did not log at a step are absent from rows and `null` in columns.
 */
export type * from "./rollouts-wire.ts";
export type * from "./stages-wire.ts";

export type RunStatus = "running" | "paused" | "finished" | "failed" | "stopped";

/** `state.json` of a run, as last seen. */
export interface RunState {
  readonly status: RunStatus;
  /** Steps done. */
  readonly step: number;
  /** Steps planned. */
  readonly steps: number;
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  readonly message: string | null;
  /** False when the state says "running" and the process that wrote it is gone (a crash, a power cut, kill -9). */
  readonly alive: boolean;
}

export interface RunSummary {
  readonly name: string;
  readonly state: RunState | null;
  /** Last step known from the state file; null before the first. */
  readonly lastStep: number | null;
  readonly createdAt: string;
}

export interface RunDetail extends RunSummary {
  /** The resolved recipe, as written; null while there is none. */
  readonly recipe: unknown;
  /** The same with today's defaults for settings that it does not name; null where it does not fit today's recipes. */
  readonly resolved: unknown;
  /** Today's defaults of its stage; empty where it has none that is known. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether there are answers to held-out problems. */
  readonly heldOutAnswers: boolean;
  /** What is missing or damaged: a run that was copied in half shows what it has. */
  readonly flaws: readonly RunFlaw[];
  /** Whether this server can pause and resume it now. */
  readonly control: { readonly pause: boolean; readonly resume: boolean };
}

/** One line of `metrics.jsonl`; every other key is a number. */
export type MetricRow = { readonly step: number } & Readonly<Record<string, number>>;

/** The same by column, for long runs: `columns[key][i]` belongs to `steps[i]`. */
export interface MetricColumns {
  readonly steps: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Head of the packed form, for long runs (src/serve/metrics-log.ts). */
export interface PackedHeader {
  readonly rows: number;
  readonly keys: readonly string[];
}

export interface RunEvent {
  readonly id: number;
  readonly time: string | null;
  readonly level: "info" | "warning" | "error";
  readonly code: string;
  readonly step: number | null;
  readonly message: string;
  readonly help: string | null;
}

/** One of a run's files that is not as it should be. */
export interface RunFlaw {
  readonly file: string;
  /** What is wrong with it, for a person. */
  readonly problem: string;
}

/** Events of `GET /api/runs/:name/stream`, by SSE event name. */
export interface RunStreamEvents {
  readonly state: RunState;
  readonly metrics: { readonly rows: readonly MetricRow[] };
  readonly events: { readonly items: readonly RunEvent[] };
  readonly rollouts: { readonly total: number; readonly lastStep: number | null };
  /** A file was cut back or replaced (a resumed run does that): forget what was read and load again. */
  readonly reset: { readonly what: "metrics" | "events" | "rollouts" };
}

export interface ModelInfo {
  readonly id: string;
  readonly label: string;
  /** `base`: before reinforcement learning; `trained`: after. */
  readonly role: "base" | "trained" | "other";
  /** One line for a newcomer. */
  readonly description?: string;
}

export interface TaskInfo {
  readonly family: string;
  /** One line for a newcomer; may be empty. */
  readonly description: string;
  readonly levels: readonly { readonly level: number; readonly label: string; readonly chance: number }[];
  readonly languages: readonly string[];
}

/** What a problem is drawn from; equal references give equal problems. */
export interface ProblemReference {
  readonly family: string;
  readonly level: number;
  readonly seed: number;
  readonly language: string;
}

export interface SampledProblem extends ProblemReference {
  readonly prompt: string;
  /** Probability that a random legal answer is right. */
  readonly chance: number;
}

export interface ChatVerdict {
  readonly score: number;
  readonly reason: string;
}

export interface ChatDelta {
  readonly phase: "thinking" | "answer";
  readonly text: string;
}

export interface ChatResult {
  readonly thinking: string;
  readonly answer: string | null;
  readonly tokens: { readonly prompt: number; readonly thinking: number; readonly answer: number };
  readonly seconds: number;
  readonly finish: "stop" | "length";
  readonly verdict?: ChatVerdict;
}

/** Events of `POST /api/chat`, by SSE event name. */
export interface ChatStreamEvents {
  readonly delta: ChatDelta;
  readonly done: ChatResult;
  readonly error: ApiError["error"];
}

/** What is rated; `file` is null where nothing is. */
export interface LabelInfo {
  readonly file: string | null;
  readonly traces: number;
  /** Of these, with all ratings. */
  readonly rated: number;
  /** The first that lacks one. */
  readonly first: number | null;
  /** Rows that cannot be read. */
  readonly broken: number;
}

export interface LabelItem {
  /** Its place in the file, from 0. */
  readonly index: number;
  readonly id: string;
  readonly prompt: string;
  readonly thinking: string;
  readonly answer: string;
  /** What is to be rated. */
  readonly aspects: readonly string[];
  /** 1 to 5, by aspect. */
  readonly ratings: Readonly<Record<string, number>>;
  /** The verifier's, where it is known. */
  readonly score: number | null;
  readonly source: string | null;
  /** The next that lacks a rating, after this one. */
  readonly next: number | null;
}

export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly help: string | null };
}
