/**
 * `reckon train r1`: the pipeline of DeepSeek-R1 (arXiv 2501.12948, §3), at the size of a laptop.
 *
 * cold, start: readable chains that R1-Zero found, right ones in one language, and the base fine-tuned on them; reason:
 * reinforcement; reject, tune: its own right answers, sampled and filtered, and data that needs no reasoning, for the
 * fresh base; rl: reinforcement on all scenarios. Both scales begin with the shipped base and R1-Zero.
 *
 * Left out: preference rewards in the last reinforcement; another model that rewrites thoughts, for which turning their
 * few words into one language stands; a person who looks the cold start through.
 */
import { demoMix, instructionMix, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

const ADAMW = { name: "adamw", weightDecay: 0.01 } as const;
const LINEAR = { kind: "linear", warmup: 5, floor: 0.1 } as const;
/** R1 goes down to a tenth (§B.4.2). */
const COSINE = { kind: "cosine", warmup: 5, floor: 0.1 } as const;

/** What reinforcement rewards, by weight; R1 adds thoughts in the language of the question (§3.2.1). */
const REWARDS = { accuracy: 1, format: 0.1, language: 0.2 };

/** Share of instructions among the prompts of the last reinforcement: about that of the general ones in R1's (table 4). */
const INSTRUCTIONS = 0.3;

interface Sizes {
  readonly problems: readonly ProblemWeight[];
  /** Of the cold start, and of the second fine-tuning. */
  readonly prompts: readonly [number, number];
  /** Rows of data that needs no reasoning: R1 has one for three of reasoning. */
  readonly instructions: number;
  /** Of the two reinforcements. */
  readonly steps: readonly [number, number];
  readonly promptsPerStep: number;
  /** Updates of a batch of answers. */
  readonly miniBatches: number;
  readonly tokensPerStep: number;
  readonly evaluateProblems: number;
  readonly evaluateEvery: number;
}

function stages(sizes: Sizes): RecipeInput["stages"] {
  const { prompts, steps, promptsPerStep, miniBatches, tokensPerStep } = sizes;
  const { evaluateProblems, evaluateEvery } = sizes;
  const problems = [...sizes.problems];
  const sampling = {
    ...{ problems, samplesPerPrompt: 4, perPrompt: 2, maxNewTokens: 256, maxRepetition: 0.1 },
  };
  const tuning = {
    ...{ problems, epochs: 2, tokensPerStep, rowLength: 320, learningRate: 1e-3, schedule: COSINE, optimizer: ADAMW },
    ...{ evaluateEvery: 50, evaluateProblems, evaluateNewTokens: 256 },
  };
  const reinforcing = {
    ...{ promptsPerStep, miniBatches, samplesPerPrompt: 16, maxNewTokens: 256, rewards: REWARDS, curriculum: {} },
    ...{ learningRate: 3e-4, schedule: LINEAR, optimizer: ADAMW, evaluateEvery, evaluateProblems },
  };
  return [
    { kind: "sample", name: "cold", from: "models/zero", prompts: prompts[0], language: "rewrite", ...sampling },
    { kind: "supervise", name: "start", from: "models/base", data: "stage:cold", ...tuning },
    { kind: "reinforce", name: "reason", from: "stage:start", problems, steps: steps[0], ...reinforcing },
    { kind: "sample", name: "reject", from: "stage:reason", prompts: prompts[1], language: "filter", ...sampling },
    {
      ...{ kind: "supervise", name: "tune", from: "models/base", ...tuning },
      data: [{ data: "stage:reject" }, { data: "corpus:instructions", rows: sizes.instructions }],
    },
    {
      ...{ kind: "reinforce", name: "rl", from: "stage:tune", steps: steps[1], ...reinforcing },
      problems: [...shared(problems, 1 - INSTRUCTIONS), ...shared(instructionMix(problems), INSTRUCTIONS)],
    },
  ];
}

/** The rungs with weights that add up to a share. */
function shared(rungs: readonly ProblemWeight[], share: number): ProblemWeight[] {
  const total = rungs.reduce((sum, { weight }) => sum + weight, 0);
  return rungs.map((rung) => ({ ...rung, weight: (share * rung.weight) / total }));
}

export const r1: Readonly<Record<Scale, RecipeInput>> = {
  tiny: defineRecipe({
    name: "r1",
    description: "The pipeline of R1 from the shipped base and R1-Zero: about five minutes on two cores.",
    seed: 0,
    shards: 2,
    stages: stages({
      problems: demoMix,
      prompts: [512, 768],
      instructions: 500,
      steps: [12, 12],
      promptsPerStep: 16,
      miniBatches: 4,
      tokensPerStep: 2048,
      evaluateProblems: 100,
      evaluateEvery: 6,
    }),
  }),
  small: defineRecipe({
    name: "r1-small",
    description: "The same on all families: under two hours.",
    seed: 0,
    shards: 2,
    stages: stages({
      problems: smallMix,
      prompts: [6144, 10_240],
      instructions: 6000,
      steps: [80, 120],
      promptsPerStep: 32,
      miniBatches: 4,
      tokensPerStep: 8192,
      evaluateProblems: 400,
      evaluateEvery: 20,
    }),
  }),
};
