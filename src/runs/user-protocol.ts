/** What travels between a run and the thread of a user's module. */
import type { Ladder, Problem, ProblemRequest, Verdict } from "../tasks/index.ts";
import type { Rollout } from "../train/rollout.ts";

/** What a user's reward is given: a rollout without its tokens, and the verifier's score. */
export type RewardRollout = Pick<Rollout, "problem" | "text" | "parsed" | "finish" | "length"> & {
  readonly score: number;
};

/** A reward as a module exports it by default: the function alone, or with a name and a weight. */
export type RewardFunction = (rollout: RewardRollout) => number | null | Promise<number | null>;
export interface RewardDefinition {
  /** Default: the file's name. */
  readonly name?: string;
  /** Default 1. */
  readonly weight?: number;
  readonly reward: RewardFunction;
}

export type UserModuleKind = "task" | "reward";

export interface UserWorkerSetup {
  /** Absolute path. */
  readonly path: string;
  readonly kind: UserModuleKind;
  readonly port: import("node:worker_threads").MessagePort;
  /** One 64-bit number: when the call at work began, in nanoseconds of the system's clock; 0 between calls. */
  readonly began: SharedArrayBuffer;
}

export interface TaskDescription {
  readonly kind: "task";
  readonly name: string;
  readonly levels: number;
  readonly ladder: Ladder;
}

export interface RewardDescription {
  readonly kind: "reward";
  readonly name: string;
  readonly weight: number;
}

/** What a module said of itself, or what is wrong with it. */
export type Loaded =
  | TaskDescription
  | RewardDescription
  | { readonly kind: "fault"; readonly code: string; readonly expected?: string; readonly got: string };

export type UserCall =
  | { readonly method: "problem"; readonly request: ProblemRequest }
  /** The gold answer. */
  | { readonly method: "gold"; readonly facts: unknown }
  /** Facts of a level as they come, of either split. */
  | { readonly method: "survey"; readonly seed: number; readonly index: number; readonly level: number }
  | { readonly method: "verify"; readonly facts: unknown; readonly answer: string }
  | { readonly method: "reward"; readonly rollout: RewardRollout };

/** What is seen of facts as they come. */
export interface Surveyed {
  readonly canonical: string;
  readonly heldOut: boolean;
}

/** What became of one call. */
export type Outcome =
  | { readonly ok: true; readonly value: Problem | Verdict | Surveyed | string | number | null }
  | { readonly ok: false; readonly message: string };

export type UserReply =
  | { readonly kind: "loaded"; readonly loaded: Loaded }
  /** Of the calls of a batch, in order. */
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  /** What the module printed. */
  | { readonly kind: "print"; readonly text: string };

/** Characters of a module's printing that are passed on. */
export const MOST_OUTPUT = 1 << 16;
