/** `reckon train base`: pretrains the shipped base, 0.9 million parameters, on the synthetic corpus. */
import { defineRecipe } from "./schema.ts";

export const base = defineRecipe({
  name: "base",
  description: "Pretrain the base: a plain Llama of 0.9 M parameters on worked solutions, guesses and searches.",
  seed: 0,
  shards: 2,
  stages: [
    {
      kind: "pretrain",
      model: { hiddenSize: 128, layers: 4, heads: 4, kvHeads: 4, headDim: 32, intermediateSize: 384 },
      tokenizer: { vocabSize: 512, digits: "pairs" },
      steps: 1900,
      tokensPerStep: 8192,
      learningRate: 0.012,
      schedule: { kind: "wsd", warmup: 50, decay: 0.5 },
      optimizer: { name: "muon", weightDecay: 0.01 },
      // First mostly worked solutions, so that the elementary steps are learnt; then what a web would hold: mostly guesses.
      phases: [
        { from: 0, mix: { direct: 0.1 } },
        { from: 0.7, mix: { direct: 0.6 } },
      ],
    },
  ],
});
