/** What the page and the worker that grows the model say to each other. */
import type { Metrics, RolloutRecord, RunEvent } from "../../train/index.ts";
import type { GrowthSettings } from "./presets.ts";

export type EngineName = "wasm" | "webgpu";

/** A question to what was grown; `problem` names a held-out problem whose answer can be verified. */
export interface Question {
  readonly id: number;
  readonly prompt: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly problem: ProblemName | null;
}

export interface ProblemName {
  readonly family: string;
  readonly level: number;
  readonly seed: number;
  readonly language: "en" | "de";
}

/** The base that it grew from, and what has become of it. */
export type Side = "before" | "now";

export interface Said {
  readonly thinking: string;
  readonly answer: string | null;
  /** Filled when it has been said. */
  readonly done: {
    readonly tokens: { readonly prompt: number; readonly thinking: number; readonly answer: number };
    readonly seconds: number;
    readonly finish: "stop" | "length";
    readonly verdict: { readonly score: number; readonly reason: string } | null;
  } | null;
}

export type ToWorker =
  | { readonly kind: "load"; readonly engine: EngineName; readonly threads: number; readonly base: string }
  | { readonly kind: "grow"; readonly settings: GrowthSettings }
  | { readonly kind: "pause" }
  | { readonly kind: "continue" }
  /** Ends the growth; what has grown can still be asked. */
  | { readonly kind: "stop" }
  | { readonly kind: "ask"; readonly question: Question };

/** `pausing`: the step under way is done first. `stopped`: by the reader, before its last step. */
export type Phase = "loading" | "ready" | "growing" | "pausing" | "paused" | "stopped" | "finished" | "failed";

export interface EngineInfo {
  readonly name: string;
  readonly threads: number;
  /** Whether ONNX Runtime's own operators are used. */
  readonly fused: boolean;
  /** Of the base. */
  readonly parameters: number;
  readonly selfTest: { readonly checks: number; readonly milliseconds: number };
}

export type FromWorker =
  | { readonly kind: "phase"; readonly phase: Phase; readonly step: number }
  | { readonly kind: "loading"; readonly what: string }
  | { readonly kind: "engine"; readonly info: EngineInfo }
  | { readonly kind: "metrics"; readonly row: Metrics }
  | { readonly kind: "samples"; readonly records: readonly RolloutRecord[] }
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "said"; readonly id: number; readonly side: Side; readonly said: Said }
  | { readonly kind: "unsaid"; readonly id: number; readonly message: string; readonly help: string | null }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly help: string | null };
