/**
 * `reckon train o1`: reasoning grown against a learnt judge, as o1 is said to have been (no algorithm was published; the parts
 * are InstructGPT's, arXiv 2203.02155). Graded chains of thought; fine-tuning on the good ones; a judge of the whole
 * dialogue, learnt from the ratings of all; and reinforcement against it, by GRPO or (`o1-ppo`) by PPO, whose critic begins
 * with the judge's body.
 *
 * The verifier has no say in the reward, but its score stands beside the judge's opinion at every step
 * (`rewards/accuracy/mean`, `rewards/model/mean`), so that a judge that is being gamed is seen. Left out: labels of people
 * (`reckon start --label` makes some), pretraining gradients (PPO-ptx).
 */
import { demoMix, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { JUDGED } from "./reward.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

const LINEAR = { kind: "linear", warmup: 5, floor: 0.1 } as const;
const COSINE = { kind: "cosine", warmup: 5, floor: 0.1 } as const;
const ADAMW = { name: "adamw", weightDecay: 0.01 } as const;
const MUON = { name: "muon", weightDecay: 0.01 } as const;

interface Sizes {
  readonly problems: ProblemWeight[];
  /** Prompts of the good chains, and steps of judging and of reinforcement. */
  readonly prompts: number;
  readonly judging: number;
  /** How the judge is tested; left out, by the defaults. */
  readonly judged?: typeof JUDGED;
  readonly steps: number;
  readonly promptsPerStep: number;
  /** Of PPO: steps at first in which only the critic learns. */
  readonly criticWarmup: number;
  readonly evaluateProblems: number;
}

/** Updates of a batch of answers: a critic that takes one a step lags behind. GRPO has as many, to be compared with. */
const MINI_BATCHES = 4;

/** Least rating of a good chain: right, without a blemish. Of chains with one, the base learns to leave lines out. */
const GOOD = 5;

/** What the fine-tuned model held for less likely than this is marked for the judge (marks.ts). */
const MARKS = 0.05;

function pipeline(name: string, description: string, sizes: Sizes, ppo: boolean): RecipeInput {
  const { problems, prompts, judging, judged, steps, promptsPerStep, criticWarmup, evaluateProblems } = sizes;
  return defineRecipe({
    name,
    description,
    seed: 0,
    shards: 2,
    stages: [
      { kind: "graded", name: "good", problems, prompts, least: GOOD },
      {
        ...{ kind: "supervise", name: "tune", from: "models/base", data: "stage:good", problems, evaluateProblems },
        // As its base was pretrained.
        ...{ epochs: 3, rowLength: 320, learningRate: 2e-3, schedule: COSINE, optimizer: MUON },
      },
      {
        ...{ kind: "reward", name: "judge", from: "stage:tune", problems, steps: judging, promptsPerStep: 32 },
        ...judged,
        marks: MARKS,
        ...{ learningRate: 4e-3, schedule: { kind: "linear", warmup: 20, floor: 0.05 }, optimizer: MUON },
      },
      {
        ...{ kind: "reinforce", name: "rl", from: "stage:tune", problems, evaluateProblems, steps, promptsPerStep },
        ...{ miniBatches: MINI_BATCHES, maxNewTokens: 256, learningRate: 3e-4, schedule: LINEAR, optimizer: ADAMW },
        rewards: { accuracy: 0, format: 0.1 },
        rewardModel: { from: "stage:judge", weight: 1 },
        ...(ppo ? { ppo: { critic: "stage:judge", klReward: 0.01, criticWarmup } } : { klWeight: 0.01 }),
      },
    ],
  });
}

const TINY: Sizes = {
  problems: [...demoMix],
  prompts: 4000,
  judging: 150,
  steps: 60,
  promptsPerStep: 16,
  criticWarmup: 5,
  evaluateProblems: 100,
};
const SMALL: Sizes = {
  problems: [...smallMix],
  prompts: 20_000,
  judging: 400,
  judged: JUDGED,
  steps: 100,
  promptsPerStep: 32,
  criticWarmup: 10,
  evaluateProblems: 400,
};

const WHAT = "Grow a reasoning model against a judge of whole chains of thought";
export const o1: Readonly<Record<Scale, RecipeInput>> = {
  tiny: pipeline("o1", `${WHAT}, by GRPO.`, TINY, false),
  small: pipeline("o1-small", `${WHAT}, by GRPO, on all families.`, SMALL, false),
};
export const o1Ppo: Readonly<Record<Scale, RecipeInput>> = {
  tiny: pipeline("o1-ppo", `${WHAT}, by PPO with a critic.`, TINY, true),
  small: pipeline("o1-ppo-small", `${WHAT}, by PPO with a critic, on all families.`, SMALL, true),
};
