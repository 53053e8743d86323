/**
 * What the studio asks of its caller. The server reads run directories by itself; everything that starts, stops or
 * runs a model is behind this interface, so that the server holds no engine and tests can stream a script.
 */
import type {
  ChatDelta,
  ChatResult,
  ChatVerdict,
  ModelInfo,
  ProblemReference,
  SampledProblem,
  TaskInfo,
} from "./wire.ts";

export interface ChatRequest {
  /** An id from `models()`. */
  readonly model: string;
  readonly prompt: string;
  /** 0 is greedy. */
  readonly temperature: number;
  /** Most new tokens, thinking and answer together. */
  readonly maxTokens: number;
  readonly seed: number;
}

/** What a chat yields: any number of deltas, then one result. The server adds the verdict. */
export type ChatChunk =
  | ({ readonly type: "delta" } & ChatDelta)
  | ({ readonly type: "done" } & Omit<ChatResult, "verdict">);

/** Problems to draw and to check. `builtInTasks()` is the one over the task room. */
export interface TaskCatalog {
  list(): readonly TaskInfo[];
  /** Throws `ReckonError` on an unknown family, level or language. */
  sample(reference: ProblemReference): SampledProblem;
  /** Verdict on an answer to the problem that `reference` draws. */
  verify(reference: ProblemReference, answer: string): ChatVerdict;
}

export interface StudioServices {
  /** Whether a run can be paused or resumed at this moment; decides which button shows. */
  control(run: string): { readonly pause: boolean; readonly resume: boolean };
  /** Pauses or resumes a run. A `ReckonError` means that it is not possible now and becomes HTTP 409. */
  pause(run: string): Promise<void>;
  resume(run: string): Promise<void>;
  models(): Promise<readonly ModelInfo[]>;
  /** Generates one completion; ends early when `signal` aborts. Throws `ReckonError` on an unknown model. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk>;
  readonly tasks: TaskCatalog;
}
