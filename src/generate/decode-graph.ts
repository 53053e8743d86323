/**
 * The graph of one decoding step: the newest token of every sequence goes in, the distribution of the next comes out.
 * Every sequence stands at a position of its own, so sequences may join and leave between any two steps.
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
  ropeAt,
  softmax,
  type Target,
  type Tensor,
  unsqueeze,
  where,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import { type Attend, hiddenStates, logitsOf, parameterInputs, rotaryTables } from "../model/transformer.ts";

export interface GraphOptions {
  readonly target: Target;
  /** How many positions the rotary tables hold. */
  readonly positions: number;
}

export interface DecodeGraphOptions extends GraphOptions {
  /**
   * Parameters by short name to build into the graph; without it they are inputs. ONNX Runtime lays constants out for
   * its kernels once, inputs at every product: see docs/decisions/001-decoding.md.
   */
  readonly constants?: ReadonlyMap<string, Float32Array> | undefined;
}

/**
 * Inputs besides the parameters:
 * - `ids` int64 [B]: the newest token of each sequence
 * - `lengths` int64 [B]: how many tokens of it are in the cache, which is also the newest one's position
 * - `scale` []: 1 / temperature
 * - `keys.N`, `values.N` [B·KV, C, D]: the cache of layer N, C ≥ every length
 *
 * Outputs: `logits` [B, V]; `probabilities` [B, V] = softmax(logits · scale); `key.N`, `value.N` [B, KV, 1, D] to append
 * to the cache.
 */
export function decodeGraph(config: ModelConfig, options: DecodeGraphOptions): Graph {
  const { kvHeads, heads, headDim } = config;
  const graph = new Graph({ target: options.target });
  const ids = graph.input("ids", ["B"], "int64");
  const layout = parameterLayout(config);
  const { constants } = options;
  const parameters = constants
    ? new Map(layout.entries.map(({ name, shape }) => [name, graph.constant(constants.get(name)!, shape)]))
    : parameterInputs(graph, layout);
  const lengths = graph.input("lengths", ["B"], "int64");
  const inverseTemperature = graph.input("scale", []);
  const cacheShape = [mulDims("B", kvHeads), "C", headDim];
  const past = Array.from({ length: config.layers }, (_, layer) => ({
    pastKeys: graph.input(`keys.${layer}`, cacheShape),
    pastValues: graph.input(`values.${layer}`, cacheShape),
  }));

  const turn = ropeAt(rotaryTables(graph, config, options.positions), lengths);
  const bias = where(less(range(graph, "C"), unsqueeze(lengths, [1, 2])), 0, -1e9);
  const turned = (x: Tensor, count: number): Tensor => turn(reshape(x, ["B", count, 1, headDim]));
  const attend: Attend = (layer, q, k, v) => {
    const key = turned(k, kvHeads);
    graph.output(`key.${layer}`, key);
    graph.output(`value.${layer}`, reshape(v, ["B", kvHeads, 1, headDim]));
    return cachedAttention(
      {
        query: reshape(turned(q, heads), ["B", heads, headDim]),
        key: reshape(key, ["B", kvHeads, headDim]),
        value: v,
        ...past[layer]!,
        bias,
      },
      1 / Math.sqrt(headDim),
    );
  };
  const logits = logitsOf(config, parameters, hiddenStates(config, parameters, ids, attend));
  graph.output("logits", logits);
  graph.output("probabilities", softmax(mul(logits, inverseTemperature)));
  return graph;
}
