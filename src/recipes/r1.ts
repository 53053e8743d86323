/**
 * `reckon train r1`: the pipeline of DeepSeek-R1 (arXiv 2501.12948, §3), at the size of a laptop.
 *
 * cold, start: readable chains that R1-Zero found, right ones in one language, and the base fine-tuned on them; reason:
 * reinforcement; reject, tune: its own right answers, sampled and filtered, and data that needs no reasoning, for the
 * fresh base; helpful, harmless: two judges of taste; rl: reinforcement on all scenarios, in whose last quarter the judges
 * have a say. Both scales begin with the shipped base and R1-Zero.
 *
 * The judges learn as R1's do, helpful by pairs from the final answer, harmless point by point from the whole response
 * (§3.1), but from preferences made by rule (tasks/preferences says what these stand for). They judge all prompts, where
 * R1's judge the general ones, and these are posed from the first step on. Left out: people's preferences; another model that
 * rewrites thoughts, for which turning their few words into one language stands; a person who looks the cold start through. Other
 * than R1 (§B.3) it clips at 0.2 and has no reference, and samples at temperature 1 in the last reinforcement too (R1: 0.7).
 */
import { demoMix, instructionMix, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { CURRICULUM } from "./r1-zero.ts";
import { defineRecipe, type RecipeInput, type Scale } from "./schema.ts";

const ADAMW = { name: "adamw", weightDecay: 0.01 } as const;
const LINEAR = { kind: "linear", warmup: 5, floor: 0.1 } as const;
/** R1 goes down to a tenth (§B.4.2). */
const COSINE = { kind: "cosine", warmup: 5, floor: 0.1 } as const;

/**
 * What reinforcement rewards, by weight; R1 adds thoughts in the language of the question (§3.2.1). Answers that come near the
 * limit lose something, since it is cut ones that are not in the strict format.
 */
const REWARDS = { accuracy: 1, format: 0.1, language: 0.2, overlong: 0.1 };

/**
 * What the judges' opinions, from 0 to 1, weigh, and from which share of the steps on: R1 has them in the last 400 of 1,700
 * steps, since longer use hacks them (Fig. 6). With the language they weigh less than a right answer.
 */
const TASTE = { weight: 0.2, after: 0.75 };

/** Most new tokens of an answer: fewer than it is measured with (256), so that it learns to end in time. */
const NEW_TOKENS = 224;

/** Share of instructions among the prompts of the last reinforcement: about that of the general ones in R1's (table 4). */
const INSTRUCTIONS = 0.3;

interface Sizes {
  readonly problems: readonly ProblemWeight[];
  /** Of the cold start, and of the second fine-tuning. */
  readonly prompts: readonly [number, number];
  /** Of their traces at most so many, the families alike; left out: all, in the shares of the problems. */
  readonly rows?: readonly [number, number];
  /**
   * Rows of data that needs no reasoning. R1 has one for three of reasoning; here it is more, since the base has never met
   * such words: with 500 rows at the scale tiny no greeting and no number in words came out right.
   */
  readonly instructions: number;
  /** Of the two reinforcements. */
  readonly steps: readonly [number, number];
  readonly promptsPerStep: number;
  /** Updates of a batch of answers. */
  readonly miniBatches: number;
  readonly judges: { readonly steps: number; readonly learningRate: number; readonly evaluatePrompts: number };
  readonly tokensPerStep: number;
  readonly evaluateProblems: number;
  readonly evaluateEvery: number;
}

function stages(sizes: Sizes): RecipeInput["stages"] {
  const { prompts, steps, promptsPerStep, miniBatches, judges, tokensPerStep } = sizes;
  const { rows = [undefined, undefined], evaluateProblems, evaluateEvery } = sizes;
  const most = (count: number | undefined) => (count === undefined ? {} : { rows: count });
  const problems = [...sizes.problems];
  const sampling = {
    ...{ problems, samplesPerPrompt: 4, perPrompt: 2, maxNewTokens: NEW_TOKENS, maxRepetition: 0.1 },
  };
  const tuning = {
    ...{ problems, epochs: 2, tokensPerStep, rowLength: 320, learningRate: 1e-3, schedule: COSINE, optimizer: ADAMW },
    ...{ evaluateEvery: 50, evaluateProblems, evaluateNewTokens: 256 },
  };
  const reinforcing = {
    ...{ promptsPerStep, miniBatches, samplesPerPrompt: 16, maxNewTokens: NEW_TOKENS, rewards: REWARDS },
    ...{
      curriculum: CURRICULUM,
      learningRate: 3e-4,
      schedule: LINEAR,
      optimizer: ADAMW,
      evaluateEvery,
      evaluateProblems,
    },
  };
  const judge = {
    ...{ from: "stage:tune", problems, promptsPerStep: 16, schedule: LINEAR, optimizer: ADAMW, ...judges },
  };
  return [
    {
      ...{ kind: "sample", name: "cold", from: "models/zero", prompts: prompts[0], language: "rewrite" },
      ...{ ...most(rows[0]), ...sampling },
    },
    { kind: "supervise", name: "start", from: "models/base", data: "stage:cold", ...tuning },
    { kind: "reinforce", name: "reason", from: "stage:start", problems, steps: steps[0], ...reinforcing },
    {
      ...{ kind: "sample", name: "reject", from: "stage:reason", prompts: prompts[1], language: "filter" },
      ...{ ...most(rows[1]), ...sampling },
    },
    {
      ...{ kind: "supervise", name: "tune", from: "models/base", ...tuning },
      data: [{ data: "stage:reject" }, { data: "corpus:instructions", rows: sizes.instructions }],
    },
    { kind: "reward", name: "helpful", data: "corpus:helpful", loss: "pairs", judges: "answer", ...judge },
    { kind: "reward", name: "harmless", data: "corpus:harmless", loss: "binary", judges: "response", ...judge },
    {
      ...{ kind: "reinforce", name: "rl", from: "stage:tune", steps: steps[1], ...reinforcing },
      // Where most answers are right already, much of a gradient is noise: at 3e-4 the whole of it cost 1.8 points, at 1e-4 none.
      learningRate: 1e-4,
      // Instructions that are hardly ever followed yet must not be given up.
      curriculum: { ...CURRICULUM, floor: 0.4 },
      // Over the deviation of its own group the judges' slightest opinion of answers that are all right would weigh as much
      // as the difference between right and wrong does elsewhere.
      rewardScale: "batch",
      // The batch's deviation is about twice a group's, so that a thought in two languages would cost half as much as before.
      rewards: { ...REWARDS, language: 0.4 },
      problems: [...shared(problems, 1 - INSTRUCTIONS), ...shared(instructionMix(problems), INSTRUCTIONS)],
      rewardModel: [
        { from: "stage:helpful", name: "helpful", ...TASTE },
        { from: "stage:harmless", name: "harmless", ...TASTE },
      ],
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
    description: "The pipeline of R1 from the shipped base and R1-Zero: two to five minutes on two cores.",
    seed: 0,
    shards: 2,
    stages: stages({
      problems: demoMix,
      prompts: [512, 768],
      instructions: 2000,
      steps: [12, 12],
      promptsPerStep: 16,
      miniBatches: 4,
      // Few steps: at 1e-3 25 of them leave the judges at 88 and 71 % of held-out pairs, at 3e-3 at 93 and 82 %.
      judges: { steps: 25, learningRate: 3e-3, evaluatePrompts: 100 },
      tokensPerStep: 2048,
      evaluateProblems: 100,
      evaluateEvery: 6,
    }),
  }),
  small: defineRecipe({
    name: "r1-small",
    description: "The same on all families: about half an hour, at most two hours.",
    seed: 0,
    shards: 2,
    stages: stages({
      problems: smallMix,
      prompts: [9216, 15_360],
      rows: [7500, 13_000],
      instructions: 24_000,
      steps: [80, 120],
      promptsPerStep: 32,
      miniBatches: 4,
      judges: { steps: 150, learningRate: 1.5e-3, evaluatePrompts: 400 },
      tokensPerStep: 8192,
      evaluateProblems: 400,
      evaluateEvery: 20,
    }),
  }),
};
