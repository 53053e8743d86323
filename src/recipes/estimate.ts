/** What a recipe will cost: tokens, floating-point operations, and minutes at a measured rate. */
import type { ModelConfig } from "../model/config.ts";
import { type LoraSettings, loraLayout } from "../model/lora.ts";
import { parameterLayout } from "../model/parameters.ts";
import type { DataSource, Recipe, Stage, SuperviseStage } from "./schema.ts";
import { referenceOf, stageNameOf } from "./stages.ts";

export interface Estimate {
  /** Tokens that are sampled by the model. */
  readonly sampled: number;
  /** Tokens that are trained on. */
  readonly trained: number;
  readonly flops: number;
}

/** Mean tokens of an answer over its cap, as the shipped runs show it: for planning only. */
const ANSWER_SHARE = 0.35;
/** Mean tokens of a trace with its prompt, the share of prompts that yield one, and the rows of a file: for planning only. */
const TRACE_TOKENS = 90;
const KEPT_SHARE = 0.6;
const UNKNOWN_ROWS = 1000;

/** Tokens of a rated trace with its prompt, about: for planning only. */
const CHAIN_TOKENS = 80;

/**
 * Operations of training: 6 a parameter and trained token, 2 a sampled one (Kaplan et al. 2020, arXiv 2001.08361, §2.1).
 * Beside adapters a frozen parameter takes 4: it has no gradient of its own.
 * Left out: attention, prompts that are read before sampling, scoring by a reference or a teacher, evaluations.
 */
export function trainingFlops(
  config: ModelConfig,
  tokens: Omit<Estimate, "flops">,
  lora?: LoraSettings | undefined,
): number {
  const { parameterCount } = parameterLayout(config);
  const adapters = lora ? loraLayout(config, lora).parameterCount : 0;
  const training = lora ? 4 * parameterCount + 6 * adapters : 6 * parameterCount;
  return training * tokens.trained + 2 * parameterCount * tokens.sampled;
}

/**
 * Tokens and operations of a recipe, by `trainingFlops`.
 * @param config of the model that is trained
 */
export function estimate(recipe: Recipe, config: ModelConfig): Estimate {
  const stages = estimateStages(recipe, config);
  const sum = (of: (stage: Estimate) => number): number => stages.reduce((n, stage) => n + of(stage), 0);
  return { sampled: sum((s) => s.sampled), trained: sum((s) => s.trained), flops: sum((s) => s.flops) };
}

/** The same stage by stage. */
export function estimateStages(recipe: Recipe, config: ModelConfig): (Estimate & { readonly name: string })[] {
  return recipe.stages.map((stage) => {
    const tokens = tokensOf(recipe, stage);
    return { name: stageNameOf(stage), ...tokens, flops: trainingFlops(config, tokens, loraOf(stage)) };
  });
}

function tokensOf(recipe: Recipe, stage: Stage): Omit<Estimate, "flops"> {
  switch (stage.kind) {
    case "pretrain":
      return { sampled: 0, trained: stage.steps * stage.tokensPerStep };
    case "supervise": {
      const trained =
        stage.steps === undefined
          ? (stage.epochs ?? 0) * TRACE_TOKENS * rowsOf(recipe, stage)
          : stage.steps * stage.tokensPerStep;
      return { sampled: 0, trained };
    }
    case "reinforce": {
      const sampled = stage.steps * stage.promptsPerStep * stage.samplesPerPrompt * stage.maxNewTokens * ANSWER_SHARE;
      return { sampled, trained: sampled * stage.iterations };
    }
    case "reward":
      return { sampled: 0, trained: stage.steps * stage.promptsPerStep * stage.chains * CHAIN_TOKENS };
    case "graded":
      return { sampled: 0, trained: 0 };
    case "sample":
      return { sampled: stage.prompts * stage.samplesPerPrompt * stage.maxNewTokens * ANSWER_SHARE, trained: 0 };
    default:
      stage satisfies never;
      throw new Error("internal: unknown stage");
  }
}

/** Rows of a stage's data, about: what is sampled before is not there yet, and a user's file is not looked into. */
function rowsOf(recipe: Recipe, { data = [] }: SuperviseStage): number {
  const sources = typeof data === "string" ? [{ data, weight: 1 }] : data;
  return sources.reduce((total, { data: place, rows = Number.POSITIVE_INFINITY, weight }: DataSource) => {
    const made = recipe.stages.find((stage) => stageNameOf(stage) === referenceOf(place));
    const there =
      made?.kind === "sample"
        ? Math.min(made.rows ?? Number.POSITIVE_INFINITY, made.prompts * made.perPrompt * KEPT_SHARE)
        : UNKNOWN_ROWS;
    return total + weight * Math.min(rows, Number.isFinite(rows) && made === undefined ? rows : there);
  }, 0);
}

/** Operations of a recipe of one stage, of whose adapters too. */
export function recipeFlops(recipe: Recipe, config: ModelConfig, tokens: Omit<Estimate, "flops">): number {
  return trainingFlops(config, tokens, loraOf(recipe.stages[0]!));
}

function loraOf(stage: Stage): LoraSettings | undefined {
  return "lora" in stage ? stage.lora : undefined;
}
