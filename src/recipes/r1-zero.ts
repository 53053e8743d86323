/**
 * `reckon train r1-zero`: pure reinforcement learning from the base (DeepSeek-R1, arXiv 2501.12948, §2): rule rewards for
 * a right answer and for the format, no examples of reasoning, no reward model.
 */
import { demoMix, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

/** Many rungs of all families are solved soon and would only cost time. */
export const CURRICULUM = { halfLife: 30, prior: 0.5, floor: 0.1 } as const;

export const r1Zero: Readonly<Record<Scale, RecipeInput>> = {
  tiny: defineRecipe({
    name: "r1-zero",
    description: "Grow a reasoning model from the base by reinforcement learning with verifiable rewards alone.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "reinforce",
        from: "models/base",
        problems: [...demoMix],
        steps: 45,
        promptsPerStep: 16,
        samplesPerPrompt: 16,
        // Four updates a batch: what 25 steps reach with one takes 12, and the clip hardly ever acts.
        miniBatches: 4,
        // A little less than answers are measured with: where both were 256, many searches were cut, and 94 % in the format.
        maxNewTokens: 224,
        learningRate: 5e-4,
        schedule: { kind: "linear", warmup: 5, floor: 0.1 },
        optimizer: { name: "adamw" },
        evaluateEvery: 9,
      },
    ],
  }),
  small: defineRecipe({
    name: "r1-zero-small",
    description: "The same on all families, with more problems a step and a curriculum: a quarter of an hour.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "reinforce",
        from: "models/base",
        problems: [...smallMix],
        steps: 80,
        promptsPerStep: 32,
        samplesPerPrompt: 16,
        miniBatches: 4,
        // Half of the answers are made to go on once, so that what follows a "wait" is learnt as well.
        waits: { share: 0.5 },
        maxNewTokens: 256,
        learningRate: 5e-4,
        schedule: { kind: "linear", warmup: 5, floor: 0.1 },
        optimizer: { name: "adamw" },
        curriculum: CURRICULUM,
        evaluateEvery: 20,
        evaluateProblems: 400,
      },
    ],
  }),
};
