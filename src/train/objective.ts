/**
 * Training objectives as graphs: forward, loss and backward in one, with gradients added to what is already there.
 *
 * - `crossEntropy`: Σ_t w_t · −log p(target_t).
 * - `policy`: Σ_t w_t · the loss of the GRPO family (losses/policy.ts).
 *
 * π is softmax(logits / T) with the temperature T of the sampler, so that π is what the tokens were drawn from.
 *
 * Both are sums over tokens with a weight each, so every normalisation (per sequence, per token, by a constant) is a
 * choice of weights made outside, and splitting a batch in parts changes nothing but the order of summation.
 * Only picked positions reach the vocabulary: the rest of the rows cost no logits.
 */
import {
  cast,
  Graph,
  gatherRows,
  gradients,
  mul,
  neg,
  reshape,
  sum,
  type Target,
  type Tensor,
  tokenLogprobs,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import type { ParameterLayout } from "../model/parameters.ts";
import { fullAttention, hiddenStates, logitsOf, type ParameterTensors, parameterInputs } from "../model/transformer.ts";
import type { MicroBatch } from "./batch.ts";
import { type PolicyObjective, policyFeeds, policyLoss } from "./losses/policy.ts";

export type Objective =
  | { readonly kind: "crossEntropy" }
  | PolicyObjective
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
 * in the flattened rows whose next token is scored; `targets` int32 [N, 1]; `weights` [N, 1]; what the objective's loss
 * needs (`lossFeeds`); `grad.NAME` for every parameter: what to add to, if accumulated.
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
    case "policy":
      return policyLoss(graph, objective, logprobs);
    default:
      objective satisfies never;
      throw new Error("internal: unknown objective");
  }
}

/** What a micro-batch gives to an objective's own inputs: [N, 1], or [N] where they are whole numbers. */
export function lossFeeds(objective: Objective, batch: MicroBatch): Record<string, Float32Array | Int32Array> {
  switch (objective.kind) {
    case "score":
      return {};
    case "crossEntropy":
      return { weights: batch.weights };
    case "policy":
      return { weights: batch.weights, ...policyFeeds(objective, batch) };
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
