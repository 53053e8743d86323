/**
 * Training objectives as graphs: forward, loss and backward in one, with gradients added to what is already there.
 *
 * - `crossEntropy`: Σ_t w_t · −log p(target_t).
 * - `policy`: Σ_t w_t · the loss of the GRPO family (losses/policy.ts).
 * - `distil`: Σ_t w_t · the divergence from a teacher's distribution (losses/distil.ts).
 *
 * π is softmax(logits / T) with the temperature T of the sampler, so that π is what the tokens were drawn from.
 *
 * Both are sums over tokens with a weight each, so every normalisation (per sequence, per token, by a constant) is a
 * choice of weights made outside, and splitting a batch in parts changes nothing but the order of summation.
 * Only picked positions reach the vocabulary: the rest of the rows cost no logits.
 */
import {
  cast,
  concat,
  Graph,
  gatherRows,
  gradients,
  logSoftmax,
  mul,
  neg,
  reshape,
  type Shape,
  sum,
  type Target,
  type Tensor,
  tokenLogprobs,
  topK,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import type { LoraSettings } from "../model/lora.ts";
import { type ParameterLayout, parameterLayout } from "../model/parameters.ts";
import { promptedAttention } from "../model/prompted-attention.ts";
import {
  type Attend,
  adapting,
  fullAttention,
  hiddenStates,
  logitsOf,
  type ParameterTensors,
  parameterInputs,
} from "../model/transformer.ts";
import type { MicroBatch } from "./batch.ts";
import { type DistilObjective, distilFeeds, distilLoss } from "./losses/distil.ts";
import { type PolicyObjective, policyFeeds, policyLoss } from "./losses/policy.ts";

export type Objective =
  | { readonly kind: "crossEntropy" }
  | PolicyObjective
  | DistilObjective
  /**
   * No loss and no gradient: log-probabilities only, for references and scoring; with `top` those of the likeliest tokens
   * too, for teachers.
   */
  | { readonly kind: "score"; readonly temperature?: number; readonly top?: number };

export interface ObjectiveGraphOptions {
  /**
   * How tokens are laid out (batch.ts): a sequence in a row; several of them, told apart by `segments`; or rows of answers
   * behind prompts that they share.
   */
  readonly layout: "rows" | "packed" | "prompted";
  /** The longest row. */
  readonly positions: number;
  readonly target?: Target;
  /** Adapters beside the weights: they are what is learnt, and the model's own parameters are frozen. */
  readonly lora?: LoraSettings;
  /** Add the gradient to what is there; without it no `grad.NAME` goes in. Default true. */
  readonly accumulate?: boolean;
}

/** Rows come rounded up to a multiple (batch.ts), so the tables of positions are too. */
const POSITIONS = 64;

/**
 * @param layout of what is learnt: the model's, or that of the adapters
 *
 * Inputs: all parameters by name, adapters too; `ids` int32 [B, S]; `segments` int32 [B, S] if packed or prompted; if
 * prompted `prompts` int32 [G, P], `positions` int32 [B, S], `owners` and `lengths` int32 [B]; `picked` int32 [N], positions
 * in the flattened prompts and rows whose next token is scored; `targets` int32 [N, 1]; `weights` [N, 1]; what the objective's loss
 * needs (`lossFeeds`); `grad.NAME` for every parameter: what to add to, if accumulated.
 * Outputs: `loss` [1], `logprobs` [N, 1], `entropy` [N, 1], and `sum.NAME`: grad.NAME + the gradient. Of scores `logprobs`
 * and `entropy` alone and, with `top`, `topLogprobs` and `topIds` int32, both [N, top].
 */
export function objectiveGraph(
  config: ModelConfig,
  layout: ParameterLayout,
  objective: Objective,
  options: ObjectiveGraphOptions,
): Graph {
  const graph = new Graph(options.target ? { target: options.target } : {});
  const ids = graph.input("ids", ["B", "S"], "int32");
  const picked = cast(graph.input("picked", ["N"], "int32"), "int64");
  const targets = cast(graph.input("targets", ["N", 1], "int32"), "int64");
  const learnt = parameterInputs(graph, layout);
  const parameters = options.lora ? new Map([...parameterInputs(graph, parameterLayout(config)), ...learnt]) : learnt;
  const { attend, flat } = tokensOf(graph, config, ids, options);
  const adapted = options.lora && adapting(graph, config, options.lora);
  const hidden = hiddenStates(config, parameters, flat, attend, adapted);
  const tempered = objective.kind === "policy" || objective.kind === "score";
  const temperature = tempered ? (objective.temperature ?? 1) : 1;
  const logits = logitsOf(config, parameters, gatherRows(hidden, picked), 1 / temperature, adapted);
  const { logprobs, entropy } = graph.scope("loss", () => tokenLogprobs(logits, targets, { entropy: true }));
  graph.output("logprobs", logprobs);
  graph.output("entropy", entropy!);
  if (objective.kind === "score") {
    if (objective.top !== undefined) {
      const { values, indices } = topK(logSoftmax(logits), objective.top);
      graph.output("topLogprobs", values);
      graph.output("topIds", cast(indices, "int32"));
    }
    return graph;
  }
  const weights = graph.input("weights", ["N", 1]);
  const loss = graph.scope("loss", () => sum(mul(tokenLoss(graph, objective, logits, logprobs), weights), [0, 1]));
  graph.output("loss", reshape(loss, [1]));
  addGradients(graph, layout, learnt, loss, options.accumulate ?? true);
  return graph;
}

/** All tokens in one row, and how they see each other. */
function tokensOf(
  graph: Graph,
  config: ModelConfig,
  ids: Tensor,
  { layout, positions: longest }: ObjectiveGraphOptions,
): { readonly flat: Tensor; readonly attend: Attend } {
  const positions = Math.ceil(longest / POSITIONS) * POSITIONS;
  const whole = (name: string, shape: Shape): Tensor => cast(graph.input(name, shape, "int32"), "int64");
  const rows = reshape(cast(ids, "int64"), ["B*S"]);
  const batch = { rows: "B", length: "S" };
  switch (layout) {
    case "rows":
      return { flat: rows, attend: fullAttention(graph, config, batch, { positions }) };
    case "packed": {
      const segments = whole("segments", ["B", "S"]);
      return { flat: rows, attend: fullAttention(graph, config, batch, { positions, segments }) };
    }
    case "prompted": {
      const prompts = reshape(whole("prompts", ["G", "P"]), ["G*P"]);
      const told = {
        segments: whole("segments", ["B", "S"]),
        positions: whole("positions", ["B", "S"]),
        owners: whole("owners", ["B"]),
        lengths: whole("lengths", ["B"]),
      };
      // A row of packed answers is at most twice as long as the longest one (prompted-batch.ts), and ONNX Runtime wants tables
      // as long as the rows, though no token of theirs stands behind the last position.
      const attend = promptedAttention(graph, config, told, 2 * positions);
      return { flat: concat([prompts, rows], 0), attend };
    }
    default:
      layout satisfies never;
      throw new Error("internal: unknown layout");
  }
}

function tokenLoss(
  graph: Graph,
  objective: Exclude<Objective, { kind: "score" }>,
  logits: Tensor,
  logprobs: Tensor,
): Tensor {
  switch (objective.kind) {
    case "crossEntropy":
      return neg(logprobs);
    case "policy":
      return policyLoss(graph, objective, logprobs);
    case "distil":
      return distilLoss(graph, objective, logits, logprobs);
    default:
      objective satisfies never;
      throw new Error("internal: unknown objective");
  }
}

/** One input: [N, width], or [N] without a width. */
export interface Feed {
  readonly data: Float32Array | Int32Array;
  readonly width?: number;
}

/** What a micro-batch gives to an objective's own inputs. */
export function lossFeeds(objective: Objective, batch: MicroBatch): Record<string, Feed> {
  const columns = (feeds: Record<string, Float32Array | Int32Array>): Record<string, Feed> =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [name, data instanceof Int32Array ? { data } : { data, width: 1 }]),
    );
  const { weights } = batch;
  switch (objective.kind) {
    case "score":
      return {};
    case "crossEntropy":
      return columns({ weights });
    case "policy":
      return columns({ weights, ...policyFeeds(objective, batch) });
    case "distil":
      return { ...columns({ weights }), ...distilFeeds(objective, batch) };
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
