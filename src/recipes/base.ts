/** `reckon train base`: pretrains a base on the synthetic corpus; at the scale `small` the one that ships. */
import { smallCorpusMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

/**
 * More second looks than in the tiny corpus, confirmed ones and false ones too, and comparisons: a reader that is made to go on
 * looks again, and has to know that what is equal is equal; or goes on with a search that it had given up. Fewer slips: reinforcement
 * has some 500 answers a rung to unlearn them.
 */
export const SMALL_CORPUS = {
  problems: [...smallCorpusMix],
  kinds: { solution: 0.81, facts: 0.04, drill: 0.05, statement: 0.05, comparison: 0.02, talk: 0.03 },
  care: { slip: 0.004, stumble: 0.15, recheck: 0.35, catch: 0.7, again: 0.3, doubt: 0.2 },
  search: { resume: 0.7, slip: 0.005, misjudge: 0.01, recheck: 0.3, again: 0.3 },
};

/** How every base is pretrained, students' too; the rate by probes of the small one (docs/decisions/002). */
export const PRETRAINING = {
  learningRate: 0.008,
  schedule: { kind: "wsd", warmup: 50, decay: 0.5 },
  optimizer: { name: "muon", weightDecay: 0.01 },
} as const;

export const base: Readonly<Record<Scale, RecipeInput>> = {
  tiny: defineRecipe({
    name: "base",
    description: "Pretrain a base of 0.9 M parameters on worked solutions, guesses and searches: a few minutes.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "pretrain",
        model: { hiddenSize: 128, layers: 4, heads: 4, kvHeads: 4, headDim: 32, intermediateSize: 384 },
        tokenizer: { vocabSize: 512, digits: "pairs" },
        steps: 1900,
        tokensPerStep: 8192,
        ...PRETRAINING,
        // First mostly worked solutions, so that the elementary steps are learnt; then what a web would hold: mostly guesses.
        phases: [
          { from: 0, mix: { direct: 0.1 } },
          { from: 0.7, mix: { direct: 0.6 } },
        ],
      },
    ],
  }),
  small: defineRecipe({
    name: "base-small",
    description: "Pretrain a base of 2 M parameters on all families: about an hour on two cores.",
    seed: 0,
    shards: 2,
    stages: [
      {
        kind: "pretrain",
        model: { hiddenSize: 160, layers: 6, heads: 5, kvHeads: 5, headDim: 32, intermediateSize: 448 },
        tokenizer: { vocabSize: 768, digits: "pairs" },
        steps: 2400,
        tokensPerStep: 12_288,
        rowLength: 320,
        ...PRETRAINING,
        phases: [
          { from: 0, mix: { ...SMALL_CORPUS, direct: 0.1 } },
          { from: 0.7, mix: { ...SMALL_CORPUS, direct: 0.6 } },
        ],
        evaluateProblems: 400,
      },
    ],
  }),
};
