/**
 * The graph that reads prompts: keys and values of every position for the cache, and the distribution of the first token
 * that follows. Prompts of a batch are padded on the left to one length, so that all end at the same time.
 */
import { Graph, gatherRows, mul, mulDims, reshape, softmax, type Target, transpose } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import { fullAttention, hiddenStates, logitsOf, parameterInputs } from "../model/transformer.ts";

export interface PrefillGraphOptions {
  readonly target: Target;
  /** How many positions the rotary tables hold. */
  readonly positions: number;
}

/**
 * Inputs besides the parameters:
 * - `ids` int64 [B, S]
 * - `segments` int64 [B, S]: 1 at real tokens, 0 at padding, which real tokens never see
 * - `last` int64 [B]: index of each prompt's last token among the B·S rows
 * - `scale` []: 1 / temperature
 *
 * Outputs: `logits` [B, V] at the last tokens; `probabilities` [B, V] = softmax(logits · scale); `keys.N`, `values.N`
 * [S, B·KV, D]: the beginning of the time-major cache. Padding has finite, meaningless entries there.
 */
export function prefillGraph(config: ModelConfig, options: PrefillGraphOptions): Graph {
  const graph = new Graph({ target: options.target });
  const ids = graph.input("ids", ["B", "S"], "int64");
  const segments = graph.input("segments", ["B", "S"], "int64");
  const last = graph.input("last", ["B"], "int64");
  const inverseTemperature = graph.input("scale", []);
  const parameters = parameterInputs(graph, parameterLayout(config));
  const timeMajor = ["S", mulDims("B", config.kvHeads), config.headDim];
  const attend = fullAttention(
    graph,
    config,
    { rows: "B", length: "S" },
    {
      segments,
      positions: options.positions,
      onKeyValue: (layer, keys, values) => {
        graph.output(`keys.${layer}`, reshape(transpose(keys, [2, 0, 1, 3]), timeMajor));
        graph.output(`values.${layer}`, reshape(transpose(values, [2, 0, 1, 3]), timeMajor));
      },
    },
  );
  const hidden = hiddenStates(config, parameters, reshape(ids, [mulDims("B", "S")]), attend);
  const logits = logitsOf(config, parameters, gatherRows(hidden, last));
  graph.output("logits", logits);
  graph.output("probabilities", softmax(mul(logits, inverseTemperature)));
  return graph;
}
