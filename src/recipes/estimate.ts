/** What a recipe will cost: tokens, floating-point operations, and minutes at a measured rate. */
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import type { Recipe } from "./schema.ts";

export interface Estimate {
  /** Tokens that are sampled by the model. */
  readonly sampled: number;
  /** Tokens that are trained on. */
  readonly trained: number;
  readonly flops: number;
}

/** Mean tokens of an answer over its cap, as the shipped runs show it: for planning only. */
const ANSWER_SHARE = 0.35;

/**
 * Operations of training: 6 a parameter and trained token, 2 a sampled one (Kaplan et al. 2020, arXiv 2001.08361, §2.1).
 * Left out: attention, prompts that are read before sampling, scoring by a reference, evaluations.
 */
export function trainingFlops(config: ModelConfig, tokens: Omit<Estimate, "flops">): number {
  return parameterLayout(config).parameterCount * (6 * tokens.trained + 2 * tokens.sampled);
}

/**
 * Tokens and operations of a recipe, by `trainingFlops`.
 * @param config of the model that is trained
 */
export function estimate(recipe: Recipe, config: ModelConfig): Estimate {
  const stages = recipe.stages.map((stage): Omit<Estimate, "flops"> => {
    switch (stage.kind) {
      case "supervise":
      case "pretrain": {
        return { sampled: 0, trained: stage.steps * stage.tokensPerStep };
      }
      case "reinforce": {
        const sampled = stage.steps * stage.promptsPerStep * stage.samplesPerPrompt * stage.maxNewTokens * ANSWER_SHARE;
        return { sampled, trained: sampled * stage.iterations };
      }
      default:
        stage satisfies never;
        throw new Error("internal: unknown stage");
    }
  });
  const sampled = stages.reduce((n, stage) => n + stage.sampled, 0);
  const trained = stages.reduce((n, stage) => n + stage.trained, 0);
  return { sampled, trained, flops: trainingFlops(config, { sampled, trained }) };
}
