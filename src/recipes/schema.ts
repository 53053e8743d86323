/**
 * Recipes: training as typed data, no code hidden in configuration. Unknown keys are errors; defaults stand here, each
 * with its reason where the number is not common practice.
 */
import { z } from "zod";
import { ALL_LORA_TARGETS, LORA_TARGETS } from "../model/lora.ts";
import { ALGORITHM_NAMES } from "../train/algorithms/index.ts";
import { dominated } from "../train/rewards/index.ts";
import { ReckonError } from "../util/errors.ts";
import { withAlgorithm } from "./algorithms.ts";
import { dataSchema, sampleSchema, withTeacher } from "./schema-data.ts";
import {
  count,
  optimizerSchema,
  rungSchema,
  scheduleSchema,
  share,
  stageName,
  taskFileSchema,
  tokenizerSchema,
  whole,
} from "./schema-parts.ts";
import { gradedSchema, ppoSchema, rewardModelSchema, rewardSchema } from "./schema-reward.ts";
import { checkStages, stageIndex, stageNameOf } from "./stages.ts";
import { distributionSchema } from "./student.ts";

const modelSchema = z.strictObject({
  architecture: z.enum(["llama", "qwen2", "qwen3"]).default("llama"),
  hiddenSize: count,
  layers: count,
  heads: count,
  kvHeads: count,
  headDim: count,
  intermediateSize: count,
  tieEmbeddings: z.boolean().default(true),
  ropeTheta: z.number().positive().default(10_000),
  maxPositions: count.default(512),
});

/** The corpus' knobs that a phase changes; keys are those of `CorpusMix`. */
const mixSchema = z.record(z.string(), z.unknown());

const pretrainSchema = z.strictObject({
  kind: z.literal("pretrain"),
  name: stageName.optional(),
  model: modelSchema,
  tokenizer: tokenizerSchema,
  /** Standard deviation of the embedding's entries times √hidden. */
  embeddingScale: z.number().positive().default(0.5),
  /** Factor of what a layer writes to the residual stream at first; 0 learns much faster (docs/decisions/002). */
  residualScale: z.number().min(0).default(0),
  steps: count,
  tokensPerStep: count.default(8192),
  /** Longest document, which is cut there; shorter ones share rows. */
  rowLength: count.default(256),
  microBatchTokens: count.default(1536),
  learningRate: z.number().positive(),
  schedule: scheduleSchema,
  optimizer: optimizerSchema,
  /** Phases of the corpus: from which share of the steps on, which changes to the default mix. */
  phases: z.array(z.strictObject({ from: share, mix: mixSchema })).default([{ from: 0, mix: {} }]),
  checkpointEvery: count.default(200),
  evaluateEvery: whole.default(500),
  evaluateProblems: count.default(200),
  evaluateNewTokens: count.default(256),
});

/**
 * Adapters of low rank in place of the weights (model/lora.ts). They want about ten times the learning rate that the
 * weights do. On all linear layers of the blocks by default, where they learn as well as the weights as long as there is
 * little to learn.
 */
const loraSchema = z.strictObject({
  rank: count.default(8),
  alpha: z.number().positive().default(16),
  targets: z
    .array(z.enum(ALL_LORA_TARGETS))
    .min(1)
    .default([...LORA_TARGETS]),
});

/**
 * Supervised fine-tuning, on traces or on clean worked solutions: the control that tells what examples alone would give.
 */
const superviseFields = z.strictObject({
  kind: z.literal("supervise"),
  name: stageName.optional(),
  /** Folder of the model to start from. */
  from: z.string(),
  /** Traces to learn from; left out, clean solutions of the problems. */
  data: dataSchema.optional(),
  /** What becomes of files with broken rows: they are refused, or the rows are left out; default refused. */
  broken: z.enum(["refuse", "skip"]).optional(),
  /** Learns from a teacher's distributions over the same texts too; off where it is left out. */
  distribution: distributionSchema.optional(),
  /** What clean solutions are of, and in any case what the model is evaluated on. */
  problems: z.array(rungSchema).min(1),
  /** Either so many steps, or as many as it takes to read the data so often. */
  steps: count.optional(),
  epochs: z.number().positive().optional(),
  tokensPerStep: count.default(8192),
  /** Longest document, which is cut there; shorter ones share rows. */
  rowLength: count.default(256),
  microBatchTokens: count.default(1536),
  /** Trains adapters in place of the weights; off where it is left out, on with `{}`. */
  lora: loraSchema.optional(),
  learningRate: z.number().positive(),
  schedule: scheduleSchema,
  optimizer: optimizerSchema,
  checkpointEvery: count.default(100),
  evaluateEvery: whole.default(50),
  evaluateProblems: count.default(200),
  evaluateNewTokens: count.default(200),
});

const superviseSchema = superviseFields
  .refine(({ steps, epochs }) => (steps === undefined) !== (epochs === undefined), "needs either steps or epochs")
  .refine(
    ({ data, epochs }) => epochs === undefined || data !== undefined,
    "epochs are of data: clean solutions have no end",
  );

const curriculumSchema = z.strictObject({
  /**
   * Steps after which what was seen of a rung counts half. With some 70 rungs and 32 problems a step a rung is met once in
   * two steps at most, so less than 30 forgets which rungs teach nothing before they can be told: where half of the
   * rungs are solved at 99 %, 10 with a prior of 2 left 31 % of simulated groups outside 5 to 95 %, 30 with 0.5 leaves 16 %.
   */
  halfLife: z.number().positive().default(30),
  /** Least factor on a rung's weight: what is solved or hopeless is still seen now and then, in case it changes. */
  floor: z.number().gt(0).max(1).default(0.1),
  /** Groups that the hope in an unknown rung counts as: one group says more than it. */
  prior: z.number().positive().default(0.5),
});

/** Weights of the rewards. Those left out are off; together they must weigh less than accuracy (train/rewards/). */
const rewardsSchema = z
  .strictObject({
    accuracy: z.number().min(0).default(1),
    format: z.number().min(0).default(0.1),
    language: z.number().min(0).optional(),
    length: z.number().min(0).optional(),
    repetition: z.number().min(0).optional(),
    overlong: z.number().min(0).optional(),
    repetitionSize: count.optional(),
    overlongBuffer: z.number().gt(0).max(1).optional(),
  })
  .refine(dominated, {
    error: "accuracy must weigh more than language, length, repetition and overlong together: else being wrong may pay",
  });

const reinforceFields = z.strictObject({
  kind: z.literal("reinforce"),
  name: stageName.optional(),
  /**
   * One of the GRPO family by name (train/algorithms/): fills in the settings that it decides, where they are not given.
   */
  algorithm: z.enum(ALGORITHM_NAMES).optional(),
  /** Folder of the model to start from. */
  from: z.string(),
  problems: z.array(rungSchema).min(1),
  steps: count,
  promptsPerStep: count.default(32),
  samplesPerPrompt: z.int().min(2).default(16),
  maxNewTokens: count.default(200),
  temperature: z.number().positive().default(1),
  iterations: count.default(1),
  miniBatches: count.default(1),
  clipLow: z.number().positive().default(0.2),
  clipHigh: z.number().positive().default(0.2),
  klWeight: z.number().min(0).default(0),
  klEstimator: z.enum(["k1", "k2", "k3"]).optional(),
  klIn: z.enum(["loss", "reward"]).optional(),
  ratio: z.enum(["token", "sequence"]).optional(),
  surrogate: z.enum(["clip", "cispo", "reinforce"]).optional(),
  referenceEvery: whole.default(0),
  normalisation: z.enum(["grpo", "dr_grpo", "dapo", "bnpo"]).default("dapo"),
  rewardScale: z.enum(["group", "batch", "none"]).default("group"),
  baseline: z.enum(["group", "leave_one_out", "batch"]).optional(),
  maskTruncated: z.boolean().optional(),
  /** A share of the groups is made to go on with a "wait", so many times; none where it is left out. */
  waits: z.strictObject({ share, most: count.default(1) }).optional(),
  resample: whole.default(0),
  /** Whether a group counts as without a difference by its rewards, or by what is right alone; by rewards where it is left out. */
  resampleBy: z.enum(["accuracy", "reward"]).optional(),
  /** Draws the rungs by how much their groups teach, beside their weights; off where it is left out, on with `{}`. */
  curriculum: curriculumSchema.optional(),
  rewards: rewardsSchema.default({ accuracy: 1, format: 0.1 }),
  /**
   * Users' tasks, by path: modules (.ts, .js, .mjs), and questions and answers in JSON lines (.jsonl). Their families may
   * stand in `problems`.
   */
  tasks: z.array(z.union([z.string(), taskFileSchema])).default([]),
  /** Users' reward modules, by path. */
  userRewards: z.array(z.string()).default([]),
  /** A trained judge beside the rules, or a list of several; none where it is left out. */
  rewardModel: rewardModelSchema.optional(),
  /** PPO with a value head and generalised advantages in place of GRPO's; off where it is left out, on with `{}`. */
  ppo: ppoSchema.optional(),
  /** Trains adapters in place of the weights; off where it is left out, on with `{}`. */
  lora: loraSchema.optional(),
  learningRate: z.number().positive(),
  schedule: scheduleSchema,
  optimizer: optimizerSchema,
  microBatchTokens: count.default(1536),
  checkpointEvery: count.default(20),
  evaluateEvery: whole.default(10),
  evaluateProblems: count.default(200),
  rolloutsEvery: whole.default(5),
  rolloutGroups: count.default(4),
});

const reinforceSchema = reinforceFields
  .refine(({ ppo, steps }) => ppo === undefined || ppo.criticWarmup < steps, {
    path: ["ppo", "criticWarmup"],
    error: "as long as the whole run: the policy would never learn; set fewer than steps",
  })
  .refine(({ ppo, klIn, klWeight }) => ppo === undefined || klIn !== "reward" || klWeight === 0, {
    path: ["klWeight"],
    error: "has no effect beside ppo, whose divergence is weighed by ppo.klReward; set klWeight=0",
  })
  .refine(({ klIn, klEstimator }) => klIn !== "reward" || klEstimator === undefined || klEstimator === "k1", {
    path: ["klEstimator"],
    error: "has no effect with klIn=reward, which takes k1 of every token; leave it out, or set klIn=loss",
  })
  .refine(({ surrogate, miniBatches, iterations }) => surrogate !== "reinforce" || miniBatches * iterations === 1, {
    path: ["miniBatches"],
    error:
      "the surrogate reinforce has no ratio between policies: one update a batch; set miniBatches=1 and iterations=1",
  });

const recipeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  description: z.string(),
  seed: z.int().min(0).default(0),
  /** Logical shards of every step; results depend on it, so it stands here and not with the workers. */
  shards: count.default(2),
  stages: z
    .array(
      z.discriminatedUnion("kind", [
        pretrainSchema,
        superviseSchema,
        reinforceSchema,
        sampleSchema,
        rewardSchema,
        gradedSchema,
      ]),
    )
    .min(1),
});

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeInput = z.input<typeof recipeSchema>;
export type PretrainStage = z.output<typeof pretrainSchema>;
export type SuperviseStage = z.output<typeof superviseSchema>;
export type ReinforceStage = z.output<typeof reinforceSchema>;
export type Stage = Recipe["stages"][number];
export type { DataPlace, DataSource, SampleStage } from "./schema-data.ts";
export type RewardStage = z.output<typeof rewardSchema>;
export type GradedStage = z.output<typeof gradedSchema>;

/** `tiny` takes minutes on two cores: what `npm start` grows. `small` is all families and a larger model, up to an hour a stage. */
export type Scale = "tiny" | "small";

/** Types a recipe as it is written; defaults are filled in by `resolveRecipe`. */
export function defineRecipe(recipe: RecipeInput): RecipeInput {
  return recipe;
}

/**
 * Fills in defaults and applies settings of the form `path=value`, e.g. `stages.0.steps=50`, by the stage's name
 * `stages.rl.steps=50`, or `seed=1`; a path that does not begin with a key of the recipe is one of its only stage:
 * `learningRate=1e-4`. A tokenizer that is taken, `tokenizer.from=models/zero`, stands in place of the recipe's own, and
 * `epochs=2` in place of its steps, or the other way about.
 * @throws ReckonError RECIPE_INVALID naming the key
 */
export function resolveRecipe(input: RecipeInput, settings: readonly string[] = []): Recipe {
  const draft = structuredClone(input) as Record<string, unknown>;
  // First of all, so that settings that ask for both kinds are refused in any order.
  for (const path of settings.flatMap(takenTokenizer)) applySetting(draft, `${path}={}`);
  for (const setting of settings) applySetting(draft, setting);
  // Who sets both has them both refused.
  for (const path of settings.flatMap(otherLength))
    if (!settings.some((setting) => setting.startsWith(`${path}=`))) {
      const { parent, key } = placeOf(draft, path, path);
      delete parent[key];
    }
  if (Array.isArray(draft["stages"])) draft["stages"] = draft["stages"].map(withAlgorithm).map(withTeacher);
  const result = recipeSchema.safeParse(draft);
  if (result.success) {
    checkStages(result.data);
    return result.data;
  }
  const issue = result.error.issues[0]!;
  throw (
    brokenJson(draft, issue.path, settings) ??
    new ReckonError("RECIPE_INVALID", `the recipe does not fit at ${issue.path.join(".") || "its top"}`, {
      got: issue.message,
      help: "run with --dry-run to see the recipe with its defaults",
    })
  );
}

/**
 * What is said of a setting that was taken for text, which does not fit there, because as JSON it cannot be read. Not of every
 * such text: an instruction may begin with a brace.
 */
function brokenJson(
  draft: unknown,
  path: readonly PropertyKey[],
  settings: readonly string[],
): ReckonError | undefined {
  let value = draft;
  for (const key of path) value = (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key];
  const setting = settings.find((one) => one.slice(one.indexOf("=") + 1) === value);
  if (typeof value !== "string" || setting === undefined || !/^\s*[[{"]/.test(value)) return undefined;
  try {
    JSON.parse(value);
    return undefined;
  } catch (cause) {
    const name = setting.slice(0, setting.indexOf("="));
    return new ReckonError("RECIPE_SETTING", `the value of ${name} begins like JSON, but cannot be read as JSON`, {
      expected: `whole JSON, between single quotes, which keep the shell from changing it: --set '${name}=…'`,
      got: `${value.length > 100 ? `${value.slice(0, 100)}…` : value} (${(cause as Error).message})`,
      cause,
    });
  }
}

/** Path of the tokenizer that a setting takes from a model; none of other settings. */
function takenTokenizer(setting: string): string[] {
  return /^((?:[^=]*\.)?tokenizer)\.from=/.exec(setting)?.slice(1) ?? [];
}

/** Path of a stage's steps, where a setting says how many epochs, and the other way about; none of other settings. */
function otherLength(setting: string): string[] {
  const [, at, key] = /^((?:[^=]*\.)?)(steps|epochs)=/.exec(setting) ?? [];
  return key === undefined ? [] : [`${at}${key === "steps" ? "epochs" : "steps"}`];
}

function applySetting(draft: Record<string, unknown>, setting: string): void {
  const equals = setting.indexOf("=");
  if (equals < 1) {
    throw new ReckonError("RECIPE_SETTING", "a setting has the form path=value", {
      expected: "--set learningRate=1e-4",
      got: setting,
    });
  }
  const { parent, key } = placeOf(draft, setting.slice(0, equals), setting);
  parent[key] = readValue(setting.slice(equals + 1));
}

/** Where a path leads to; objects on the way are made where there are none. */
function placeOf(
  draft: Record<string, unknown>,
  name: string,
  setting: string,
): { readonly parent: Record<string, unknown>; readonly key: string } {
  const path = name.split(".");
  const top = path[0]! in draft || ["seed", "shards", "stages", "name", "description"].includes(path[0]!);
  const stages = (draft["stages"] ?? []) as readonly { readonly kind: string; readonly name?: string }[];
  if (!top && stages.length > 1) {
    throw new ReckonError("RECIPE_SETTING", `of which stage is ${path[0]}?`, {
      expected: stages.map((_, i) => `stages.${stageNameOf(stages[i]!)}.${path[0]}`).join(", "),
      got: setting,
    });
  }
  const full = top ? path : ["stages", "0", ...path];
  if (full[0] === "stages" && full[1] !== undefined) full[1] = stageIndex(stages, full[1]);
  let parent = draft;
  for (const key of full.slice(0, -1)) {
    const next = parent[key];
    if (typeof next !== "object" || next === null) parent[key] = {};
    parent = parent[key] as Record<string, unknown>;
  }
  return { parent, key: full.at(-1)! };
}

/** JSON where it reads as JSON, else the text itself. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
