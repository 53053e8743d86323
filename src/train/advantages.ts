/**
 * Advantages of a step's answers: reward less a baseline, over a scale.
 *
 * - baseline `group`: the mean of the group (DeepSeekMath, arXiv 2402.03300); `leave_one_out`: the mean of the others of
 *   the group, which is G/(G − 1) times as far away (RLOO, arXiv 2402.14740); `batch`: the mean of the step's tokens, each
 *   bearing its answer's reward (REINFORCE++, arXiv 2501.03262).
 * - scale `group`: the group's standard deviation + 1e-4, with n − 1 as TRL has it; `batch`: that of all rewards of the
 *   step (Lite-PPO, arXiv 2508.08221), with the baseline `batch` that of its tokens, with n, as OpenRLHF whitens;
 *   `none` (Dr. GRPO, arXiv 2503.20783).
 *
 * With the KL term in the reward (`klIn`) an answer earns β Σ (log π_old − log π_ref) less; with the baseline `batch` each
 * token answers for itself and those after it alone, so its advantage is its own (REINFORCE++).
 */
import { ReckonError } from "../util/errors.ts";

export type RewardScale = "group" | "batch" | "none";
export type Baseline = "group" | "leave_one_out" | "batch";
/** Of a whole answer, or of each of its tokens. */
export type Advantage = number | Float32Array;

/** Rewards of one group, and what else decides over its advantages. */
export interface RewardedGroup {
  /** One an answer; at least 2. */
  readonly rewards: readonly number[];
  /** Tokens of each answer. */
  readonly lengths: readonly number[];
  /** β (log π_old − log π_ref) of each answer's tokens, where the KL term is in the reward. */
  readonly penalties?: readonly Float32Array[];
}

const STD_EPS = 1e-4;
/** As in OpenRLHF's whitening. */
const LEAST_VARIANCE = 1e-8;
/** Rewards closer than this are the same: the group teaches nothing. */
const SAME = 1e-9;

/**
 * Advantages of one group.
 * @param rewards one per answer; at least 2
 * @returns zeros for a group whose rewards are all equal
 * @throws ReckonError TRAIN_GROUP_SIZE for a single answer, TRAIN_NOT_FINITE for a reward that is no number
 */
export function groupAdvantages(rewards: readonly number[], scale: "group" | "none"): number[] {
  checkRewards(rewards);
  if (isDead(rewards)) return rewards.map(() => 0);
  const centre = mean(rewards);
  if (scale === "none") return rewards.map((reward) => reward - centre);
  const std = deviation(rewards);
  return rewards.map((reward) => (reward - centre) / (std + STD_EPS));
}

/**
 * Advantages of a step, group by group. A group whose rewards are all equal has zeros, but with the baseline `batch`, which
 * compares with other groups.
 * @throws as `groupAdvantages`
 */
export function stepAdvantages(
  groups: readonly RewardedGroup[],
  { baseline, scale }: { readonly baseline: Baseline; readonly scale: RewardScale },
): Advantage[][] {
  for (const { rewards } of groups) checkRewards(rewards);
  if (baseline === "batch") return whitened(groups, scale);
  const charged = groups.map(({ rewards, penalties }) =>
    penalties ? rewards.map((reward, i) => reward - sum(penalties[i]!)) : rewards,
  );
  const all = charged.flat();
  const batchScale = scale === "batch" ? deviation(all) + STD_EPS : 1;
  return charged.map((rewards) => {
    const out = groupAdvantages(rewards, scale === "group" ? "group" : "none");
    const further = baseline === "leave_one_out" ? rewards.length / (rewards.length - 1) : 1;
    if (further === 1 && batchScale === 1) return out;
    return out.map((advantage) => (advantage * further) / batchScale);
  });
}

/** REINFORCE++: returns of all tokens of the step, less their mean, over their deviation. */
function whitened(groups: readonly RewardedGroup[], scale: RewardScale): Advantage[][] {
  if (groups.every(({ penalties }) => !penalties) && isDead(groups.flatMap(({ rewards }) => rewards)))
    return groups.map(({ rewards }) => rewards.map(() => 0));
  let [tokens, total] = [0, 0];
  const returns = groups.map(({ rewards, penalties }) =>
    rewards.map((reward, i): Advantage => (penalties ? toGo(reward, penalties[i]!) : reward)),
  );
  const each = (visit: (value: number, times: number) => void): void => {
    returns.forEach((answers, g) => {
      answers.forEach((value, i) => {
        if (typeof value === "number") visit(value, groups[g]!.lengths[i]!);
        else for (const one of value) visit(one, 1);
      });
    });
  };
  each((value, times) => {
    tokens += times;
    total += times * value;
  });
  const centre = total / Math.max(1, tokens);
  let squares = 0;
  each((value, times) => {
    squares += times * (value - centre) ** 2;
  });
  const width = scale === "none" ? 1 : Math.sqrt(Math.max(squares / Math.max(1, tokens), LEAST_VARIANCE));
  return returns.map((answers) =>
    answers.map((value) =>
      typeof value === "number" ? (value - centre) / width : value.map((one) => (one - centre) / width),
    ),
  );
}

/** What each token and those after it earn: the reward at the end less their penalties. */
function toGo(reward: number, penalties: Float32Array): Float32Array {
  const out = new Float32Array(penalties.length);
  let left = reward;
  for (let t = penalties.length - 1; t >= 0; t--) {
    left -= penalties[t]!;
    out[t] = left;
  }
  return out;
}

/** @throws ReckonError TRAIN_NOT_FINITE for a reward that is no number: said here, before it looks like a gradient's fault */
export function requireFinite(rewards: readonly number[]): void {
  const bad = rewards.find((reward) => !Number.isFinite(reward));
  if (bad !== undefined) {
    throw new ReckonError("TRAIN_NOT_FINITE", "a reward is not a finite number", { got: String(bad) });
  }
}

function checkRewards(rewards: readonly number[]): void {
  if (rewards.length < 2) {
    throw new ReckonError("TRAIN_GROUP_SIZE", "a group needs at least two answers to compare", {
      expected: "samplesPerPrompt of 2 or more",
      got: `${rewards.length}`,
    });
  }
  requireFinite(rewards);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Standard deviation with n − 1. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
}

/** True when all rewards of a group are equal. */
export function isDead(rewards: readonly number[]): boolean {
  return Math.max(...rewards) - Math.min(...rewards) < SAME;
}
