/**
 * `reckon train r1`: the pipeline of DeepSeek-R1 (arXiv 2501.12948, §3), at the size of a laptop. A cold start of
 * readable chains that R1-Zero found; reinforcement; its right answers, sampled and filtered, with data that needs no
 * reasoning, for the fresh base; and reinforcement on all scenarios.
 *
 * R1-Zero is the shipped one. Left out: preference rewards in the last reinforcement; rewriting by another model, which
 * turning the few words of a thought into one language stands in for; the human check of the cold start.
 */
import { demoMix, instructionMix, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

const COSINE = { kind: "cosine", warmup: 5, floor: 0.1 } as const;
const LINEAR = { kind: "linear", warmup: 5, floor: 0.1 } as const;
const ADAMW = { name: "adamw", weightDecay: 0.01 } as const;

interface Sizes {
  readonly problems: ProblemWeight[];
  /** Prompts of the cold start, and of the data for the second fine-tuning. */
  readonly prompts: readonly [number, number];
  readonly epochs: readonly [number, number];
  readonly steps: readonly [number, number];
  readonly promptsPerStep: number;
  readonly instructions: number;
  readonly evaluateProblems: number;
}

/** Share of instructions among the prompts of the last reinforcement: about that of the general prompts in R1's. */
const INSTRUCTIONS = 0.3;

/** All scenarios: problems to reason about, and instructions to follow. */
function scenarios(problems: readonly ProblemWeight[]): ProblemWeight[] {
  return [...shared(problems, 1 - INSTRUCTIONS), ...shared(instructionMix(problems), INSTRUCTIONS)];
}

/** The rungs with weights that add up to a share. */
function shared(rungs: readonly ProblemWeight[], share: number): ProblemWeight[] {
  const total = rungs.reduce((sum, { weight }) => sum + weight, 0);
  return rungs.map((rung) => ({ ...rung, weight: (share * rung.weight) / total }));
}

function pipeline(name: string, description: string, sizes: Sizes): RecipeInput {
  const { problems, prompts, epochs, steps, promptsPerStep, evaluateProblems } = sizes;
  const evaluate = { evaluateProblems };
  const answering = { problems, maxNewTokens: 256, ...evaluate };
  const learning = { problems, learningRate: 1e-3, schedule: COSINE, optimizer: ADAMW, ...evaluate };
  return defineRecipe({
    name,
    description,
    seed: 0,
    shards: 2,
    stages: [
      {
        ...{ kind: "sample", name: "cold", from: "models/zero", problems, maxNewTokens: 256 },
        ...{ prompts: prompts[0], samplesPerPrompt: 4, perPrompt: 2, language: "rewrite", maxRepetition: 0.1 },
      },
      { ...learning, kind: "supervise", name: "start", from: "models/base", data: "stage:cold", epochs: epochs[0] },
      {
        ...{ ...answering, kind: "reinforce", name: "reason", from: "stage:start", steps: steps[0], promptsPerStep },
        ...{ learningRate: 3e-4, schedule: LINEAR, optimizer: ADAMW },
      },
      {
        ...{ kind: "sample", name: "reject", from: "stage:reason", problems, maxNewTokens: 256 },
        ...{ prompts: prompts[1], samplesPerPrompt: 4, perPrompt: 2, language: "filter", maxRepetition: 0.1 },
      },
      {
        ...{ ...learning, kind: "supervise", name: "tune", from: "models/base", epochs: epochs[1] },
        data: [{ data: "stage:reject" }, { data: "corpus:instructions", rows: sizes.instructions }],
      },
      {
        ...{ ...answering, kind: "reinforce", name: "rl", from: "stage:tune", steps: steps[1], promptsPerStep },
        problems: scenarios(problems),
        ...{ learningRate: 3e-4, schedule: LINEAR, optimizer: ADAMW },
      },
    ],
  });
}

export const r1: Readonly<Record<Scale, RecipeInput>> = {
  tiny: pipeline("r1", "The pipeline of R1 from the shipped base and R1-Zero: about five minutes on two cores.", {
    problems: [...demoMix],
    prompts: [512, 768],
    epochs: [2, 2],
    steps: [24, 24],
    promptsPerStep: 16,
    instructions: 800,
    evaluateProblems: 100,
  }),
  small: pipeline("r1-small", "The same on all families, with more of everything: under two hours.", {
    problems: [...smallMix],
    prompts: [4096, 8192],
    epochs: [2, 2],
    steps: [160, 160],
    promptsPerStep: 32,
    instructions: 6000,
    evaluateProblems: 400,
  }),
};
