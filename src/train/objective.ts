/**
 * Training objectives as graphs: forward, loss and backward in one, with gradients added to what is already there.
 *
 * - `crossEntropy`: Σ_t w_t · −log p(target_t).
 * - `policy`: the clipped surrogate of the GRPO family (DeepSeekMath, arXiv 2402.03300, eq. 3; clip-higher as in DAPO,
 *   arXiv 2503.14476) with the k3 estimate of the KL divergence to a reference in the loss:
 *   Σ_t w_t · { −min(ρ_t A_t, clip(ρ_t, 1−ε_low, 1+ε_high) A_t) + β (e^{d_t} − d_t − 1) },
 *   ρ_t = π(t)/π_old(t), d_t = log π_ref(t) − log π(t).
 *
 * π is softmax(logits / T) with the temperature T of the sampler, so that π is what the tokens were drawn from.
 *
 * Both are sums over tokens with a weight each, so every normalisation (per sequence, per token, by a constant) is a
 * choice of weights made outside, and splitting a batch in parts changes nothing but the order of summation.
 * Only picked positions reach the vocabulary: the rest of the rows cost no logits.
 * Left out: sequence-level ratios and other members of the family; they need their own reductions.
 */
import {
  add,
  cast,
  clip,
  exp,
  Graph,
  gatherRows,
  gradients,
  minimum,
  mul,
  neg,
  reshape,
  sub,
  sum,
  type Target,
  type Tensor,
  tokenLogprobs,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import type { ParameterLayout } from "../model/parameters.ts";
import { fullAttention, hiddenStates, logitsOf, type ParameterTensors, parameterInputs } from "../model/transformer.ts";

export type Objective =
  | { readonly kind: "crossEntropy" }
  | {
      readonly kind: "policy";
      /** ε below 1; the ratio is clipped at 1 − clipLow. */
      readonly clipLow: number;
      /** ε above 1; the ratio is clipped at 1 + clipHigh. */
      readonly clipHigh: number;
      /** β of the KL term; 0 leaves the reference out of the graph. */
      readonly klWeight: number;
      /** Logits are divided by it, as they were when the answers were sampled; default 1. */
      readonly temperature?: number;
    }
  /** No loss and no gradient: log-probabilities only, for references and scoring. */
  | { readonly kind: "score"; readonly temperature?: number };

export interface ObjectiveGraphOptions {
  /** Rows hold several documents told apart by `segments`. */
  readonly packed: boolean;
  /** The longest row. */
  readonly positions: number;
  readonly target?: Target;
  /** Add the gradient to what is there; without it no `grad.NAME` goes in. Default true. */
  readonly accumulate?: boolean;
}

/** Rows come rounded up to a multiple (batch.ts), so the tables of positions are too. */
const POSITIONS = 64;

/**
 * Inputs: all parameters by name; `ids` int32 [B, S]; `segments` int32 [B, S] if packed; `picked` int32 [N], positions
 * in the flattened rows whose next token is scored; `targets` int32 [N, 1]; `weights` [N, 1]; for policies `old`,
 * `advantages` and, with a KL term, `reference`, all [N, 1]; `grad.NAME` for every parameter: what to add to, if accumulated.
 * Outputs: `loss` [1], `logprobs` [N, 1], `entropy` [N, 1], and `sum.NAME`: grad.NAME + the gradient.
 */
export function objectiveGraph(
  config: ModelConfig,
  layout: ParameterLayout,
  objective: Objective,
  options: ObjectiveGraphOptions,
): Graph {
  const graph = new Graph(options.target ? { target: options.target } : {});
  const ids = graph.input("ids", ["B", "S"], "int32");
  const segments = options.packed ? cast(graph.input("segments", ["B", "S"], "int32"), "int64") : undefined;
  const picked = cast(graph.input("picked", ["N"], "int32"), "int64");
  const targets = cast(graph.input("targets", ["N", 1], "int32"), "int64");
  const parameters = parameterInputs(graph, layout);
  const attend = fullAttention(
    graph,
    config,
    { rows: "B", length: "S" },
    { positions: Math.ceil(options.positions / POSITIONS) * POSITIONS, ...(segments ? { segments } : {}) },
  );
  const flat = reshape(cast(ids, "int64"), ["B*S"]);
  const hidden = hiddenStates(config, parameters, flat, attend);
  const temperature = objective.kind === "crossEntropy" ? 1 : (objective.temperature ?? 1);
  const logits = logitsOf(config, parameters, gatherRows(hidden, picked), 1 / temperature);
  const { logprobs, entropy } = graph.scope("loss", () => tokenLogprobs(logits, targets, { entropy: true }));
  graph.output("logprobs", logprobs);
  graph.output("entropy", entropy!);
  if (objective.kind === "score") return graph;
  const weights = graph.input("weights", ["N", 1]);
  const loss = graph.scope("loss", () => sum(mul(tokenLoss(graph, objective, logprobs), weights), [0, 1]));
  graph.output("loss", reshape(loss, [1]));
  addGradients(graph, layout, parameters, loss, options.accumulate ?? true);
  return graph;
}

function tokenLoss(graph: Graph, objective: Exclude<Objective, { kind: "score" }>, logprobs: Tensor): Tensor {
  switch (objective.kind) {
    case "crossEntropy":
      return neg(logprobs);
    case "policy": {
      const advantages = graph.input("advantages", ["N", 1]);
      const ratio = exp(sub(logprobs, graph.input("old", ["N", 1])));
      const clipped = clip(ratio, 1 - objective.clipLow, 1 + objective.clipHigh);
      const surrogate = neg(minimum(mul(ratio, advantages), mul(clipped, advantages)));
      if (objective.klWeight === 0) return surrogate;
      const distance = sub(graph.input("reference", ["N", 1]), logprobs);
      const k3 = sub(sub(exp(distance), distance), 1);
      return add(surrogate, mul(k3, objective.klWeight));
    }
    default:
      objective satisfies never;
      throw new Error("internal: unknown objective");
  }
}

function addGradients(
  graph: Graph,
  layout: ParameterLayout,
  parameters: ParameterTensors,
  loss: Tensor,
  accumulate: boolean,
): void {
  const wanted = layout.entries.map((entry) => parameters.get(entry.name)!);
  const before = accumulate ? layout.entries.map((entry) => graph.input(`grad.${entry.name}`, entry.shape)) : [];
  const made = gradients([{ tensor: loss }], wanted, new Map(before.map((sum, i) => [wanted[i]!, sum])));
  layout.entries.forEach((entry, i) => {
    const sum = made[i];
    if (!sum || sum === before[i]) throw new Error(`internal: the loss does not depend on ${entry.name}`);
    graph.output(`sum.${entry.name}`, sum);
  });
}
