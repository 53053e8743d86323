/**
 * Whether the models that a stage names could be used as it means to use them, before those are made that other stages make: by
 * their configurations and tokenizers, since their weights may be gigabytes.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { configFromHuggingFace, type ModelConfig } from "../model/config.ts";
import { loadTokenizer } from "../model/hf-checkpoint.ts";
import { parameterLayout } from "../model/parameters.ts";
import { withSpecialTokens } from "../model/special-tokens.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { isMissing } from "../runs/disk.ts";
import { SPECIAL_TOKENS } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { freshVocabulary } from "./assemble.ts";
import type { Recipe, Stage, SuperviseStage } from "./schema.ts";
import { stageSeed } from "./stage-folders.ts";
import { listOf, placesOf, referenceOf, stageNameOf } from "./stages.ts";
import { requireSameTokens } from "./student.ts";

/** The folder of a model that a recipe names. */
export type ModelFolder = (name: string) => string;

/**
 * Whether the models are there that no stage makes, and all are of the kind that the stage needs.
 * @throws ReckonError MODEL_UNKNOWN, REWARD_MODEL, MODEL_WRITES_NOT, CHECKPOINT_INVALID; what `modelFolder` throws
 */
export async function checkModels(recipe: Recipe, stage: Stage, modelFolder: ModelFolder): Promise<void> {
  const judges = new Set("rewardModel" in stage ? listOf(stage.rewardModel).map(({ from }) => from) : []);
  const writers = new Set<string | undefined>([
    ...(["supervise", "reinforce", "sample"].includes(stage.kind) && "from" in stage ? [stage.from] : []),
    ...("distribution" in stage ? [stage.distribution?.teacher] : []),
  ]);
  for (const place of placesOf(stage).models) {
    const judging = await isJudge(recipe, place, modelFolder);
    if (judges.has(place) && !judging) {
      throw new ReckonError("REWARD_MODEL", `${place} is no reward model`, {
        expected: "a model that a stage of kind reward has made, or `reckon train reward`",
        got: "a language model",
      });
    }
    if (writers.has(place) && judging) {
      throw new ReckonError("MODEL_WRITES_NOT", `${place} judges texts and cannot write any`, {
        expected: "a language model",
        got: "a reward model",
        help: "give the model that it judges, or use this one as the reward of a reinforcement",
      });
    }
  }
}

async function isJudge(recipe: Recipe, place: string, modelFolder: ModelFolder): Promise<boolean> {
  const made = madeBy(recipe, place);
  return made ? made.kind === "reward" : (await configIn(modelFolder(place), place)).scores !== undefined;
}

/** The stage that makes what a place names; undefined for a folder. */
function madeBy(recipe: Recipe, place: string): Stage | undefined {
  const name = referenceOf(place);
  return name === undefined ? undefined : recipe.stages.find((stage) => stageNameOf(stage) === name);
}

async function configIn(folder: string, name: string): Promise<ModelConfig> {
  const weights = ["model.safetensors", "model.safetensors.index.json"];
  const missing = ["config.json", "tokenizer.json"].filter((file) => !existsSync(join(folder, file)));
  if (!weights.some((file) => existsSync(join(folder, file)))) missing.push(weights[0]!);
  if (missing.length > 0) {
    throw new ReckonError("MODEL_UNKNOWN", `there is no model ${name}`, {
      expected: "a folder with config.json, tokenizer.json and model.safetensors",
      got: `${folder}, without ${missing.join(", ")}`,
      help: "check the paths in the recipe",
    });
  }
  const text = await readFile(join(folder, "config.json"), "utf8");
  try {
    return configFromHuggingFace(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ReckonError("CHECKPOINT_INVALID", `${join(folder, "config.json")} is not JSON.`, { got: error.message });
  }
}

/**
 * Whether a stage that learns from a teacher's distributions has the teacher's tokens.
 * @throws ReckonError DISTIL_TOKENIZER; what reading a tokenizer throws
 */
export async function checkDistribution(
  recipe: Recipe,
  { from, distribution }: SuperviseStage,
  modelFolder: ModelFolder,
): Promise<void> {
  if (distribution === undefined) return;
  const [student, teacher] = [from, distribution.teacher].map((place) => vocabularyOf(recipe, place));
  if (student === teacher) return;
  const tokenizer = (source: Stage | string): Promise<Tokenizer> =>
    typeof source === "string" ? tokenizerIn(modelFolder(source)) : learntBy(recipe, source);
  requireSameTokens(await tokenizer(teacher!), await tokenizer(student!));
}

/** Where the tokens of a model come from: the folder of another one, or the stage that learns them. */
function vocabularyOf(recipe: Recipe, place: string): Stage | string {
  const made = madeBy(recipe, place);
  if (made === undefined) return place;
  const from = made.kind === "pretrain" ? made.tokenizer.from : "from" in made ? made.from : undefined;
  return from === undefined ? made : vocabularyOf(recipe, from);
}

async function learntBy(recipe: Recipe, stage: Stage): Promise<Tokenizer> {
  if (stage.kind !== "pretrain") throw new Error("internal: only pretraining learns tokens");
  const seed = stageSeed(recipe.seed, stageNameOf(stage));
  return (await freshVocabulary({ ...recipe, seed }, stage)).tokenizer;
}

/** A model's tokenizer with our special tokens, as the stages use it; its weights, perhaps gigabytes, are not read for that. */
async function tokenizerIn(folder: string): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer({
    get: (name) =>
      readFile(join(folder, name)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
  });
  const config: ModelConfig = {
    ...{ architecture: "llama", vocabSize: tokenizer.vocabSize, hiddenSize: 2, layers: 1, heads: 1, kvHeads: 1 },
    ...{ headDim: 2, intermediateSize: 1, ropeTheta: 1, rmsNormEps: 1, tieEmbeddings: true },
    ...{ qkvBias: false, qkNorm: false, maxPositions: 1 },
  };
  const parameters = new Float32Array(parameterLayout(config).size);
  const bare = { config, parameters, tokenizer, tokens: { eos: [] }, extra: {} };
  return withSpecialTokens(bare, SPECIAL_TOKENS).model.tokenizer;
}
