/**
 * The one loss of the GRPO family, per token; its members (train/algorithms/) differ in the choices made here, in the
 * weights of the tokens and in the advantages.
 *
 * ρ_t = π(t)/π_old(t); with `ratio: "sequence"` every token has its answer's
 * s = (π(o)/π_old(o))^{1/|o|} = exp(mean over the answer of log ρ_t) in its place (GSPO, arXiv 2507.18071, eq. 7).
 *
 * - `clip`: −min(ρ A, clip(ρ, 1 − ε_low, 1 + ε_high) A) (PPO, arXiv 1707.06347; clip-higher as in DAPO, arXiv 2503.14476)
 * - `cispo`: −sg(min(ρ, 1 + ε_high)) A log π, sg without a gradient (MiniMax-M1, arXiv 2506.13585): no token loses its
 *   gradient, it only counts for less
 * - `reinforce`: −A log π (Williams 1992): no ratio, right for one update a batch
 *
 * plus β times an estimate of the divergence from a reference (kl.ts).
 *
 * An answer's sum needs all of its tokens in one run; micro-batches never split one (batch.ts).
 * Left out: a second clip for negative advantages (dual-clip PPO), GMPO's and SAPO's ratios.
 */
import {
  add,
  cast,
  clip,
  exp,
  type Graph,
  minimum,
  mul,
  neg,
  segmentSum,
  stopGradient,
  sub,
  type Tensor,
} from "../../graph/index.ts";
import type { MicroBatch } from "../batch.ts";
import { type KlEstimator, klTerm } from "./kl.ts";

export type Surrogate = "clip" | "cispo" | "reinforce";

export interface PolicyObjective {
  readonly kind: "policy";
  /** ε below 1; the ratio is clipped at 1 − clipLow. */
  readonly clipLow: number;
  /** ε above 1; the ratio is clipped at 1 + clipHigh. */
  readonly clipHigh: number;
  /** β of the KL term; 0 leaves the reference out of the graph. */
  readonly klWeight: number;
  /** Default k3. */
  readonly klEstimator?: KlEstimator;
  /** What is clipped: every token's ratio, or one of the whole answer; default token. */
  readonly ratio?: "token" | "sequence";
  /** Default clip. */
  readonly surrogate?: Surrogate;
  /** Logits are divided by it, as they were when the answers were sampled; default 1. */
  readonly temperature?: number;
}

/**
 * Loss of every token, before its weight.
 * @param logprobs [N, 1] under the policy
 * Declares the inputs that `policyFeeds` gives.
 */
export function policyLoss(graph: Graph, objective: PolicyObjective, logprobs: Tensor): Tensor {
  const advantages = graph.input("advantages", ["N", 1]);
  const surrogate = surrogateLoss(graph, objective, logprobs, advantages);
  if (objective.klWeight === 0) return surrogate;
  const distance = sub(graph.input("reference", ["N", 1]), logprobs);
  return add(surrogate, mul(klTerm(objective.klEstimator ?? "k3", distance), objective.klWeight));
}

function surrogateLoss(graph: Graph, objective: PolicyObjective, logprobs: Tensor, advantages: Tensor): Tensor {
  const surrogate = objective.surrogate ?? "clip";
  switch (surrogate) {
    case "clip": {
      const ratio = ratioOf(graph, objective, logprobs);
      const clipped = clip(ratio, 1 - objective.clipLow, 1 + objective.clipHigh);
      return neg(minimum(mul(ratio, advantages), mul(clipped, advantages)));
    }
    case "cispo": {
      const weight = stopGradient(minimum(ratioOf(graph, objective, logprobs), 1 + objective.clipHigh));
      return neg(mul(mul(weight, advantages), logprobs));
    }
    case "reinforce":
      return neg(mul(advantages, logprobs));
    default:
      surrogate satisfies never;
      throw new Error("internal: unknown surrogate");
  }
}

function ratioOf(graph: Graph, objective: PolicyObjective, logprobs: Tensor): Tensor {
  const difference = sub(logprobs, graph.input("old", ["N", 1]));
  if (objective.ratio !== "sequence") return exp(difference);
  const answers = cast(graph.input("answers", ["N"], "int32"), "int64");
  return exp(segmentSum(mul(difference, graph.input("shares", ["N", 1])), answers));
}

/** What a micro-batch gives to the inputs of `policyLoss`. */
export function policyFeeds(objective: PolicyObjective, batch: MicroBatch): Record<string, Float32Array | Int32Array> {
  const { advantages, old, reference } = batch;
  return {
    advantages,
    ...(objective.surrogate === "reinforce" ? {} : { old }),
    ...(objective.klWeight === 0 ? {} : { reference }),
    ...(objective.ratio === "sequence" && objective.surrogate !== "reinforce" ? answersOf(batch) : {}),
  };
}

/** Number of each position's answer, and one over the answer's length; padding joins the last answer at a share of 0. */
function answersOf({ picked, spans }: MicroBatch): { answers: Int32Array; shares: Float32Array } {
  const answers = new Int32Array(picked.length).fill(spans.length - 1);
  const shares = new Float32Array(picked.length);
  for (const [i, { start, count }] of spans.entries()) {
    answers.fill(i, start, start + count);
    shares.fill(1 / count, start, start + count);
  }
  return { answers, shares };
}
