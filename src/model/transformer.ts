/**
 * The transformer as a graph: Llama (Touvron et al. 2023), Qwen2 and Qwen3 by configuration, written once for training,
 * prefill and decoding, which differ only in how a layer attends (`attend`).
 *
 * Rows are tokens: activations are [T, hidden] with T = B·S, so that every linear layer is one matrix product.
 * Left out: dropout and position interpolation, which tiny models trained for a few epochs do not need.
 */
import {
  add,
  and,
  attention,
  equal,
  type Graph,
  gatherRows,
  greaterOrEqual,
  matmul,
  mulDims,
  type RotaryTables,
  range,
  reshape,
  rmsNorm,
  rope,
  swiglu,
  type Tensor,
  transpose,
  unsqueeze,
  where,
} from "../graph/index.ts";
import { ReckonError } from "../util/errors.ts";
import type { ModelConfig } from "./config.ts";
import { adapterNames, type LoraSettings, loraScale, rowsName } from "./lora.ts";
import type { ParameterLayout } from "./parameters.ts";

export type ParameterTensors = ReadonlyMap<string, Tensor>;

/** Declares every parameter as an input of the graph, under its short name. */
export function parameterInputs(graph: Graph, layout: ParameterLayout): ParameterTensors {
  return new Map(layout.entries.map((entry) => [entry.name, graph.input(entry.name, entry.shape)]));
}

/** What adapters among the parameters need besides them. */
export interface Adapting {
  /** Factor on what those of linear layers add. */
  readonly scale: number;
  /** One-hot [vocabulary, tokens]: which of the tokens whose rows are learnt is which; undefined where there are none. */
  readonly chosen: Tensor | undefined;
}

export function adapting(graph: Graph, { vocabSize }: ModelConfig, lora: LoraSettings): Adapting {
  const { tokens = [] } = lora;
  const oneHot = new Float32Array(vocabSize * tokens.length);
  for (const [n, token] of tokens.entries()) oneHot[token * tokens.length + n] = 1;
  const chosen = tokens.length === 0 ? undefined : graph.constant(oneHot, [vocabSize, tokens.length]);
  return { scale: loraScale(lora), chosen };
}

/**
 * How a layer attends: q [T, heads, D], k and v [T, kvHeads, D], not yet rotated → [T, heads, D].
 */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

/**
 * Hidden states after the final norm.
 * @param parameters linear layers that have adapters among them (lora.ts) use them
 * @param ids int64 [T]
 * @param adapted wanted where there are adapters
 * @returns [T, hidden]
 */
export function hiddenStates(
  config: ModelConfig,
  parameters: ParameterTensors,
  ids: Tensor,
  attend: Attend,
  adapted?: Adapting,
): Tensor {
  const graph = ids.graph;
  const rows = ids.shape[0]!;
  const eps = config.rmsNormEps;
  let x = gatherRows(need(parameters, "embedding"), ids);
  const change = parameters.get(rowsName("embedding"));
  if (change && adapted?.chosen) x = add(x, matmul(gatherRows(adapted.chosen, ids), change));
  for (let layer = 0; layer < config.layers; layer++) {
    const weight = (name: string): Tensor => need(parameters, `layers.${layer}.${name}`);
    const linear = (input: Tensor, name: string): Tensor =>
      linearOf(parameters, `layers.${layer}.${name}`, input, adapted);
    const project = (input: Tensor, name: string, heads: number): Tensor => {
      let out = linear(input, `w${name}`);
      if (config.qkvBias) out = add(out, weight(`b${name}`));
      out = reshape(out, [rows, heads, config.headDim]);
      return config.qkNorm && name !== "v" ? rmsNorm(out, weight(`${name}Norm`), eps) : out;
    };
    x = graph.scope(`layers.${layer}`, () => {
      const h = rmsNorm(x, weight("norm1"), eps);
      const attended = graph.scope("attention", () =>
        attend(layer, project(h, "q", config.heads), project(h, "k", config.kvHeads), project(h, "v", config.kvHeads)),
      );
      const joined = add(x, linear(reshape(attended, [rows, config.heads * config.headDim]), "wo"));
      return graph.scope("mlp", () => {
        const h2 = rmsNorm(joined, weight("norm2"), eps);
        return add(joined, linear(swiglu(linear(h2, "wg"), linear(h2, "wu")), "wd"));
      });
    });
  }
  return rmsNorm(x, need(parameters, "finalNorm"), eps);
}

/** A linear layer with its adapters, if it has any. @param alpha factor on its outputs */
function linearOf(
  parameters: ParameterTensors,
  name: string,
  input: Tensor,
  adapted: Adapting | undefined,
  alpha = 1,
): Tensor {
  const out = matmul(input, need(parameters, name), { alpha });
  const [a, b] = adapterNames(name).map((adapter) => parameters.get(adapter));
  if (!a || !b) return out;
  if (!adapted) throw new Error(`internal: the adapters of ${name} have no scale`);
  return add(out, matmul(matmul(input, a), b, { alpha: alpha * adapted.scale }));
}

/**
 * Logits over the vocabulary.
 * @param hidden [T, hidden]
 * @param scale factor on all logits, e.g. one over the temperature; default 1
 * @param adapted wanted where there are adapters
 * @returns [T, vocab]
 * @throws ReckonError MODEL_WRITES_NOT for a model with a head of scores
 */
export function logitsOf(
  config: ModelConfig,
  parameters: ParameterTensors,
  hidden: Tensor,
  scale = 1,
  adapted?: Adapting,
): Tensor {
  if (config.scores) {
    throw new ReckonError("MODEL_WRITES_NOT", "this model judges texts and cannot write any", {
      expected: "a language model (…ForCausalLM)",
      got: `a head of scores: ${config.scores.join(", ")}`,
      help: "give the model that it judges, or use this one as the reward of a recipe",
    });
  }
  const logits = config.tieEmbeddings
    ? matmul(hidden, need(parameters, "embedding"), { transB: true, alpha: scale })
    : linearOf(parameters, "lmHead", hidden, adapted, scale);
  const change = parameters.get(rowsName(config.tieEmbeddings ? "embedding" : "lmHead"));
  if (!change || !adapted?.chosen) return logits;
  const changed = matmul(hidden, change, { transB: config.tieEmbeddings, alpha: scale });
  return add(logits, matmul(changed, adapted.chosen, { transB: true }));
}

/** Tables of the rotary angles for positions 0..positions−1. */
export function rotaryTables(graph: Graph, config: ModelConfig, positions: number): RotaryTables {
  const half = config.headDim / 2;
  const angle = (i: number): number => Math.floor(i / half) * config.ropeTheta ** (-(i % half) / half);
  const table = (f: (x: number) => number): Tensor =>
    graph.constant(
      Float32Array.from({ length: positions * half }, (_, i) => f(angle(i))),
      [positions, half],
    );
  return { cos: table(Math.cos), sin: table(Math.sin), minusSin: table((x) => -Math.sin(x)) };
}

/** Which tokens see which: themselves and those before them; bool [length, length]. */
export function causal(graph: Graph, length: string): Tensor {
  const order = range(graph, length);
  return greaterOrEqual(unsqueeze(order, [1]), unsqueeze(order, [0]));
}

/**
 * Attention over whole sequences side by side: what training, scoring and prefill do.
 * @param segments int64 [B, S] or undefined: rows may hold several documents; a token sees only its own segment.
 *   Without it a token sees all before it in its row, and padding belongs at the end.
 * @param batch B and S of the rows
 * @param positions how many positions the tables hold; S must not exceed it
 */
export function fullAttention(
  graph: Graph,
  config: ModelConfig,
  batch: { readonly rows: string; readonly length: string },
  options: {
    readonly segments?: Tensor;
    readonly positions: number;
    readonly onKeyValue?: (layer: number, k: Tensor, v: Tensor) => void;
  },
): Attend {
  const { rows: B, length: S } = batch;
  const tables = rotaryTables(graph, config, options.positions);
  const offset = graph.ints([0]);
  let visible = causal(graph, S);
  if (options.segments) {
    visible = and(visible, equal(unsqueeze(options.segments, [1, 3]), unsqueeze(options.segments, [1, 2])));
  }
  const bias = where(visible, 0, -1e9);
  const scale = 1 / Math.sqrt(config.headDim);
  const byHead = (x: Tensor, heads: number): Tensor =>
    transpose(reshape(x, [B, S, heads, config.headDim]), [0, 2, 1, 3]);
  return (layer, q, k, v) => {
    const keys = rope(byHead(k, config.kvHeads), tables, offset);
    const values = byHead(v, config.kvHeads);
    options.onKeyValue?.(layer, keys, values);
    const out = attention(rope(byHead(q, config.heads), tables, offset), keys, values, bias, scale);
    return reshape(transpose(out, [0, 2, 1, 3]), [mulDims(B, S), config.heads, config.headDim]);
  };
}

function need(parameters: ParameterTensors, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`internal: the graph has no parameter ${name}`);
  return tensor;
}
