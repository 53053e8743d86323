/** Settings of what judges by a learnt model: the stages that write graded traces and train reward models, and their use. */
import { z } from "zod";
import { count, optimizerSchema, rungSchema, scheduleSchema, stageName, whole } from "./schema-parts.ts";
import { listOf } from "./stages.ts";

const rungs = z.array(rungSchema).min(1);

const weight = z.number().min(0);

/** Writes chains of thought of differing quality with their ratings (src/tasks/graded) into `traces.jsonl`. */
export const gradedSchema = z.strictObject({
  kind: z.literal("graded"),
  name: stageName.optional(),
  /** Whose chains are written. */
  problems: rungs,
  /** How many problems. */
  prompts: count,
  /** Chains on each, at most. */
  chains: count.default(4),
  /** Least overall rating, from 1 to 5, of a chain that is kept: 1 keeps all, 4.5 the good ones. */
  least: z.number().min(1).max(5).default(1),
});

const aspectsSchema = z
  .strictObject({
    correctness: weight.default(4),
    clarity: weight.default(1),
    coherence: weight.default(1),
    completeness: weight.default(1),
    efficiency: weight.default(1),
  })
  .refine((weights) => Object.values(weights).some((one) => one > 0), "one aspect at least must weigh something")
  .default({ correctness: 4, clarity: 1, coherence: 1, completeness: 1, efficiency: 1 });

/** Trains a model that judges, on rated traces. */
export const rewardSchema = z.strictObject({
  kind: z.literal("reward"),
  name: stageName.optional(),
  /** Folder of the model whose body it begins with. */
  from: z.string(),
  /**
   * File of rated traces; `corpus:helpful` or `corpus:harmless`, preferences without end over the problems and instructions
   * of their families; left out, graded traces of the problems, without end (`corpus:graded`).
   */
  data: z.string().optional(),
  /** What becomes of a file with broken rows: it is refused, or the rows are left out; default refused. */
  broken: z.enum(["refuse", "skip"]).optional(),
  /** Whose graded chains are learnt from without `data`, and in any case what a file without a held-out part is tested on. */
  problems: rungs,
  /** What is learnt; src/train/reward-data.ts says of what. */
  loss: z.enum(["pairs", "binary", "ratings", "steps"]).default("ratings"),
  /** The whole response with its thinking, or the answer without. */
  judges: z.enum(["response", "answer"]).default("response"),
  /** Weights of the aspects in an overall rating. A right answer counts as much as all that makes it readable. */
  aspects: aspectsSchema,
  /** Of `steps`: the probability that all lines are right, or that of the weakest. */
  reduce: z.enum(["product", "min"]).default("product"),
  /**
   * Before every token that the model it begins with holds for less likely than this, the judge reads a mark (marks.ts); 0 or left
   * out, it reads the texts alone. For a model that gives right answers by itself: what such a one does not expect is often wrong.
   */
  marks: z.number().min(0).lt(1).optional(),
  steps: count,
  /** Prompts of one step, each with all its traces. */
  promptsPerStep: count.default(16),
  /** Graded chains on one prompt. */
  chains: count.default(4),
  /** Longest text in tokens; longer ones are left out. */
  rowLength: count.default(384),
  microBatchTokens: count.default(1536),
  learningRate: z.number().positive(),
  schedule: scheduleSchema,
  optimizer: optimizerSchema,
  checkpointEvery: count.default(100),
  evaluateEvery: whole.default(100),
  /** Held-out prompts. */
  evaluatePrompts: count.default(200),
});

/** A reward model that judges beside the rules, in reinforcement; how it reads stands in its own checkpoint. */
const oneRewardModelSchema = z.strictObject({
  /** Folder of a model that a stage of kind `reward` has trained. */
  from: z.string(),
  /** What its opinion, from 0 to 1, is multiplied by. */
  weight: weight.default(1),
  /** What its reward is called in metrics and rollouts; default `model`. */
  name: stageName.optional(),
  /** Share of the steps after which it counts, and is asked at all; left out, it counts from the first one on. */
  after: z.number().min(0).lt(1).optional(),
});

/** Names that the rules' rewards have. */
export const RULES: readonly string[] = ["accuracy", "format", "language", "length", "repetition", "overlong"];

/** One, or several with names of their own. */
export const rewardModelSchema = z
  .union([oneRewardModelSchema, z.array(oneRewardModelSchema).min(1)])
  .refine((models) => !namesOf(models).some((name) => RULES.includes(name)), {
    error: `a reward model cannot be called as a reward of the rules is: ${RULES.join(", ")}`,
  })
  .refine((models) => new Set(namesOf(models)).size === namesOf(models).length, {
    error: "every reward model needs a name of its own",
  });

function namesOf(models: { readonly name?: string | undefined } | readonly { readonly name?: string | undefined }[]) {
  return listOf(models).map(({ name = "model" }) => name);
}

/** Proximal policy optimisation in place of group-relative advantages; on with `{}`. */
export const ppoSchema = z.strictObject({
  /** Folder of the model whose body the critic begins with: a reward model's, for example. Default: the policy's. */
  critic: z.string().optional(),
  /** γ: what a reward is worth one token earlier. */
  gamma: z.number().min(0).max(1).default(1),
  /** λ of generalised advantages. With 0.95 PPO stays far behind on long answers (arXiv 2501.12948, Fig. 4). */
  lambda: z.number().min(0).max(1).default(1),
  /** How far a value may move in a step before its gain no longer counts; 0 for any. */
  valueClip: weight.default(0.2),
  /** Weight of −log(π_old/π_ref) in every token's reward; 0 leaves the reference out. */
  klReward: weight.default(0),
  /** Brings the advantages of a step to mean 0 and deviation 1. */
  whiten: z.boolean().default(true),
  /** Of the critic; the stage's schedule, from the first step on. */
  valueLearningRate: z.number().positive().default(1e-3),
  /** Steps at first in which only the critic learns; the policy's schedule begins after them. */
  criticWarmup: whole.default(0),
});
