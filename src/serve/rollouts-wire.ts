/** What travels between server and page about what models wrote, and the problems that they were asked; types only. */
import type { RolloutRecord } from "../train/run-store.ts";

/** One sampled completion. */
export interface Rollout extends RolloutRecord {
  /** Line number in `rollouts.jsonl`, from 0: stable within a file's life. */
  readonly id: number;
}

/** A completion and the run that it is of. */
export interface FoundRollout extends Rollout {
  readonly run: string;
}

export interface RolloutPage {
  /** How many match, before paging. */
  readonly total: number;
  readonly offset: number;
  readonly items: readonly FoundRollout[];
  /** Choices for filters, over all that there is. */
  readonly steps: readonly number[];
  readonly families: readonly string[];
  readonly levels: readonly number[];
  /** Whether anything was forced into any of them. */
  readonly forced: boolean;
}

/** One level of a family. */
export interface Rung {
  readonly family: string;
  readonly level: number;
}

/** The answers to one problem at one step of a run. */
export interface ProblemOutcome {
  readonly run: string;
  readonly step: number;
  readonly answers: number;
  readonly right: number;
}

export interface ProblemSummary {
  /** Equal for the same problem at other steps and in other runs. */
  readonly id: string;
  readonly family: string;
  readonly level: number;
  readonly prompt: string;
  readonly answers: number;
  readonly right: number;
  /** By run, then by step. */
  readonly outcomes: readonly ProblemOutcome[];
}

export interface ProblemPage {
  readonly total: number;
  readonly offset: number;
  readonly items: readonly ProblemSummary[];
  readonly families: readonly string[];
  readonly levels: readonly number[];
  /** All that there are problems of. */
  readonly rungs: readonly Rung[];
}
