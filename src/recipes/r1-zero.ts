/**
 * `reckon train r1-zero`: pure reinforcement learning from the base (DeepSeek-R1, arXiv 2501.12948, §2): rule rewards for
 * a right answer and for the format, no examples of reasoning, no reward model.
 */
import { demoMix } from "../tasks/index.ts";
import { defineRecipe } from "./schema.ts";

export const r1Zero = defineRecipe({
  name: "r1-zero",
  description: "Grow a reasoning model from the base by reinforcement learning with verifiable rewards alone.",
  seed: 0,
  shards: 2,
  stages: [
    {
      kind: "reinforce",
      from: "models/base",
      problems: [...demoMix],
      steps: 120,
      promptsPerStep: 16,
      samplesPerPrompt: 16,
      maxNewTokens: 256,
      learningRate: 5e-4,
      schedule: { kind: "linear", warmup: 5, floor: 0.1 },
      optimizer: { name: "adamw" },
    },
  ],
});
