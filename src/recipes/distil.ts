/**
 * `reckon train distil`: a small student learns from a large teacher's traces (DeepSeek-R1, arXiv 2501.12948, §2.4): a fresh
 * base, right answers of the teacher, fine-tuning on them for three epochs at a rate that falls to a tenth (supplement,
 * B.4.3). No reinforcement of the student, as there. The teacher is the shipped `zero`; an API of yours stands in its
 * place with `teacher` (docs/distil.md).
 *
 * `reckon train distil-rl` is the control: the same student base, reinforced directly, for as many operations as the
 * fine-tuning takes (distil-control.ts). That large teachers do better than small models' own reinforcement is the claim
 * under test (§4.1, table 6).
 */
import { demoMix, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { PRETRAINING, SMALL_CORPUS } from "./base.ts";
import { equalSteps } from "./distil-control.ts";
import { CURRICULUM } from "./r1-zero.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

/** What the scales differ in. */
interface Size {
  /** Of the student's base. */
  readonly base: RecipeInput["stages"][number] & { readonly kind: "pretrain" };
  readonly problems: readonly ProblemWeight[];
  readonly prompts: number;
  readonly samplesPerPrompt: number;
  readonly perPrompt: number;
  /**
   * For the length of the control, about: traces that are kept, tokens of one, and of the student's own answers (less than they
   * have, as far as there is nothing to learn from a group). At the scale small from a run: 22,237 traces, 1.15 times the
   * student's operations in 124 steps.
   */
  readonly kept: number;
  readonly traceTokens: number;
  readonly answerTokens: number;
  /** Of the control. */
  readonly promptsPerStep: number;
}

/** 246,000 parameters, an eighth of the shipped base's. */
const TINY_BASE: Size["base"] = {
  kind: "pretrain",
  model: { hiddenSize: 64, layers: 4, heads: 2, kvHeads: 2, headDim: 32, intermediateSize: 192 },
  tokenizer: { vocabSize: 512, digits: "pairs" },
  steps: 630,
  tokensPerStep: 8192,
  ...PRETRAINING,
  phases: [
    { from: 0, mix: { direct: 0.1 } },
    { from: 0.7, mix: { direct: 0.6 } },
  ],
};

/** 674,000 parameters, just under a third of the small base's; and five sixths of the documents that it has read. */
const SMALL_BASE: Size["base"] = {
  ...TINY_BASE,
  model: { hiddenSize: 96, layers: 5, heads: 3, kvHeads: 3, headDim: 32, intermediateSize: 288 },
  tokenizer: { vocabSize: 768, digits: "pairs" },
  steps: 2000,
  tokensPerStep: 12_288,
  rowLength: 320,
  phases: [
    { from: 0, mix: { ...SMALL_CORPUS, direct: 0.1 } },
    { from: 0.7, mix: { ...SMALL_CORPUS, direct: 0.6 } },
  ],
};

const SIZES: Readonly<Record<Scale, Size>> = {
  tiny: {
    base: TINY_BASE,
    problems: demoMix,
    ...{ prompts: 4000, samplesPerPrompt: 2, perPrompt: 1 },
    ...{ kept: 3400, traceTokens: 80, promptsPerStep: 16, answerTokens: 50 },
  },
  small: {
    base: SMALL_BASE,
    problems: smallMix,
    ...{ prompts: 24_000, samplesPerPrompt: 4, perPrompt: 2 },
    ...{ kept: 22_000, traceTokens: 80, promptsPerStep: 32, answerTokens: 72 },
  },
};

const EPOCHS = 3;
const ANSWERS = { samplesPerPrompt: 16, iterations: 1 } as const;

function distilled(scale: Scale): RecipeInput {
  const { base, problems, prompts, samplesPerPrompt, perPrompt } = SIZES[scale];
  return defineRecipe({
    name: scale === "tiny" ? "distil" : "distil-small",
    description: `Teach a student ${scale === "tiny" ? "an eighth" : "a third"} as large by the right answers of a larger reasoning model.`,
    seed: 0,
    shards: 2,
    stages: [
      { ...base, name: "base" },
      {
        kind: "sample",
        name: "teacher",
        from: "models/zero",
        problems: [...problems],
        ...{ prompts, samplesPerPrompt, perPrompt, temperature: 0.8, maxNewTokens: 256 },
        // Zero mixes its languages; word by word its thoughts are turned into that of the question.
        language: "rewrite",
      },
      {
        kind: "supervise",
        name: "student",
        from: "stage:base",
        data: "stage:teacher",
        problems: [...problems],
        epochs: EPOCHS,
        rowLength: 320,
        // As its base was pretrained; docs/decisions/008 has what else was tried.
        learningRate: 2e-3,
        schedule: { kind: "cosine", warmup: 10, floor: 0.1 },
        optimizer: { name: "muon", weightDecay: 0.01 },
      },
    ],
  });
}

function reinforced(scale: Scale): RecipeInput {
  const { base, problems, kept, traceTokens, answerTokens, promptsPerStep } = SIZES[scale];
  return defineRecipe({
    name: scale === "tiny" ? "distil-rl" : "distil-rl-small",
    description: "The control beside distillation: the same student base, reinforced for the same operations.",
    seed: 0,
    shards: 2,
    stages: [
      { ...base, name: "base" },
      {
        kind: "reinforce",
        name: "student",
        from: "stage:base",
        problems: [...problems],
        steps: equalSteps(kept * traceTokens * EPOCHS, { ...ANSWERS, promptsPerStep, answerTokens }),
        ...ANSWERS,
        promptsPerStep,
        // As R1-Zero itself is reinforced, where it does best.
        miniBatches: 4,
        ...(scale === "small" ? { curriculum: CURRICULUM } : {}),
        maxNewTokens: 256,
        // Half of it is as good, twice as much far worse, and so is Muon (docs/decisions/008).
        learningRate: 5e-4,
        schedule: { kind: "linear", warmup: 5, floor: 0.1 },
        optimizer: { name: "adamw" },
      },
    ],
  });
}

export const distil: Readonly<Record<Scale, RecipeInput>> = { tiny: distilled("tiny"), small: distilled("small") };
export const distilRl: Readonly<Record<Scale, RecipeInput>> = { tiny: reinforced("tiny"), small: reinforced("small") };
