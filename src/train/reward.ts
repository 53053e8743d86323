/**
 * Training of reward models: a head of scores on a language model, learnt from rated traces (reward-data.ts) with one of the
 * losses of score-objective.ts.
 *
 * Resumable at any step: the data is indexed, so the loop's state is the step, the next index and the optimiser's.
 * Left out: margins by the size of a preference, and an auxiliary loss on the language.
 */
import { ReckonError } from "../util/errors.ts";
import type { Compute } from "./compute.ts";
import type { Optimizer } from "./optimizer.ts";
import { type RewardKind, rewardObjective } from "./reward-data.ts";
import type { RunStore } from "./run-store.ts";
import { type Schedule, scheduleFactor } from "./schedule.ts";
import { type ScoreBatch, type ScoreItem, scoreBatches, totalWeight } from "./score-batch.ts";

export interface RewardSettings {
  readonly loss: RewardKind;
  readonly steps: number;
  /** Prompts of one step; all traces on a prompt come together. */
  readonly promptsPerStep: number;
  readonly microBatchTokens: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly checkpointEvery: number;
  /** Steps between evaluations; 0 for none. */
  readonly evaluateEvery: number;
}

/** The loop's own state, kept in checkpoints. */
export interface RewardState {
  step: number;
  /** Prompts used so far. */
  prompts: number;
  /** Tokens read so far, all of which gradients were computed of. */
  tokens: number;
}

export const REWARD_START: RewardState = { step: 0, prompts: 0, tokens: 0 };

export interface RewardParts {
  readonly compute: Compute;
  readonly optimizer: Optimizer;
  readonly store: RunStore;
  /** What is learnt from the traces on prompt number `index`; undefined where that is nothing. */
  item(index: number): ScoreItem | undefined;
  /** Numbers that join the metrics of evaluated steps. */
  evaluate?(step: number): Promise<Record<string, number>>;
  save(state: RewardState): Promise<void>;
}

/** Runs from `state` to the end, or until the store asks to stop; a checkpoint is saved in both cases. */
export async function trainReward(settings: RewardSettings, state: RewardState, parts: RewardParts): Promise<void> {
  const { compute, optimizer, store } = parts;
  const objective = rewardObjective(settings.loss);
  while (state.step < settings.steps) {
    const started = performance.now();
    const { shards, items, next } = takeStep(settings, state, parts);
    const results = await compute.scoreGradients(objective, shards);
    const rate = settings.learningRate * scheduleFactor(settings.schedule, state.step, settings.steps);
    const norm = await optimizer.step(compute.buffers.parameters, compute.gradient, rate);
    state.step++;
    state.prompts = next;
    state.tokens += items.flatMap(({ texts }) => texts).reduce((n, text) => n + text.tokens.length, 0);
    const last = state.step === settings.steps;
    const due = settings.evaluateEvery > 0 && (state.step % settings.evaluateEvery === 0 || last);
    const evaluated = parts.evaluate && due ? await parts.evaluate(state.step) : {};
    store.metrics({
      step: state.step,
      loss: results.flat().reduce((total, { loss }) => total + loss, 0),
      grad_norm: norm,
      learning_rate: rate,
      num_tokens: state.tokens,
      num_prompts: state.prompts,
      ...(objective.kind === "pairs"
        ? pairMetrics(
            shards,
            results.map((list) => list.map(({ scores }) => scores)),
          )
        : {}),
      ...evaluated,
      "time/step": (performance.now() - started) / 1000,
    });
    store.progress(state.step, settings.steps);
    const stop = store.stopRequested();
    if (stop || last || state.step % settings.checkpointEvery === 0) await parts.save(state);
    if (stop) return;
  }
}

/** So many prompts in a row without anything to learn are no accident. */
const MAX_USELESS = 10_000;

function takeStep(
  settings: RewardSettings,
  state: RewardState,
  parts: RewardParts,
): { readonly shards: ScoreBatch[][]; readonly items: readonly ScoreItem[]; readonly next: number } {
  const items: ScoreItem[] = [];
  let index = state.prompts;
  let useless = 0;
  while (items.length < settings.promptsPerStep) {
    const item = parts.item(index++);
    if (item) {
      items.push(item);
      useless = 0;
      continue;
    }
    if (++useless < MAX_USELESS) continue;
    throw new ReckonError("TRAIN_NO_RATINGS", "the traces hold nothing to learn a reward from", {
      expected: EXPECTED[settings.loss],
      got: `${useless} prompts in a row without`,
      help: "docs/reward-models.md says what each loss reads",
    });
  }
  const { spec } = parts.compute;
  const outputs = spec.config.scores!.length;
  const scale = 1 / totalWeight(items, outputs);
  const shards = Array.from({ length: spec.shards }, (_, s) =>
    scoreBatches(
      items.filter((__, i) => i % spec.shards === s),
      { tokens: settings.microBatchTokens, outputs, scale },
    ),
  );
  return { shards, items, next: index };
}

/** What each loss needs. */
const EXPECTED: Readonly<Record<RewardKind, string>> = {
  pairs: "prompts with two traces of which one is rated better",
  binary: "traces with a score",
  ratings: "traces with ratings",
  steps: "traces with steps",
};

/** Share of the step's pairs that were ranked right, and by how much. */
function pairMetrics(
  shards: readonly (readonly ScoreBatch[])[],
  scores: readonly (readonly Float32Array[])[],
): Record<string, number> {
  let [pairs, right, margin] = [0, 0, 0];
  shards.forEach((batches, s) => {
    batches.forEach((batch, b) => {
      for (const [p, weight] of batch.pairWeights.entries()) {
        if (weight === 0) continue;
        const values = scores[s]![b]!;
        const gap = values[batch.better[p]!]! - values[batch.worse[p]!]!;
        pairs++;
        right += gap > 0 ? 1 : gap === 0 ? 0.5 : 0;
        margin += gap;
      }
    });
  });
  return { accuracy: right / pairs, margin: margin / pairs };
}
