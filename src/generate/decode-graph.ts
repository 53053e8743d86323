/**
 * The graph of one decoding step: the newest token of every sequence goes in, the distribution of the next comes out.
 *
 * All sequences share one time index (they are padded on the left), so what is past is one prefix of the time-major
 * cache and positions need no input per row: rotary attention only sees differences of positions.
 * Left out: drawing the token in the graph. The softmax, which costs, is here; the draw, which is a scan, is in sample.ts.
 */
import {
  cachedAttention,
  Graph,
  less,
  mul,
  mulDims,
  range,
  reshape,
  rope,
  softmax,
  type Target,
  type Tensor,
  unsqueeze,
  where,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import { type Attend, hiddenStates, logitsOf, parameterInputs, rotaryTables } from "../model/transformer.ts";

export interface DecodeGraphOptions {
  readonly target: Target;
  /** How many positions the rotary tables hold. */
  readonly positions: number;
  /** Whether sequences may begin later than at time 0 (padding on the left): adds the input `starts`. */
  readonly ragged: boolean;
}

/**
 * Inputs besides the parameters:
 * - `ids` int64 [B]: the newest token of each sequence
 * - `offset` int64 [1]: its position, the same for all; equals t
 * - `scale` []: 1 / temperature
 * - `starts` int64 [B] (ragged only): the time of each sequence's first real token
 * - `keys.N`, `values.N` [t, B·KV, D], t ≥ 1: the cache of layer N
 *
 * Outputs: `logits` [B, V]; `probabilities` [B, V] = softmax(logits · scale); `key.N`, `value.N` [B, KV, 1, D] to append
 * to the cache.
 */
export function decodeGraph(config: ModelConfig, options: DecodeGraphOptions): Graph {
  const graph = new Graph({ target: options.target });
  const ids = graph.input("ids", ["B"], "int64");
  const parameters = parameterInputs(graph, parameterLayout(config));
  const offset = graph.input("offset", [1], "int64");
  const inverseTemperature = graph.input("scale", []);
  const starts = options.ragged ? graph.input("starts", ["B"], "int64") : undefined;
  const pastShape = ["t", mulDims("B", config.kvHeads), config.headDim];
  const past = Array.from({ length: config.layers }, (_, layer) => ({
    keys: graph.input(`keys.${layer}`, pastShape),
    values: graph.input(`values.${layer}`, pastShape),
  }));

  const tables = rotaryTables(graph, config, options.positions);
  const bias = starts && where(less(range(graph, "t"), unsqueeze(starts, [1, 2])), -1e9, 0);
  const scale = 1 / Math.sqrt(config.headDim);
  const turned = (x: Tensor, heads: number): Tensor =>
    rope(reshape(x, ["B", heads, 1, config.headDim]), tables, offset);
  const attend: Attend = (layer, q, k, v) => {
    const key = turned(k, config.kvHeads);
    graph.output(`key.${layer}`, key);
    graph.output(`value.${layer}`, reshape(v, ["B", config.kvHeads, 1, config.headDim]));
    return cachedAttention(
      {
        query: reshape(turned(q, config.heads), ["B", config.heads, config.headDim]),
        key: reshape(key, ["B", config.kvHeads, config.headDim]),
        value: v,
        pastKeys: past[layer]!.keys,
        pastValues: past[layer]!.values,
        ...(bias ? { bias } : {}),
      },
      scale,
    );
  };
  const logits = logitsOf(config, parameters, hiddenStates(config, parameters, ids, attend));
  graph.output("logits", logits);
  graph.output("probabilities", softmax(mul(logits, inverseTemperature)));
  return graph;
}
