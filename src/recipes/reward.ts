/**
 * `reckon train reward`: a judge of the whole dialogue on the base's body, learnt from graded chains of thought
 * (docs/graded-traces.md). `--set loss=pairs`, `binary` or `steps` learns otherwise, `--set data=file.jsonl` from a file.
 */
import { demoMix, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

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
        steps: 1500,
        promptsPerStep: 32,
        learningRate: 1e-3,
        schedule: { kind: "linear", warmup: 20, floor: 0.05 },
        optimizer: { name: "adamw", weightDecay: 0.01 },
        evaluatePrompts: 400,
      },
    ],
  }),
};
