/** Evaluates a loaded model over worker threads; used by `reckon eval` and by the evidence. */
import { Option } from "commander";
import { formatBudget } from "../generate/index.ts";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import { demoMix, instructionMix, type Problem, type ProblemWeight, sampleFromMix, smallMix } from "../tasks/index.ts";
import { type Evaluated, type EvaluationSettings, sampleAnswers } from "../train/evaluate.ts";
import { type Judge, ruleJudge } from "../train/judge.ts";

export interface ModelEvaluation {
  readonly samples: number;
  readonly seed: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly maxTokens: number;
  /** Tokens of thinking after which the answer is forced. */
  readonly thinkingBudget?: number;
  /** One for each problem, in place of `thinkingBudget`. */
  readonly thinkingBudgets?: readonly number[];
  /** How often the end of thinking is put off by "wait". */
  readonly waits?: number;
  readonly workers: number;
  /** Default: the rules, for built-in families. */
  readonly judge?: Judge;
  readonly onProgress?: (answers: number) => void;
}

/** Logical shards and answers a round: fixed, so that results do not depend on the machine. */
export const SHARDS = 2;
const ROUND = 2048;

/** Answers to every problem, judged; problem-major. */
export async function evaluateModel(
  checkpoint: LoadedCheckpoint,
  problems: readonly Problem[],
  settings: ModelEvaluation,
): Promise<Evaluated[]> {
  if (problems.length === 0) return [];
  const { tokenizer, config } = checkpoint;
  const positions = positionsOf(tokenizer, problems, settings.maxTokens);
  const compute = new WorkerCompute({ config, shards: SHARDS, positions, packed: false }, settings.workers);
  compute.buffers.parameters.set(checkpoint.parameters);
  const judge = settings.judge ?? ruleJudge();
  const answers: Evaluated[] = [];
  const block = Math.max(1, Math.floor(ROUND / settings.samples));
  try {
    for (let at = 0; at < problems.length; at += block) {
      const round = problems.slice(at, at + block);
      const how = sampling(settings, at, round.length, tokenizer);
      answers.push(...(await sampleAnswers(compute, tokenizer, round, how, judge)));
      settings.onProgress?.(answers.length);
    }
  } finally {
    await compute.close();
  }
  return answers;
}

/** The longest conversation in tokens. */
export function positionsOf(tokenizer: Tokenizer, problems: readonly Problem[], maxTokens: number): number {
  return Math.max(...problems.map((problem) => tokenizer.encodePlain(problem.prompt).length)) + maxTokens + 2;
}

function sampling(settings: ModelEvaluation, at: number, count: number, tokenizer: Tokenizer): EvaluationSettings {
  const { samples, seed, temperature, topK, topP, maxTokens, thinkingBudget, thinkingBudgets, waits = 0 } = settings;
  const budget = (maxThinkingTokens: number | undefined) => formatBudget(tokenizer, { maxThinkingTokens, waits });
  return {
    samples,
    seed,
    temperature,
    maxNewTokens: maxTokens,
    key: ["eval", at],
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
    ...(thinkingBudget === undefined && waits === 0 ? {} : { budget: budget(thinkingBudget) }),
    ...(thinkingBudgets === undefined ? {} : { budgets: thinkingBudgets.slice(at, at + count).map(budget) }),
  };
}

/** Mixtures of problems by name: of the growth that `npm start` shows, and of all families, in the shares of training. */
export const MIXES = { demo: demoMix, small: smallMix } as const;
export type MixName = keyof typeof MIXES;

/** `--mix`, which chooses one of them; what of, the words say. */
export function mixOption(words: string): Option {
  return new Option("--mix <name>", words).choices(Object.keys(MIXES)).default("demo" satisfies MixName);
}

/** Held-out problems of a mixture; always the same ones. */
export function heldOutProblems(count: number, mix: MixName = "demo"): Problem[] {
  return drawn(count, MIXES[mix]);
}

/** Held-out instructions about problems of a mixture; always the same ones. */
export function heldOutInstructions(count: number, mix: MixName = "demo"): Problem[] {
  return drawn(count, instructionMix(MIXES[mix]));
}

function drawn(count: number, rungs: readonly ProblemWeight[]): Problem[] {
  return Array.from({ length: count }, (_, index) =>
    sampleFromMix({ seed: 2_000_003, index, split: "heldout" }, rungs),
  );
}
