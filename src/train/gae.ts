/**
 * Generalised advantages (Schulman et al. 2015, arXiv 1506.02438) of one answer, token by token, and how well values foresee
 * returns:
 *
 *   δ_t = r_t + γ V_{t+1} − V_t,   A_t = δ_t + γ λ A_{t+1},   R_t = A_t + V_t,
 *
 * with V and A of what follows the last token 0, whether the answer ended or was cut. V_t is the value before token t.
 */
import { assert } from "../util/errors.ts";

export interface Advantages {
  readonly advantages: Float32Array;
  /** What the values are to become: A + V. */
  readonly returns: Float32Array;
}

/**
 * @param rewards one a token
 * @param values one a token, before it was written
 */
export function generalisedAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  gamma: number,
  lambda: number,
): Advantages {
  assert(rewards.length === values.length, `${rewards.length} rewards, ${values.length} values`);
  const advantages = new Float32Array(rewards.length);
  const returns = new Float32Array(rewards.length);
  let next = { value: 0, advantage: 0 };
  for (let t = rewards.length - 1; t >= 0; t--) {
    const value = values[t]!;
    const advantage = rewards[t]! + gamma * next.value - value + gamma * lambda * next.advantage;
    advantages[t] = advantage;
    returns[t] = advantage + value;
    next = { value, advantage };
  }
  return { advantages, returns };
}

const STD_EPS = 1e-8;

/** All numbers of the lists brought to mean 0 and deviation 1 (n − 1), in place; a single number to 0. */
export function whiten(lists: readonly Float32Array[]): void {
  const { mean, variance, count } = moments(lists);
  const scale = 1 / (Math.sqrt(count > 1 ? (variance * count) / (count - 1) : 0) + STD_EPS);
  for (const list of lists) for (let t = 0; t < list.length; t++) list[t] = (list[t]! - mean) * scale;
}

/**
 * 1 − Var(R − V) / Var(R): 1 where the values are the returns, 0 where they are no better than a constant, below it worse.
 * @returns 0 where the returns do not differ
 */
export function explainedVariance(values: readonly Float32Array[], returns: readonly Float32Array[]): number {
  const all = moments(returns).variance;
  if (all < 1e-12) return 0;
  const gaps = returns.map((list, i) => list.map((x, t) => x - values[i]![t]!));
  return 1 - moments(gaps).variance / all;
}

function moments(lists: readonly Float32Array[]): { mean: number; variance: number; count: number } {
  const count = lists.reduce((n, list) => n + list.length, 0);
  let [sum, squares] = [0, 0];
  for (const list of lists) for (const x of list) sum += x;
  const mean = sum / Math.max(1, count);
  for (const list of lists) for (const x of list) squares += (x - mean) ** 2;
  return { mean, variance: squares / Math.max(1, count), count };
}
