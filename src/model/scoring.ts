/**
 * A language model's body with a linear head of scores in place of the logits: what judges texts (reward models) and
 * foresees rewards (value models).
 *
 * The convention is that of Hugging Face's `…ForSequenceClassification`: `score.weight` [outputs, hidden] without a bias
 * on the hidden states after the final norm, no `lm_head`, the outputs' names in `id2label`. So a reward model saved here
 * loads there, and its scores are those that transformers reads at the last token that is not padding.
 * Left out: a hidden layer in the head, and dropout before it.
 */
import { matmul, type Tensor } from "../graph/index.ts";
import type { ModelConfig } from "./config.ts";
import { parameterLayout, views } from "./parameters.ts";
import type { ParameterTensors } from "./transformer.ts";

export interface ScoringModel {
  /** Has `scores`. */
  readonly config: ModelConfig;
  /** In the layout of `config`. */
  readonly parameters: Float32Array;
}

/**
 * A model's body under a head of its own. The head is kept where the model has one of the same names, else it begins at
 * zero: no text is better than another yet, and the first loss is that of a coin.
 * @param names of the outputs, at least one
 */
export function scoringModel(model: ScoringModel, names: readonly string[]): ScoringModel {
  const config: ModelConfig = { ...model.config, scores: [...names] };
  const same = model.config.scores?.join("\n") === names.join("\n");
  const from = views(parameterLayout(model.config), model.parameters);
  const layout = parameterLayout(config);
  const parameters = new Float32Array(layout.size);
  for (const [name, view] of views(layout, parameters)) {
    if (name !== "score" || same) view.set(from.get(name)!);
  }
  return { config, parameters };
}

/**
 * The head.
 * @param hidden [T, hidden], after the final norm
 * @returns [T, outputs]
 */
export function scoresOf(parameters: ParameterTensors, hidden: Tensor): Tensor {
  const head = parameters.get("score");
  if (!head) throw new Error("internal: the graph has no head of scores");
  return matmul(hidden, head);
}
