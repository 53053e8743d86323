/** What travels between server and page about what models wrote, and the problems that they were asked; types only. */

/** One sampled completion. */
export interface Rollout {
  /** Line number in `rollouts.jsonl`, from 0: stable within a file's life. */
  readonly id: number;
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
  /** Raw correctness in 0..1, and why. */
  readonly score: number;
  readonly reason: string;
  /** What the gradient saw. */
  readonly reward: number;
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly advantage: number;
  readonly recheck: boolean;
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
}
