/** What travels between server and page about recipes of several stages, and about the data that stages make; types only. */
import type { FoundRollout, ProblemPage } from "./rollouts-wire.ts";

/** `lost`: it says that it runs, and the process that wrote it is gone. */
export type StageStatus = "waiting" | "running" | "paused" | "failed" | "finished" | "lost";

/** A run of several stages, for the list of them. */
export interface PipelineSummary {
  readonly name: string;
  readonly stages: number;
  readonly finished: number;
  /** That of the stage that is worked on; `finished` when all are. */
  readonly status: StageStatus;
  readonly updatedAt: string;
}

/** What a stage begins with: another stage's work, or something by its place. */
export interface StageInput {
  readonly what: "model" | "data";
  /** Name of a stage; else null. */
  readonly stage: string | null;
  /** As the recipe has it, without `stage:`. */
  readonly place: string;
}

export type StageResult =
  | { readonly what: "model"; readonly step: number /** An id for talking to it. */; readonly model: string }
  | { readonly what: "data"; readonly rows: number };

export interface PipelineStage {
  readonly name: string;
  readonly kind: string;
  readonly status: StageStatus;
  /** It was done before the recipe was last started, and passed over. */
  readonly kept: boolean;
  /** It waits, and there is work of an earlier start, which is kept if nothing that decides over it has changed. */
  readonly earlier: boolean;
  /** Its run, `r1/rl`; null while there is none. */
  readonly run: string | null;
  readonly makes: "model" | "data";
  readonly inputs: readonly StageInput[];
  readonly step: number | null;
  readonly steps: number | null;
  readonly seconds: number;
  /** All tokens seen, and of these sampled; null where nothing tells. */
  readonly tokens: number | null;
  readonly sampledTokens: number | null;
  readonly result: StageResult | null;
}

/** Work that other settings made: it comes back with them. */
export interface StaleStage {
  readonly folder: string;
  readonly seconds: number | null;
  readonly laidAsideAt: string;
}

/** A model that was measured, of the stage table. */
export interface StageMeasurement {
  readonly name: string;
  /** Name of the stage that made it; null for a model that the recipe begins with. */
  readonly stage: string | null;
  /** The stage has run again since. */
  readonly outdated: boolean;
  readonly problems: number;
  readonly accuracy: number;
  /** Standard error of the accuracy. */
  readonly se: number;
  readonly chance: number;
  readonly format: number;
  /** Mean tokens of the answers, and of their thinking. */
  readonly tokens: number;
  readonly thinking: number;
  readonly families: Readonly<Record<string, number>>;
  readonly language: number | null;
  readonly instructions: {
    readonly followed: number | null;
    readonly kinds: Readonly<Record<string, { readonly followed: number | null; readonly right: number | null }>>;
  };
  /** Whether its answers are there to be read. */
  readonly answers: boolean;
}

export interface PipelineDetail extends PipelineSummary {
  readonly description: string;
  readonly stageList: readonly PipelineStage[];
  readonly stale: readonly StaleStage[];
  /** In the order of the recipe; empty before anything was measured. */
  readonly table: readonly StageMeasurement[];
  readonly control: { readonly pause: boolean; readonly resume: boolean };
}

/** Problems that all models of the stage table were asked; `run` of an outcome is the model's name. */
export interface StageProblems extends ProblemPage {
  readonly models: readonly string[];
}

/** What the models answered to one problem, in the order of the table; `run` is the model's name. */
export interface StageAnswers {
  readonly items: readonly FoundRollout[];
}

/** A row of `traces.jsonl`. */
export interface TraceItem {
  /** Its place in the file, from 0. */
  readonly id: number;
  readonly name: string;
  readonly prompt: string;
  readonly thinking: string;
  readonly answer: string;
  readonly family: string | null;
  readonly level: number | null;
  readonly language: string | null;
  /** The verifier's, 0..1. */
  readonly score: number | null;
  /** 1 to 5, by aspect. */
  readonly ratings: Readonly<Record<string, number>>;
  /** Of the first lines of the thinking: 1 right, 0 wrong. */
  readonly steps: readonly number[];
  readonly source: string | null;
}

export interface TracePage {
  readonly total: number;
  readonly offset: number;
  readonly items: readonly TraceItem[];
  /** Rows of the file. */
  readonly rows: number;
  readonly broken: number;
  readonly families: readonly string[];
  readonly levels: readonly number[];
  readonly languages: readonly string[];
  /** Aspects that are rated, with their means over what matches. */
  readonly aspects: Readonly<Record<string, number>>;
  /** By family: what became of all answers; empty where nothing was left out. Keys are reasons, in their order. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
