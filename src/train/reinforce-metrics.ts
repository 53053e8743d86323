/** What a step of reinforcement learning says about itself: metrics by TRL's names, records for reading. */
import { analyse, type Problem } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { mean } from "../util/statistics.ts";
import type { Advantage } from "./advantages.ts";
import type { MicroBatch } from "./batch.ts";
import type { Evaluated } from "./evaluate.ts";
import type { MicroBatchResult } from "./gradient-engine.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import type { Judgement, Rollout } from "./rollout.ts";
import type { Metrics, RolloutRecord } from "./run-store.ts";
import type { Observation } from "./watch.ts";

/** One prompt with its answers. */
export interface Group {
  readonly problem: Problem;
  readonly rollouts: readonly Rollout[];
  readonly judgements: readonly Judgement[];
  readonly dead: boolean;
  readonly advantages: readonly Advantage[];
}

export interface Drawn {
  readonly groups: readonly Group[];
  /** Problems used up, resampled ones included. */
  readonly problems: number;
  /** Tokens sampled, in answers of resampled groups too. */
  readonly tokens: number;
  /** Tokens of their prompts, once for every answer. */
  readonly promptTokens: number;
  /** Sum of −log p of the tokens sampled, in nats. */
  readonly surprisal: number;
  /** Share of dead groups in the first draw. */
  readonly deadShare: number;
  /** Share of mixed groups in the first draw: by score, where dead is by reward. */
  readonly mixedShare: number;
}

/** The widest gap between sampler and trainer that is still float noise, in nats: mean (3e-7 is usual) and single token. */
const GAP_MEAN = 1e-4;
const GAP_MAX = 1e-2;

/**
 * Collects what the updates of one step say about themselves: over the tokens that had a gradient, so answers of
 * advantage 0 count here only where there is a KL term. docs/metrics.md says of every metric what it is over.
 */
export class UpdateTally {
  readonly #settings: ReinforceSettings;
  #loss = 0;
  #updates = 0;
  #norm = 0;
  #tokens = 0;
  #entropy = 0;
  #kl = 0;
  #clippedLow = 0;
  #clippedHigh = 0;
  #gap = { sum: 0, max: 0, tokens: 0, min: Number.POSITIVE_INFINITY, ratioMax: 0, ratioSum: 0 };

  constructor(settings: ReinforceSettings) {
    this.#settings = settings;
  }

  /**
   * Takes in the gradients of an update, before it is applied.
   * @throws ReckonError TRAIN_SAMPLER_GAP at the first update, where the policy still is the sampler: anything but float
   * noise between them is a fault of ours
   */
  add(shards: readonly (readonly MicroBatch[])[], results: readonly MicroBatchResult[][], step: number): void {
    const { klWeight, ratio: level, surrogate = "clip" } = this.#settings;
    // What bounds no ratio counts none: without a ratio there is no end, and CISPO's has one above alone.
    const low = surrogate === "clip" ? 1 - this.#settings.clipLow : Number.NEGATIVE_INFINITY;
    const high = surrogate === "reinforce" ? Number.POSITIVE_INFINITY : 1 + this.#settings.clipHigh;
    const first = this.#updates++ === 0;
    shards.forEach((batches, s) => {
      batches.forEach((batch, b) => {
        const result = results[s]![b]!;
        this.#loss += result.loss;
        for (const span of batch.spans) {
          const { start, count } = span;
          const whole = level === "sequence" ? sequenceRatio(result.logprobs, batch.old, span) : undefined;
          for (let n = start; n < start + count; n++) {
            const difference = result.logprobs[n]! - batch.old[n]!;
            const ratio = Math.exp(difference);
            const clipped = whole ?? ratio;
            this.#tokens++;
            this.#entropy += result.entropy[n]!;
            if (clipped < low && batch.advantages[n]! < 0) this.#clippedLow++;
            if (clipped > high && batch.advantages[n]! > 0) this.#clippedHigh++;
            if (klWeight !== 0) {
              const d = batch.reference[n]! - result.logprobs[n]!;
              this.#kl += Math.exp(d) - d - 1;
            }
            if (!first) continue;
            this.#gap.tokens++;
            this.#gap.sum += Math.abs(difference);
            this.#gap.max = Math.max(this.#gap.max, Math.abs(difference));
            this.#gap.min = Math.min(this.#gap.min, ratio);
            this.#gap.ratioMax = Math.max(this.#gap.ratioMax, ratio);
            this.#gap.ratioSum += ratio;
          }
        }
      });
    });
    if (first) this.#checkSampler(step);
  }

  /** Takes in the norm of the gradient that was applied. */
  applied(norm: number): void {
    this.#norm += norm;
  }

  #checkSampler(step: number): void {
    const average = this.#gap.sum / Math.max(1, this.#gap.tokens);
    if (average <= GAP_MEAN && this.#gap.max <= GAP_MAX) return;
    throw new ReckonError("TRAIN_SAMPLER_GAP", `sampler and trainer disagree at step ${step}`, {
      expected: `log-probabilities equal within ${GAP_MEAN} on average and ${GAP_MAX} at most`,
      got: `${average.toExponential(2)} on average, ${this.#gap.max.toExponential(2)} at most`,
      help: "this is a numerical fault, not a setting: please report it with the run's recipe",
    });
  }

  metrics(): Record<string, number> {
    if (this.#updates === 0) return { loss: 0, grad_norm: 0 };
    const tokens = Math.max(1, this.#tokens);
    const gapTokens = Math.max(1, this.#gap.tokens);
    return {
      loss: this.#loss / this.#updates,
      grad_norm: this.#norm / this.#updates,
      entropy: this.#entropy / tokens,
      ...(this.#settings.klWeight === 0 ? {} : { kl: this.#kl / tokens }),
      "clip_ratio/low_mean": this.#clippedLow / tokens,
      "clip_ratio/high_mean": this.#clippedHigh / tokens,
      "clip_ratio/region_mean": (this.#clippedLow + this.#clippedHigh) / tokens,
      "sampling/sampling_logp_difference/mean": this.#gap.sum / gapTokens,
      "sampling/sampling_logp_difference/max": this.#gap.max,
      "sampling/importance_sampling_ratio/min": this.#gap.min,
      "sampling/importance_sampling_ratio/mean": this.#gap.ratioSum / gapTokens,
      "sampling/importance_sampling_ratio/max": this.#gap.ratioMax,
    };
  }
}

/** An answer's ratio: the geometric mean of its tokens'. */
function sequenceRatio(logprobs: Float32Array, old: Float32Array, span: { start: number; count: number }): number {
  let total = 0;
  for (let n = span.start; n < span.start + span.count; n++) total += logprobs[n]! - old[n]!;
  return Math.exp(total / span.count);
}

/** Metrics of a batch of answers, by TRL's names. */
export function rolloutMetrics(settings: ReinforceSettings, drawn: Drawn): Record<string, number> {
  const all = drawn.groups.flatMap((group) =>
    group.rollouts.map((rollout, i) => ({ rollout, judgement: group.judgements[i]! })),
  );
  const lengths = all.map(({ rollout }) => rollout.length);
  const rewards = all.map(({ judgement }) => judgement.reward);
  const names = new Set(all.flatMap(({ judgement }) => Object.keys(judgement.rewards)));
  const parts: Record<string, number> = {};
  for (const name of names) {
    const values = all.flatMap(({ judgement }) => judgement.rewards[name] ?? []);
    // One that applies to no answer, or that failed at all of them, is none of 0.
    if (values.length === 0) continue;
    parts[`rewards/${name}/mean`] = mean(values);
    parts[`rewards/${name}/std`] = deviation(values);
  }
  const isRight = ({ judgement }: { judgement: Judgement }): boolean => judgement.score === 1;
  const lengthOf = (list: readonly { rollout: Rollout }[]): number => mean(list.map(({ rollout }) => rollout.length));
  const finished = all.filter(({ rollout }) => rollout.finish === "stop");
  return {
    reward: mean(rewards),
    reward_std: mean(drawn.groups.map((group) => deviation(group.judgements.map((j) => j.reward)))),
    ...parts,
    frac_reward_zero_std: drawn.deadShare,
    ...(settings.resample > 0 ? { frac_reward_zero_std_kept: mean(drawn.groups.map((g) => (g.dead ? 1 : 0))) } : {}),
    frac_groups_mixed: drawn.mixedShare,
    "completions/mean_length": mean(lengths),
    "completions/min_length": Math.min(...lengths),
    "completions/max_length": Math.max(...lengths),
    "completions/mean_terminated_length": lengthOf(finished),
    "completions/clipped_ratio": 1 - finished.length / all.length,
    ...(all.some(isRight) ? { "completions/mean_length_right": lengthOf(all.filter(isRight)) } : {}),
    ...(all.every(isRight) ? {} : { "completions/mean_length_wrong": lengthOf(all.filter((a) => !isRight(a))) }),
    // A token's expected −log p is its distribution's entropy: an estimate of that over all tokens, at no cost.
    "sampling/mean_surprisal": drawn.surprisal / Math.max(1, drawn.tokens),
    recheck_share: mean(all.map(({ rollout }) => (rechecks(rollout) ? 1 : 0))),
  };
}

function rechecks(rollout: Rollout): boolean {
  const trace = analyse(rollout.problem, rollout.parsed.thinking);
  return trace.retries + trace.rechecks > 0;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
}

/** The answers of some groups, for reading. */
export function rolloutRecords(step: number, groups: readonly Group[]): RolloutRecord[] {
  return groups.flatMap(({ rollouts, judgements, advantages }, group) =>
    rollouts.map((rollout, index) =>
      record({
        step,
        group,
        index,
        rollout,
        judgement: judgements[index]!,
        advantage: meanAdvantage(advantages[index]!),
      }),
    ),
  );
}

/** One number for reading, where every token has its own. */
function meanAdvantage(advantage: Advantage): number {
  return typeof advantage === "number" ? advantage : mean([...advantage]);
}

/** Judged answers to held-out problems, for reading: nothing is learned from them, so they have no advantage. */
export function evaluationRecords(
  step: number,
  answers: readonly (Evaluated & { readonly index: number })[],
): RolloutRecord[] {
  return answers.map(({ rollout, judgement, index: group }) =>
    record({ step, group, index: 0, rollout, judgement, advantage: 0 }),
  );
}

function record(answer: {
  readonly step: number;
  readonly group: number;
  readonly index: number;
  readonly rollout: Rollout;
  readonly judgement: Judgement;
  readonly advantage: number;
}): RolloutRecord {
  const { step, group, index, rollout, judgement, advantage } = answer;
  const { family, level, language, prompt } = rollout.problem;
  const { score, reason, reward, rewards } = judgement;
  return {
    step,
    group,
    index,
    family,
    level,
    language,
    prompt,
    completion: rollout.text,
    thinking: rollout.parsed.thinking,
    answer: rollout.parsed.answer,
    finish: rollout.finish,
    tokens: rollout.length,
    score,
    reason,
    reward,
    rewards,
    advantage,
    recheck: rechecks(rollout),
    ...(rollout.forcedText ? { forced: rollout.forcedText } : {}),
  };
}

/** What the watch looks at. */
export function observation(step: number, metrics: Metrics, groups: readonly Group[]): Observation {
  const number = (name: string): number => (metrics as Record<string, number>)[name] ?? 0;
  return {
    step,
    deadGroups: mean(groups.map((group) => (group.dead ? 1 : 0))),
    meanLength: number("completions/mean_length"),
    clipped: number("completions/clipped_ratio"),
    format: number("rewards/format/mean"),
    entropy: (metrics as Partial<Record<string, number>>)["entropy"],
    rewardFailures: groups.flatMap((group) => group.judgements.flatMap((judgement) => judgement.failures ?? [])),
  };
}
