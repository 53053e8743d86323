/**
 * Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347) as InstructGPT has it (arXiv 2203.02155): the
 * baseline that GRPO is compared with (DeepSeek-R1, arXiv 2501.12948, §A.3).
 *
 * A critic of the policy's size, a model with one score before every token, foresees the reward; advantages are generalised
 * ones, and the policy takes the same clipped updates as GRPO's. A per-token reward −k·log(π_old/π_ref) may keep the policy
 * near a reference; it adds up over an answer, so it prices length, which R1 holds against it.
 *
 * Sampling, judging, evaluation and checkpoints are reinforce.ts's: this takes its updates' place. Groups are as large
 * as GRPO's but nothing in them is compared. Left out: a critic on the policy's own body, pretraining gradients (PPO-ptx).
 */
import { mean } from "../util/statistics.ts";
import { applyUpdate } from "./adapters.ts";
import { requireFinite } from "./advantages.ts";
import type { MicroBatch } from "./batch.ts";
import type { Compute } from "./compute.ts";
import { explainedVariance, generalisedAdvantages, whiten } from "./gae.ts";
import type { Optimizer } from "./optimizer.ts";
import { answerBatches } from "./prompted-batch.ts";
import type { Updates } from "./reinforce.ts";
import { UpdateTally } from "./reinforce-metrics.ts";
import { policyObjective, type ReinforceSettings } from "./reinforce-settings.ts";
import { type Rollout, sequenceOf } from "./rollout.ts";
import { scheduleFactor } from "./schedule.ts";
import { type ScoreBatch, type ScoreText, scoreBatches } from "./score-batch.ts";
import type { ScoreObjective } from "./score-objective.ts";
import { tokenWeights } from "./token-weights.ts";
import { isMasked, learnedTokens } from "./updates.ts";
import type { Sampled } from "./valuation.ts";

export interface PpoSettings {
  /** γ: what a reward is worth one token earlier. */
  readonly gamma: number;
  /** λ: 1 for the whole return, less for trust in the values. */
  readonly lambda: number;
  /** How far a value may move in a step before its gain no longer counts; 0 for any. */
  readonly valueClip: number;
  /** Weight of −log(π_old/π_ref) in every token's reward. */
  readonly klReward: number;
  /** Advantages of a step are brought to mean 0 and deviation 1. */
  readonly whiten: boolean;
  readonly valueLearningRate: number;
  /** Steps at first in which only the critic learns; the policy's schedule begins after them, the critic's at once. */
  readonly criticWarmup: number;
}

/** A model of one score (`scoringModel`) with its optimiser. */
export interface Critic {
  readonly compute: Compute;
  readonly optimizer: Optimizer;
}

/** One answer with all that is learnt of it. */
interface Learned {
  readonly group: number;
  readonly answer: number;
  readonly tokens: readonly number[];
  readonly from: number;
  readonly old: Float32Array;
  readonly reference: Float32Array | undefined;
  readonly values: Float32Array;
  /** In the gradient: whitened, if it is wanted. */
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  /** Mean advantage as it was before. */
  readonly advantage: number;
  /** Stretches of the tokens that the policy has drawn itself, from..to: of the others it learns nothing. */
  readonly drawn: readonly (readonly [from: number, to: number])[];
  /** Cut at the limit, and so left out of both losses and of the whitening (`maskTruncated`). */
  readonly masked: boolean;
}

/** Updates in place of GRPO's, for `ReinforceParts.updates`. */
export function ppoUpdates(
  settings: ReinforceSettings & { readonly ppo: PpoSettings },
  policy: { readonly compute: Compute; readonly optimizer: Optimizer },
  critic: Critic,
): Updates {
  const { ppo } = settings;
  const objective = policyObjective(settings);
  const valueObjective: ScoreObjective = { kind: "squared", ...(ppo.valueClip > 0 ? { clip: ppo.valueClip } : {}) };
  return async (groups, { step }) => {
    for (const { judgements } of groups) requireFinite(judgements.map(({ reward }) => reward));
    const learned = await learn(settings, policy.compute, critic.compute, groups);
    const rate = policyRate(settings, step);
    const valueRate = ppo.valueLearningRate * scheduleFactor(settings.schedule, step, settings.steps);
    const share = Math.ceil(groups.length / settings.miniBatches);
    const tally = new UpdateTally(settings);
    const value = { loss: 0, norm: 0, updates: 0 };
    for (let iteration = 0; iteration < settings.iterations; iteration++) {
      for (let at = 0; at < groups.length; at += share) {
        const part = learned.filter(({ group }) => group >= at && group < at + share);
        if (part.every(({ masked }) => masked)) continue;
        const size = Math.ceil(Math.min(share, groups.length - at) / policy.compute.spec.shards);
        const shardOf = ({ group }: Learned): number => Math.floor((group - at) / size);
        if (step >= ppo.criticWarmup) {
          const shards = policyShards(settings, policy.compute.spec.shards, part, learned, shardOf);
          const results = await policy.compute.gradients(objective, shards);
          tally.add(shards, results, step + 1);
          tally.applied(await applyUpdate(policy.compute, policy.optimizer, rate));
        }
        const shards = valueShards(settings, critic.compute.spec.shards, part, shardOf);
        const results = await critic.compute.scoreGradients(valueObjective, shards);
        value.loss += results.flat().reduce((total, { loss }) => total + loss, 0);
        value.norm += await critic.optimizer.step(
          critic.compute.buffers.parameters,
          critic.compute.gradient,
          valueRate,
        );
        value.updates++;
      }
    }
    const counted = learned.filter(({ masked }) => !masked);
    const valued = groups.map((group, g) => {
      const own = learned.filter((one) => one.group === g).sort((a, b) => a.answer - b.answer);
      return { ...group, advantages: own.map(({ advantage }) => advantage) };
    });
    return {
      metrics: {
        ...tally.metrics(),
        learning_rate: rate,
        "value/loss": value.loss / Math.max(1, value.updates),
        "value/grad_norm": value.norm / Math.max(1, value.updates),
        "value/mean": mean(counted.flatMap(({ values }) => [...values])),
        "value/explained_variance": explainedVariance(
          counted.map(({ values }) => values),
          counted.map(({ returns }) => returns),
        ),
        ...(ppo.klReward === 0 ? {} : { "ppo/kl": meanDistance(learned) }),
      },
      groups: valued,
      // The critic's own are not among them: they are no gradients of the policy.
      trainedTokens: step < ppo.criticWarmup ? 0 : settings.iterations * learnedTokens(settings, valued, true),
    };
  };
}

/** The policy's learning rate: its schedule begins where it begins to learn. */
function policyRate({ learningRate, schedule, steps, ppo }: Parameters<typeof ppoUpdates>[0], step: number): number {
  const { criticWarmup } = ppo;
  return step < criticWarmup ? 0 : learningRate * scheduleFactor(schedule, step - criticWarmup, steps - criticWarmup);
}

/** Values, rewards and advantages of every answer's tokens. */
async function learn(
  settings: ReinforceSettings & { readonly ppo: PpoSettings },
  policy: Compute,
  critic: Compute,
  groups: readonly Sampled[],
): Promise<Learned[]> {
  const { ppo } = settings;
  const answers = groups.flatMap(({ rollouts, judgements }, group) =>
    rollouts.map((rollout, answer) => {
      const { tokens, from, old } = sequenceOf(rollout, 1, 0, undefined);
      const { reward } = judgements[answer]!;
      const [drawn, masked] = [drawnOf(rollout), isMasked(settings, rollout)];
      return { group, answer, tokens: [...tokens], from, old: old!, reward, drawn, masked };
    }),
  );
  const anchored = ppo.klReward !== 0 || settings.klWeight !== 0;
  const references = anchored ? await referenceOf(settings, policy, answers) : undefined;
  const values = await valuesOf(settings, critic, answers);
  const learned = answers.map(({ reward, ...answer }, i): Learned => {
    const reference = references?.[i];
    const rewards = answer.old.map((logprob, t) => -ppo.klReward * (reference ? logprob - reference[t]! : 0));
    rewards[rewards.length - 1]! += reward;
    const { advantages, returns } = generalisedAdvantages(rewards, values[i]!, ppo.gamma, ppo.lambda);
    const advantage = advantages.reduce((a, b) => a + b, 0) / advantages.length;
    return { ...answer, reference, values: values[i]!, advantages, returns, advantage };
  });
  if (ppo.whiten) whiten(learned.flatMap((one) => (one.masked ? [] : stretches(one.advantages, one.drawn))));
  return learned.map((one) => ({ ...one, advantages: ofDrawn(one.advantages, one.drawn) }));
}

type Stretches = Learned["drawn"];

/** What lies between the tokens that were put into an answer. */
function drawnOf({ segments }: Rollout): Stretches {
  const { tokens, forced = [] } = segments.at(-1)!;
  const out: Stretches[number][] = [];
  let at = 0;
  for (const { from, count } of [...forced, { from: tokens.length, count: 0 }]) {
    if (from > at) out.push([at, from]);
    at = from + count;
  }
  return out;
}

/** Views of the stretches: what is done to them is done to the list. */
function stretches(list: Float32Array, drawn: Stretches): Float32Array[] {
  return drawn.map(([from, to]) => list.subarray(from, to));
}

/** The list with nothing outside of the stretches. */
function ofDrawn(list: Float32Array, drawn: Stretches): Float32Array {
  const out = new Float32Array(list.length);
  for (const [from, to] of drawn) out.set(list.subarray(from, to), from);
  return out;
}

type Answer = Pick<Learned, "tokens" | "from" | "old">;

/** Answers cut into one part a shard, the same whatever their lengths. */
function parted<T>(list: readonly T[], shards: number): { readonly index: number; readonly one: T }[][] {
  const size = Math.ceil(list.length / shards);
  return Array.from({ length: shards }, (_, s) =>
    list.slice(s * size, (s + 1) * size).map((one, i) => ({ index: s * size + i, one })),
  );
}

/** Log-probabilities under the reference, of the tokens of every answer. */
async function referenceOf(
  settings: ReinforceSettings,
  compute: Compute,
  answers: readonly Answer[],
): Promise<Float32Array[]> {
  const parts = parted(answers, compute.spec.shards);
  const batches = parts.map((part) =>
    answerBatches(
      part.map(({ one }) => ({ tokens: one.tokens, from: one.from, weight: 1 })),
      { tokens: settings.microBatchTokens },
    ),
  );
  const results = await compute.score("reference", batches, settings.temperature);
  const out: Float32Array[] = new Array(answers.length);
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      for (const { index, start, count } of batch.spans)
        out[parts[s]![index]!.index] = results[s]![b]!.logprobs.slice(start, start + count);
    });
  });
  return out;
}

/** Where the critic is asked: before each token of the answer. */
function places({ tokens, from }: Answer): number[] {
  return Array.from({ length: tokens.length - from }, (_, t) => from - 1 + t);
}

async function valuesOf(
  settings: ReinforceSettings,
  critic: Compute,
  answers: readonly Answer[],
): Promise<Float32Array[]> {
  const parts = parted(answers, critic.spec.shards);
  const batches = parts.map((part) =>
    scoreBatches(
      part.map(({ one }) => ({ texts: [{ tokens: one.tokens, at: places(one) }] })),
      { tokens: settings.microBatchTokens, outputs: 1 },
    ),
  );
  const results = await critic.readScores(batches);
  const out: Float32Array[] = new Array(answers.length);
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      for (const { item, start, count } of batch.spans)
        out[parts[s]![item]!.index] = results[s]![b]!.scores.slice(start, start + count);
    });
  });
  return out;
}

/** The policy's batches of an update, with an advantage for every token. */
function policyShards(
  settings: ReinforceSettings,
  shards: number,
  part: readonly Learned[],
  step: readonly Learned[],
  shardOf: (one: Learned) => number,
): MicroBatch[][] {
  const lengths = (list: readonly Learned[]): number[] => list.map(({ old, masked }) => (masked ? 0 : old.length));
  const weights = tokenWeights(lengths(part), settings.normalisation, settings.maxNewTokens, lengths(step));
  return Array.from({ length: shards }, (_, s) => {
    const own = part.flatMap((one, i) => (shardOf(one) === s && !one.masked ? [{ one, weight: weights[i]! }] : []));
    const batches = answerBatches(
      own.map(({ one, weight }) => {
        const { tokens, from, old, reference } = one;
        return { tokens, from, weight, old, ...(reference ? { reference } : {}) };
      }),
      { tokens: settings.microBatchTokens },
    );
    for (const { advantages, spans } of batches)
      for (const { index, start } of spans) advantages.set(own[index]!.one.advantages, start);
    return batches;
  });
}

/**
 * The critic's batches of an update: every token counts the same, those too that were put there, since what follows them is
 * to be foreseen as well.
 */
function valueShards(
  settings: ReinforceSettings,
  shards: number,
  part: readonly Learned[],
  shardOf: (one: Learned) => number,
): ScoreBatch[][] {
  const counted = part.filter(({ masked }) => !masked);
  const scale = 1 / counted.reduce((n, { old }) => n + old.length, 0);
  const column = (list: Float32Array): number[][] => Array.from(list, (x) => [x]);
  return Array.from({ length: shards }, (_, s) =>
    scoreBatches(
      counted
        .filter((one) => shardOf(one) === s)
        .map((one) => {
          const text: ScoreText = {
            tokens: one.tokens,
            at: places(one),
            targets: column(one.returns),
            old: column(one.values),
          };
          return { texts: [text] };
        }),
      { tokens: settings.microBatchTokens, outputs: 1, scale },
    ),
  );
}

/** Mean of log π_old − log π_ref over all tokens: the k1 estimate of the divergence. */
function meanDistance(learned: readonly Learned[]): number {
  let [sum, tokens] = [0, 0];
  for (const { old, reference } of learned) {
    for (let t = 0; t < old.length; t++) sum += old[t]! - reference![t]!;
    tokens += old.length;
  }
  return sum / tokens;
}
