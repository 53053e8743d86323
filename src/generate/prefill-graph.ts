/**
 * The graph that reads prompts: keys and values of every position for the cache, and the distribution of the first token
 * that follows. Prompts of a batch are padded at the end to one length; no real token sees what comes after it.
 */
import { Graph, gatherRows, mul, mulDims, reshape, softmax } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import { fullAttention, hiddenStates, logitsOf, parameterInputs } from "../model/transformer.ts";
import type { GraphOptions } from "./decode-graph.ts";

/**
 * Inputs besides the parameters:
 * - `ids` int64 [B, S]
 * - `last` int64 [B]: index of each prompt's last token among the B·S rows
 * - `scale` []: 1 / temperature
 *
 * Outputs: `logits` [B, V] at the last tokens; `probabilities` [B, V] = softmax(logits · scale); `keys.N`, `values.N`
 * [B, KV, S, D]; padding has finite, meaningless entries there.
 */
export function prefillGraph(config: ModelConfig, options: GraphOptions): Graph {
  const graph = new Graph({ target: options.target });
  const ids = graph.input("ids", ["B", "S"], "int64");
  const last = graph.input("last", ["B"], "int64");
  const inverseTemperature = graph.input("scale", []);
  const parameters = parameterInputs(graph, parameterLayout(config));
  const attend = fullAttention(
    graph,
    config,
    { rows: "B", length: "S" },
    {
      positions: options.positions,
      onKeyValue: (layer, keys, values) => {
        graph.output(`keys.${layer}`, keys);
        graph.output(`values.${layer}`, values);
      },
    },
  );
  const hidden = hiddenStates(config, parameters, reshape(ids, [mulDims("B", "S")]), attend);
  const logits = logitsOf(config, parameters, gatherRows(hidden, last));
  graph.output("logits", logits);
  graph.output("probabilities", softmax(mul(logits, inverseTemperature)));
  return graph;
}
