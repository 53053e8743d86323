/**
 * Distillation on the teacher's distribution (Hinton, Vinyals & Dean 2015, arXiv 1503.02531), per token:
 *
 * (1 − h) T² KL(p_T ‖ q_T) + h · −log q(target),
 *
 * p_T and q_T the teacher's and the student's distribution over the vocabulary at temperature T, q at temperature 1. T²
 * keeps the gradient's size when T changes. It is the forward divergence: the student covers what the teacher may say.
 *
 * The teacher is given by its `top` most likely tokens a position and their log-probabilities at T; `top` = the size of the
 * vocabulary is the whole distribution. What it leaves out counts as one event, on both sides:
 *
 * KL = Σ_{k in top} p_k log(p_k / q_k) + p_rest log(p_rest / q_rest),
 *
 * which is never above the whole divergence and, unlike one over the top tokens alone, least where q_k = p_k.
 *
 * Left out: the reverse divergence and mixtures of both (GKD, arXiv 2306.13649), teachers with another vocabulary.
 */
import {
  add,
  cast,
  exp,
  type Graph,
  log,
  logSoftmax,
  maximum,
  mul,
  neg,
  pick,
  sub,
  sum,
  type Tensor,
} from "../../graph/index.ts";
import type { MicroBatch } from "../batch.ts";

export interface DistilObjective {
  readonly kind: "distil";
  /** Tokens of the teacher's distribution that are given a position. */
  readonly top: number;
  /** T; the teacher's log-probabilities must be at it. Default 1. */
  readonly temperature?: number;
  /** h: the share of cross entropy with the targets; default 0. */
  readonly hardWeight?: number;
}

/** A probability that no logarithm is taken below. */
const LEAST = 1e-6;

/**
 * Loss of every token, before its weight.
 * @param logits [N, V] of the student at temperature 1
 * @param logprobs [N, 1] of the targets under the student
 * Declares the inputs that `distilFeeds` gives.
 */
export function distilLoss(graph: Graph, objective: DistilObjective, logits: Tensor, logprobs: Tensor): Tensor {
  const { top, temperature = 1, hardWeight = 0 } = objective;
  const ids = cast(graph.input("teacherIds", ["N", top], "int32"), "int64");
  const given = graph.input("teacherLogprobs", ["N", top]);
  const student = pick(logSoftmax(temperature === 1 ? logits : mul(logits, 1 / temperature)), ids);
  const teacher = exp(given);
  let divergence = sum(mul(teacher, sub(given, student)), [1], { keepDims: true });
  if (top !== logits.shape[1]) {
    const rest = (probabilities: Tensor): Tensor => maximum(sub(1, sum(probabilities, [1], { keepDims: true })), LEAST);
    const [p, q] = [rest(teacher), rest(exp(student))];
    divergence = add(divergence, mul(p, sub(log(p), log(q))));
  }
  const soft = mul(divergence, (1 - hardWeight) * temperature ** 2);
  return hardWeight === 0 ? soft : add(soft, mul(neg(logprobs), hardWeight));
}

/** What a micro-batch gives to the inputs of `distilLoss`. */
export function distilFeeds(
  { top }: DistilObjective,
  { teacher }: MicroBatch,
): Record<"teacherIds" | "teacherLogprobs", { data: Int32Array | Float32Array; width: number }> {
  if (teacher?.top !== top)
    throw new Error(
      `internal: sequences with ${teacher?.top ?? "no"} tokens of a teacher for an objective with ${top}`,
    );
  return {
    teacherIds: { data: teacher.ids, width: top },
    teacherLogprobs: { data: teacher.logprobs, width: top },
  };
}
