/** What tests of recipes share. */
import type { RewardStep } from "./parting.ts";

/** Settings of learning for stages of a few steps. */
export const SHORT = {
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;

/** A run whose judge is pleased ever more, while from a step on the truth changes otherwise than it did. */
export function judgedRun(turn: number, then = -0.004): RewardStep[] {
  return Array.from({ length: 100 }, (_, i) => ({
    ...{ step: i + 1, model: 0.3 + 0.005 * i, format: 1 },
    accuracy: 0.2 + 0.006 * Math.min(i, turn) + then * Math.max(0, i - turn) + (i % 2 === 0 ? 0.01 : -0.01),
  }));
}
