/**
 * Group-relative advantages and the token weights of the GRPO family's normalisations.
 *
 * Advantage (DeepSeekMath, arXiv 2402.03300, eq. 3): A_i = (r_i − mean) / (std + 1e-4) within the group of answers to
 * one prompt, with the sample standard deviation (n − 1) as TRL has it; Dr. GRPO (arXiv 2503.20783) leaves the
 * division out. Left out: batch-level scaling and leave-one-out means.
 */
import { ReckonError } from "../util/errors.ts";

export type RewardScale = "group" | "none";
export type Normalisation = "grpo" | "dr_grpo" | "dapo";

const STD_EPS = 1e-4;
/** Rewards closer than this are the same: the group teaches nothing. */
const SAME = 1e-9;

/**
 * Advantages of one group.
 * @param rewards one per answer; at least 2
 * @returns zeros for a group whose rewards are all equal
 * @throws ReckonError TRAIN_GROUP_SIZE for a single answer, TRAIN_NOT_FINITE for a reward that is no number
 */
export function groupAdvantages(rewards: readonly number[], scale: RewardScale): number[] {
  if (rewards.length < 2) {
    throw new ReckonError("TRAIN_GROUP_SIZE", "a group needs at least two answers to compare", {
      expected: "samplesPerPrompt of 2 or more",
      got: `${rewards.length}`,
    });
  }
  const bad = rewards.find((reward) => !Number.isFinite(reward));
  if (bad !== undefined) {
    throw new ReckonError("TRAIN_NOT_FINITE", "a reward is not a finite number", { got: String(bad) });
  }
  if (isDead(rewards)) return rewards.map(() => 0);
  const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
  if (scale === "none") return rewards.map((reward) => reward - mean);
  const variance = rewards.reduce((total, reward) => total + (reward - mean) ** 2, 0) / (rewards.length - 1);
  const std = Math.sqrt(variance);
  return rewards.map((reward) => (reward - mean) / (std + STD_EPS));
}

/** True when all rewards of a group are equal. */
export function isDead(rewards: readonly number[]): boolean {
  return Math.max(...rewards) - Math.min(...rewards) < SAME;
}

/**
 * Weight of each answer's tokens in the loss (a sum over tokens).
 * - grpo: mean over answers of the mean over tokens: 1 / (N·|o_i|)
 * - dapo: mean over all tokens of the batch: 1 / Σ|o|
 * - dr_grpo: by a constant: 1 / (N·L_max)
 * @param lengths learnt tokens of every answer in the update
 * @param maxLength L_max, the cap on new tokens
 */
export function tokenWeights(lengths: readonly number[], normalisation: Normalisation, maxLength: number): number[] {
  const answers = lengths.length;
  switch (normalisation) {
    case "grpo":
      return lengths.map((length) => 1 / (answers * Math.max(1, length)));
    case "dapo": {
      const total = Math.max(
        1,
        lengths.reduce((a, b) => a + b, 0),
      );
      return lengths.map(() => 1 / total);
    }
    case "dr_grpo":
      return lengths.map(() => 1 / (answers * maxLength));
    default:
      normalisation satisfies never;
      throw new Error("internal: unknown normalisation");
  }
}
