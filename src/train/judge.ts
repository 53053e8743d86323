/**
 * Rule rewards (DeepSeek-R1, arXiv 2501.12948, §2.2): accuracy by the task's verifier, the strict format, and what shapes
 * an answer besides (rewards/). All are logged apart; `score` is raw correctness whatever the weights are.
 */
import { asInstruction, getTask, type Problem, type Verdict } from "../tasks/index.ts";
import { type ShapingWeights, shape } from "./rewards/index.ts";
import type { Judgement, Rollout } from "./rollout.ts";

export interface RuleRewards extends ShapingWeights {
  /** Weight of a right answer in the strict format; default 1. */
  readonly accuracy: number;
  /** Weight of the strict format alone; default 0.1. */
  readonly format: number;
}

export const DEFAULT_REWARDS: RuleRewards = { accuracy: 1, format: 0.1 };

/**
 * Judges every rollout; may run elsewhere (users' verifiers do). Results in the order given.
 * `progress` is the share of a run's steps that are done, for what counts in a part of them alone; default 1.
 */
export type Judge = (rollouts: readonly Rollout[], progress?: number) => Promise<readonly Judgement[]>;

/**
 * Verifies one rollout: an answer counts only inside the strict format.
 * @param verify default: the verifier of the shipped family; asked only for an answer that counts
 * @param limit the most tokens that an answer may have, for penalties by length
 */
export function judgeByRules(
  rollout: Rollout,
  weights: RuleRewards,
  verify: (problem: Problem, answer: string, thinking: string) => Verdict = verifyBuiltIn,
  limit?: number,
): Judgement {
  const judgement = judgeAnswer(rollout, weights, verify);
  const shaped = shape(rollout, weights, judgement.rewards["format"] === 1, limit);
  if (shaped.length === 0) return judgement;
  const failures = shaped.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, message: failure }]));
  return {
    ...judgement,
    reward: shaped.reduce((sum, { weight, value }) => sum + weight * (value ?? 0), judgement.reward),
    rewards: { ...judgement.rewards, ...Object.fromEntries(shaped.map(({ name, value }) => [name, value])) },
    ...(failures.length === 0 ? {} : { failures }),
  };
}

function judgeAnswer(
  rollout: Rollout,
  weights: RuleRewards,
  verify: (problem: Problem, answer: string, thinking: string) => Verdict,
): Judgement {
  const { parsed, problem, finish } = rollout;
  const format = parsed.formatOk && finish === "stop" ? 1 : 0;
  if (format === 0 || parsed.answer === null) {
    const reason = finish === "length" ? "cut at the length limit" : parsed.reason;
    return { score: 0, reason, reward: 0, rewards: { accuracy: 0, format: 0 } };
  }
  const verdict = verify(problem, parsed.answer, parsed.thinking);
  return {
    score: verdict.score,
    reason: verdict.reason,
    reward: weights.accuracy * verdict.score + weights.format * format,
    rewards: { accuracy: verdict.score, format },
  };
}

/** An instruction counts as done where the answer is right and given as it was asked for. */
function verifyBuiltIn(problem: Problem, answer: string, thinking: string): Verdict {
  const task = getTask(problem.family);
  const verdict = task.verify(problem.facts, answer);
  const followed = asInstruction(task)?.follows(problem, thinking, answer);
  return followed !== undefined && followed.score < verdict.score ? followed : verdict;
}

/** The judge of the shipped families. */
export function ruleJudge(weights: RuleRewards = DEFAULT_REWARDS, limit?: number): Judge {
  return async (rollouts) => rollouts.map((rollout) => judgeByRules(rollout, weights, undefined, limit));
}
