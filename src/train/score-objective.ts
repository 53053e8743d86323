/**
 * Objectives of models with a head of scores (model/scoring.ts) as graphs: forward, loss and backward in one.
 *
 * - `pairs`: Bradley-Terry, Σ_p w_p · −log σ(s_better − s_worse), of a head with one output (InstructGPT, arXiv 2203.02155,
 *   eq. 1). The pairs of one item lie in one batch, so that its texts are read once.
 * - `binary`: Σ w · −[y log σ(s) + (1 − y) log(1 − σ(s))] with y from 0 to 1: right or wrong, safe or unsafe, the steps of a
 *   chain, and graded ratings as shares of their scale (a proper scoring rule for their mean, and bounded where it judges).
 * - `squared`: Σ w · ½ (s − y)²; with `clip` ½ max((s − y)², (clip(s, old ± clip) − y)²), PPO's value loss
 *   (arXiv 1707.06347; the clipping is that of OpenAI's baselines).
 *
 * All are sums with a weight for every place, so normalisation is made outside; a place of weight 0 does not count.
 * Only picked positions reach the head.
 */
import {
  add,
  cast,
  Graph,
  gatherRows,
  gradients,
  maximum,
  minimum,
  mul,
  reshape,
  softplus,
  sub,
  sum,
  type Target,
  type Tensor,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import type { ParameterLayout } from "../model/parameters.ts";
import { scoresOf } from "../model/scoring.ts";
import { fullAttention, hiddenStates, parameterInputs } from "../model/transformer.ts";

export type ScoreObjective =
  | { readonly kind: "pairs" }
  | { readonly kind: "binary" }
  | {
      readonly kind: "squared";
      /** How far a score may go from `old` before its gain is no longer counted; none if absent. */
      readonly clip?: number;
    }
  /** No loss and no gradient: scores alone. */
  | { readonly kind: "read" };

export interface ScoreGraphOptions {
  /** The longest row. */
  readonly positions: number;
  readonly target?: Target;
}

const POSITIONS = 64;

/**
 * Inputs: all parameters by name; `ids` int32 [B, S]; `picked` int32 [N], positions in the flattened rows. Of `pairs`:
 * `better`, `worse` int32 [P], places in `picked`, and `weights` [P, 1]. Of the others: `targets`, `weights` [N, K], with a
 * clip `old` [N, K].
 * Outputs: `scores` [N, K]; but for `read` also `loss` [1] and `sum.NAME`, the gradient of every parameter.
 */
export function scoreGraph(
  config: ModelConfig,
  layout: ParameterLayout,
  objective: ScoreObjective,
  options: ScoreGraphOptions,
): Graph {
  const graph = new Graph(options.target ? { target: options.target } : {});
  const ids = graph.input("ids", ["B", "S"], "int32");
  const picked = cast(graph.input("picked", ["N"], "int32"), "int64");
  const parameters = parameterInputs(graph, layout);
  const positions = Math.ceil(options.positions / POSITIONS) * POSITIONS;
  const attend = fullAttention(graph, config, { rows: "B", length: "S" }, { positions });
  const hidden = hiddenStates(config, parameters, reshape(cast(ids, "int64"), ["B*S"]), attend);
  const scores = scoresOf(parameters, gatherRows(hidden, picked));
  graph.output("scores", scores);
  if (objective.kind === "read") return graph;
  const loss = graph.scope("loss", () => {
    const losses = placeLoss(graph, objective, scores, config.scores!.length);
    return sum(mul(losses, graph.input("weights", losses.shape)), [0, 1]);
  });
  graph.output("loss", reshape(loss, [1]));
  const wanted = layout.entries.map((entry) => parameters.get(entry.name)!);
  gradients([{ tensor: loss }], wanted).forEach((made, i) => {
    const { name } = layout.entries[i]!;
    if (!made) throw new Error(`internal: the loss does not depend on ${name}`);
    graph.output(`sum.${name}`, made);
  });
  return graph;
}

/** The loss of every pair [P, 1] or place [N, K]. */
function placeLoss(
  graph: Graph,
  objective: Exclude<ScoreObjective, { kind: "read" }>,
  scores: Tensor,
  outputs: number,
): Tensor {
  switch (objective.kind) {
    case "pairs": {
      if (outputs !== 1) throw new Error("internal: pairs are compared by one score");
      const side = (name: string): Tensor => gatherRows(scores, cast(graph.input(name, ["P"], "int32"), "int64"));
      return softplus(sub(side("worse"), side("better")));
    }
    case "binary":
      return sub(softplus(scores), mul(scores, graph.input("targets", ["N", outputs])));
    case "squared": {
      const targets = graph.input("targets", ["N", outputs]);
      const squares = (values: Tensor): Tensor => {
        const gap = sub(values, targets);
        return mul(mul(gap, gap), 0.5);
      };
      if (objective.clip === undefined) return squares(scores);
      const old = graph.input("old", ["N", outputs]);
      const near = minimum(maximum(scores, sub(old, objective.clip)), add(old, objective.clip));
      return maximum(squares(scores), squares(near));
    }
    default:
      objective satisfies never;
      throw new Error("internal: unknown objective");
  }
}
