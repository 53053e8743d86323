/**
 * `reckon train reward`: a judge of the whole dialogue on the base's body, learnt from graded chains of thought
 * (docs/reward-models.md). `--set loss=pairs`, `binary` or `steps` learns otherwise, `--set data=file.jsonl` from a file.
 */
import { demoMix, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

/**
 * How a judge of the scale small is tested: a share of 2,000 prompts has a standard error of 1.1 points at most. An evaluation
 * reads 2,000 × 4 chains, which costs what 21 steps of 32 × 4 do, since reading is a third of learning; so does a checkpoint
 * between two of them. Two in 1,000 steps are a twenty-fifth of the training.
 */
export const JUDGED = { evaluatePrompts: 2000, evaluateEvery: 500, checkpointEvery: 250 } as const;

export const reward: Readonly<Record<Scale, RecipeInput>> = {
  tiny: defineRecipe({
    name: "reward",
    description: "Train a reward model that rates whole chains of thought: a few minutes.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "reward",
        from: "models/base",
        problems: [...demoMix],
        steps: 500,
        promptsPerStep: 32,
        learningRate: 1e-3,
        schedule: { kind: "linear", warmup: 20, floor: 0.05 },
        optimizer: { name: "adamw", weightDecay: 0.01 },
      },
    ],
  }),
  small: defineRecipe({
    name: "reward-small",
    description: "The same on the problems of the scale small.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "reward",
        from: "models/base",
        problems: [...smallMix],
        steps: 1000,
        promptsPerStep: 32,
        learningRate: 1e-3,
        schedule: { kind: "linear", warmup: 20, floor: 0.05 },
        optimizer: { name: "adamw", weightDecay: 0.01 },
        ...JUDGED,
      },
    ],
  }),
};
