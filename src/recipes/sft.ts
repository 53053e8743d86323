/**
 * `reckon train sft`: the control beside R1-Zero. The same base, fine-tuned on clean worked solutions of the training
 * problems: what one gets who has the solutions already.
 */
import { demoMix, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

export const sft: Readonly<Record<Scale, RecipeInput>> = {
  tiny: defineRecipe({
    name: "sft",
    description: "Fine-tune the base on clean worked solutions: the control beside reinforcement learning.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "supervise",
        from: "models/base",
        problems: [...demoMix],
        steps: 200,
        learningRate: 1e-3,
        schedule: { kind: "cosine", warmup: 10, floor: 0.05 },
        optimizer: { name: "adamw", weightDecay: 0.01 },
      },
    ],
  }),
  small: defineRecipe({
    name: "sft-small",
    description: "The same on the problems of the scale small.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "supervise",
        from: "models/base",
        problems: [...smallMix],
        steps: 600,
        rowLength: 320,
        learningRate: 1e-3,
        schedule: { kind: "cosine", warmup: 10, floor: 0.05 },
        optimizer: { name: "adamw", weightDecay: 0.01 },
      },
    ],
  }),
};
