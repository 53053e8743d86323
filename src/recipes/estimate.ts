/** What a recipe will cost: tokens, floating-point operations, and minutes at a measured rate. */
import type { ModelConfig } from "../model/config.ts";
import { type LoraSettings, loraLayout } from "../model/lora.ts";
import { parameterLayout } from "../model/parameters.ts";
import { freshConfig, freshVocabulary } from "./assemble.ts";
import { corpusOf } from "./corpora.ts";
import type { DataSource, Recipe, Stage, SuperviseStage } from "./schema.ts";
import { listOf, referenceOf, stageNameOf } from "./stages.ts";

export interface Estimate {
  /** Tokens that are sampled by the model. */
  readonly sampled: number;
  /** Tokens that are trained on. */
  readonly trained: number;
  readonly flops: number;
  /** Of these what sampling takes, which computes more slowly. */
  readonly samplingFlops: number;
}

/** Tokens of a stage, by what is done with them. */
type Tokens = Pick<Estimate, "sampled" | "trained">;

/** Operations a parameter: of a token that is trained on, and of one that is sampled or read (Kaplan et al. 2020, §2.1). */
export const [TRAINED, READ] = [6, 2] as const;

/** Operations a second on a core: of gradients two thirds of a 2020s core's multiply rate of 100 GFLOP/s (`reckon bench step`). */
export const TRAINING_RATE = 60e9;
/**
 * The same of sampling, which reads all weights for one token of each answer: 12,000 tokens a second of the 2.03 M parameters of the
 * scale small, on two cores, a little less than `reckon train r1` samples on those of 2025.
 */
export const SAMPLING_RATE = 24e9;

/** Mean tokens of an answer over its cap, as the shipped runs show it: for planning only. */
const ANSWER_SHARE = 0.35;
/** Mean tokens of a trace, an instruction and an answer alone, each with its prompt, the share of prompts that yield one, and the rows of a file: for planning only. */
const TRACE_TOKENS = 75;
const CORPUS_TOKENS: Readonly<Record<string, number>> = { instructions: 44, answers: 25 };
const KEPT_SHARE = 0.6;
const UNKNOWN_ROWS = 1000;
/** The share of graded chains that are kept where only good ones are: for planning only. */
const GOOD_SHARE = 0.2;

/** Tokens of a rated trace with its prompt, about: for planning only. */
const CHAIN_TOKENS = 80;

/**
 * Operations of training: 6 a parameter and trained token, 2 a sampled one (Kaplan et al. 2020, arXiv 2001.08361, §2.1).
 * Beside adapters a frozen parameter takes 4: it has no gradient of its own.
 * Left out: attention, prompts that are read before sampling, scoring by a reference or a teacher, a critic, evaluations.
 */
export function trainingFlops(config: ModelConfig, tokens: Tokens, lora?: LoraSettings | undefined): number {
  const { parameterCount } = parameterLayout(config);
  const adapters = lora ? loraLayout(config, lora).parameterCount : 0;
  const training = lora ? 4 * parameterCount + TRAINED * adapters : TRAINED * parameterCount;
  return training * tokens.trained + READ * parameterCount * tokens.sampled;
}

/** Minutes that it takes on so many cores. */
export function minutesOf({ flops, samplingFlops }: Pick<Estimate, "flops" | "samplingFlops">, cores: number): number {
  return ((flops - samplingFlops) / TRAINING_RATE + samplingFlops / SAMPLING_RATE) / cores / 60;
}

/**
 * Configuration of the model that each stage trains or asks; undefined where it has none of ours: graded chains, an API.
 * @param open reads the configuration of a model in a folder
 */
export async function stageConfigs(
  recipe: Recipe,
  open: (folder: string) => Promise<ModelConfig>,
): Promise<(ModelConfig | undefined)[]> {
  const known = new Map<string, ModelConfig | undefined>();
  const configOf = async (stage: Stage): Promise<ModelConfig | undefined> => {
    if (stage.kind === "pretrain") {
      const { from } = stage.tokenizer;
      const vocabulary = from === undefined ? await freshVocabulary(recipe, stage) : await there(from);
      return vocabulary && freshConfig(stage, vocabulary);
    }
    return "from" in stage && stage.from !== undefined ? there(stage.from) : undefined;
  };
  const there = async (from: string): Promise<ModelConfig | undefined> => {
    const reference = referenceOf(from);
    return reference === undefined ? open(from) : known.get(reference);
  };
  for (const stage of recipe.stages) known.set(stageNameOf(stage), await configOf(stage));
  return [...known.values()];
}

/**
 * Tokens and operations of a recipe, by `trainingFlops`, with what a reference, judges and a critic take beside the policy.
 * @param configs of the stages' models, as `stageConfigs` gives them
 */
export function estimate(recipe: Recipe, configs: readonly (ModelConfig | undefined)[]): Estimate {
  const stages = estimateStages(recipe, configs);
  const sum = (of: (stage: Estimate) => number): number => stages.reduce((n, stage) => n + of(stage), 0);
  return {
    ...{ sampled: sum((s) => s.sampled), trained: sum((s) => s.trained) },
    ...{ flops: sum((s) => s.flops), samplingFlops: sum((s) => s.samplingFlops) },
  };
}

/** The same stage by stage. What an API samples takes none of our operations. */
export function estimateStages(
  recipe: Recipe,
  configs: readonly (ModelConfig | undefined)[],
): (Estimate & { readonly name: string })[] {
  return recipe.stages.map((stage, i) => {
    const tokens = tokensOf(recipe, stage);
    const config = configs[i];
    const flops = (of: Tokens): number => (config ? trainingFlops(config, of, loraOf(stage)) : 0);
    const samplingFlops = flops({ sampled: tokens.sampled, trained: 0 });
    const parameters = config ? parameterLayout(config).parameterCount : 0;
    const valuing = valuingOperations(recipe, stage) * parameters * tokens.sampled;
    const marking = markingOperations(stage) * parameters * tokens.trained;
    return { name: stageNameOf(stage), ...tokens, flops: flops(tokens) + valuing + marking, samplingFlops };
  });
}

/**
 * Operations a parameter and sampled token that go into the worth of answers: what a reference and judges read, and what a
 * critic reads and learns, all of them as large as the policy.
 */
function valuingOperations(recipe: Recipe, stage: Stage): number {
  if (stage.kind !== "reinforce") return 0;
  const { klWeight, ppo, rewardModel, iterations } = stage;
  const anchored = klWeight !== 0 || (ppo?.klReward ?? 0) !== 0;
  const readings = (from: string): number => {
    const made = recipe.stages.find((other) => stageNameOf(other) === referenceOf(from));
    return made !== undefined && markingOperations(made) > 0 ? 2 : 1;
  };
  const judges = listOf(rewardModel).reduce((sum, { from, after = 0 }) => sum + readings(from) * (1 - after), 0);
  return READ * (judges + (anchored ? 1 : 0)) + (ppo ? READ + TRAINED * iterations : 0);
}

/** Operations a parameter and trained token of a judge's reader, which is as large as the judge. */
function markingOperations(stage: Stage): number {
  return stage.kind === "reward" && (stage.marks ?? 0) > 0 ? READ : 0;
}

function tokensOf(recipe: Recipe, stage: Stage): Tokens {
  switch (stage.kind) {
    case "pretrain":
      return { sampled: 0, trained: stage.steps * stage.tokensPerStep };
    case "supervise": {
      const trained =
        stage.steps === undefined ? (stage.epochs ?? 0) * rowTokens(recipe, stage) : stage.steps * stage.tokensPerStep;
      return { sampled: 0, trained };
    }
    case "reinforce": {
      const sampled = stage.steps * stage.promptsPerStep * stage.samplesPerPrompt * stage.maxNewTokens * ANSWER_SHARE;
      // While PPO's critic warms up the policy learns nothing.
      const learning = 1 - Math.min(stage.steps, stage.ppo?.criticWarmup ?? 0) / stage.steps;
      return { sampled, trained: sampled * stage.iterations * learning };
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

/** Tokens of a stage's data, about: what is sampled before is not there yet, and a user's file is not looked into. */
function rowTokens(recipe: Recipe, { data = [] }: SuperviseStage): number {
  const sources = typeof data === "string" ? [{ data, weight: 1 }] : data;
  return sources.reduce((total, { data: place, rows = Number.POSITIVE_INFINITY, least = 1, weight }: DataSource) => {
    const made = recipe.stages.find((stage) => stageNameOf(stage) === referenceOf(place));
    const chosen = made?.kind === "graded" && made.least > 1; // The good ones alone, already.
    const there = (made === undefined ? UNKNOWN_ROWS : rowsOfMade(made)) * (least > 1 && !chosen ? GOOD_SHARE : 1);
    const tokens = CORPUS_TOKENS[corpusOf(place) ?? ""] ?? TRACE_TOKENS;
    return total + tokens * weight * Math.min(rows, Number.isFinite(rows) && made === undefined ? rows : there);
  }, 0);
}

/** Rows that a stage leaves, about. */
function rowsOfMade(made: Stage): number {
  switch (made.kind) {
    case "sample":
      return Math.min(made.rows ?? Number.POSITIVE_INFINITY, made.prompts * made.perPrompt * KEPT_SHARE);
    case "graded":
      return made.prompts * made.chains * (made.least > 1 ? GOOD_SHARE : 1);
    default:
      return UNKNOWN_ROWS;
  }
}

/** Operations of a recipe of one stage, of whose adapters too. */
export function recipeFlops(recipe: Recipe, config: ModelConfig, tokens: Tokens): number {
  const stage = recipe.stages[0]!;
  const marking = markingOperations(stage) * parameterLayout(config).parameterCount * tokens.trained;
  return trainingFlops(config, tokens, loraOf(stage)) + marking;
}

function loraOf(stage: Stage): LoraSettings | undefined {
  return "lora" in stage ? stage.lora : undefined;
}
