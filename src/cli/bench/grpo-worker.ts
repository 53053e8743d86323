/**
 * Our side of `reckon bench grpo`, in a process of its own so that its memory can be measured: the loop of every
 * reinforcement run (train/reinforce.ts), one step each time that a line on standard input asks for it.
 *
 * Speaks as bench/peers/trl_peer.py does. Answers never end early: the sampler is given no stop tokens.
 */
import { createInterface } from "node:readline";
import { promptIds } from "../../model/chat-template.ts";
import { loadModelFolder, startEngine } from "../../recipes/assemble.ts";
import { getTask, type Problem, sampleProblem } from "../../tasks/index.ts";
import type { Compute } from "../../train/compute.ts";
import type { Judge } from "../../train/judge.ts";
import { REINFORCE_START, type ReinforceState, reinforce } from "../../train/reinforce.ts";
import type { ReinforceSettings } from "../../train/reinforce-settings.ts";
import type { Metrics, RunStore } from "../../train/run-store.ts";
import { timed } from "./rounds.ts";

export interface GrpoStart {
  readonly model: string;
  readonly threads: number;
  readonly prompts: number;
  readonly samples: number;
  readonly newTokens: number;
  readonly learningRate: number;
}

/** One step: milliseconds, tokens that were sampled, peak of resident memory. */
export interface GrpoStep {
  readonly wall: number;
  readonly cpu: number;
  readonly generate: number;
  readonly train: number;
  readonly tokens: number;
  readonly rssMiB: number;
}

/**
 * The problems of every step: both sides answer the same prompts again and again. Sums of two numbers of two digits in English:
 * as many tokens in each, so that nobody pads.
 */
export function grpoProblems(count: number): Problem[] {
  const problems: Problem[] = [];
  for (let index = 0; problems.length < count; index++) {
    const request = { seed: 1, index, level: 0, split: "train", language: "en" } as const;
    const problem = sampleProblem(getTask("addition"), request);
    const { a, b } = problem.facts as { readonly a: number; readonly b: number };
    if (Math.min(a, b) >= 10 && Math.max(a, b) <= 99) problems.push(problem);
  }
  return problems;
}

/** Answers a first line `GrpoStart`, then a line for each step, until standard input ends. */
export async function grpoWorker(): Promise<void> {
  const say = (reply: object): void => void process.stdout.write(`${JSON.stringify(reply)}\n`);
  const began = performance.now();
  let step: (() => Promise<GrpoStep>) | undefined;
  let close = async (): Promise<void> => undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    if (step) say(await step());
    else {
      const prepared = await prepare(JSON.parse(line) as GrpoStart);
      ({ step, close } = prepared);
      say({ promptTokens: prepared.promptTokens, seconds: { load: (performance.now() - began) / 1000 } });
    }
  }
  await close();
}

async function prepare(start: GrpoStart): Promise<{
  step: () => Promise<GrpoStep>;
  close: () => Promise<void>;
  promptTokens: number;
}> {
  const { config, parameters, tokenizer } = await loadModelFolder(start.model);
  const problems = grpoProblems(start.prompts);
  const lengths = problems.map((problem) => promptIds(tokenizer, problem.prompt).length);
  const positions = Math.max(...lengths) + start.newTokens;
  const engine = await startEngine(
    { config, shards: 2, positions, packed: false },
    { workers: start.threads },
    { name: "cpu", target: "fused" },
    { name: "adamw" },
    parameters,
  );
  const settings: Omit<ReinforceSettings, "steps"> = {
    seed: 1,
    promptsPerStep: start.prompts,
    samplesPerPrompt: start.samples,
    maxNewTokens: start.newTokens,
    temperature: 1,
    iterations: 1,
    miniBatches: 1,
    clipLow: 0.2,
    clipHigh: 0.2,
    klWeight: 0,
    referenceEvery: 0,
    normalisation: "grpo",
    rewardScale: "group",
    resample: 0,
    learningRate: start.learningRate,
    schedule: { kind: "constant", warmup: 0 },
    microBatchTokens: 1536,
    checkpointEvery: 1,
    evaluateEvery: 0,
    rolloutsEvery: 0,
    rolloutGroups: 0,
  };
  const state: ReinforceState = { ...REINFORCE_START };
  let latest: Metrics | undefined;
  const store = forgetful((metrics) => {
    latest = metrics;
  });
  const parts = {
    compute: neverStopping(engine.compute),
    optimizer: engine.optimizer,
    tokenizer,
    store,
    judge: characters,
    problem: (index: number) => problems[index % problems.length]!,
    save: async () => undefined,
  };
  return {
    promptTokens: lengths.reduce((sum, length) => sum + length, 0),
    close: () => engine.close(),
    async step() {
      const before = state.tokens;
      const timing = await timed(() => reinforce({ ...settings, steps: state.step + 1 }, state, parts));
      return {
        ...timing,
        generate: (latest?.["time/generate"] ?? 0) * 1000,
        train: (latest?.["time/train"] ?? 0) * 1000,
        tokens: state.tokens - before,
        rssMiB: process.resourceUsage().maxRSS / 1024,
      };
    },
  };
}

/** From the characters of an answer: cheap, and hardly ever the same twice in a group, so that every answer is learnt from. */
const characters: Judge = async (rollouts) =>
  rollouts.map(({ text }) => {
    let sum = 0;
    for (const character of text) sum += character.codePointAt(0)!;
    const score = (sum % 1009) / 1009;
    return { score, reason: "characters", reward: score, rewards: { characters: score } };
  });

/** The same computation, whose completions all have the full length. */
function neverStopping(compute: Compute): Compute {
  return {
    spec: compute.spec,
    buffers: compute.buffers,
    get gradient() {
      return compute.gradient;
    },
    gradients: (objective, shards) => compute.gradients(objective, shards),
    score: (weights, shards, temperature) => compute.score(weights, shards, temperature),
    generate: (requests, weights) =>
      compute.generate(
        requests.map((request) => ({ ...request, stopTokens: [] })),
        weights,
      ),
    scoreGradients: (objective, shards) => compute.scoreGradients(objective, shards),
    readScores: (shards) => compute.readScores(shards),
    close: () => compute.close(),
  };
}

/** A store that keeps nothing: neither side writes files. */
function forgetful(onMetrics: (metrics: Metrics) => void): RunStore {
  return {
    metrics: onMetrics,
    rollouts: () => undefined,
    event: () => undefined,
    progress: () => undefined,
    saveCheckpoint: async () => undefined,
    latestCheckpoint: async () => undefined,
    rewind: async () => undefined,
    stopRequested: () => false,
  };
}
