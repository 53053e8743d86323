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
 * Tokens and operations of a recipe: 6 operations a parameter and trained token, 2 a sampled one (Kaplan et al. 2020,
 * arXiv 2001.08361, §2.1; attention left out).
 * @param config of the model that is trained
 */
export function estimate(recipe: Recipe, config: ModelConfig): Estimate {
  const { parameterCount } = parameterLayout(config);
  const stages = recipe.stages.map((stage): Estimate => {
    switch (stage.kind) {
      case "supervise":
      case "pretrain": {
        const trained = stage.steps * stage.tokensPerStep;
        return { sampled: 0, trained, flops: 6 * parameterCount * trained };
      }
      case "reinforce": {
        const sampled = stage.steps * stage.promptsPerStep * stage.samplesPerPrompt * stage.maxNewTokens * ANSWER_SHARE;
        const trained = sampled * stage.iterations;
        return { sampled, trained, flops: parameterCount * (6 * trained + 2 * sampled) };
      }
      default:
        stage satisfies never;
        throw new Error("internal: unknown stage");
    }
  });
  return stages.reduce((a, b) => ({
    sampled: a.sampled + b.sampled,
    trained: a.trained + b.trained,
    flops: a.flops + b.flops,
  }));
}
