/** What a reinforcement run is told. */
import type { Normalisation, RewardScale } from "./advantages.ts";
import type { CurriculumSettings } from "./curriculum.ts";
import type { Schedule } from "./schedule.ts";

export interface ReinforceSettings {
  readonly steps: number;
  readonly seed: number;
  readonly promptsPerStep: number;
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  /** Passes over one batch of rollouts. */
  readonly iterations: number;
  /** Updates in each pass; whole groups are shared out. */
  readonly miniBatches: number;
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly klWeight: number;
  /** Steps between copies of the policy into the reference; 0 keeps the first. */
  readonly referenceEvery: number;
  readonly normalisation: Normalisation;
  readonly rewardScale: RewardScale;
  /** Times that groups without a difference in reward are drawn again, with new problems; 0 keeps them. */
  readonly resample: number;
  /** Draws rungs by what their groups teach; left out, by their weights alone. */
  readonly curriculum?: CurriculumSettings | undefined;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly microBatchTokens: number;
  readonly checkpointEvery: number;
  readonly evaluateEvery: number;
  /** Steps between those whose rollouts are written down. */
  readonly rolloutsEvery: number;
  /** Groups written down of such a step. */
  readonly rolloutGroups: number;
}
