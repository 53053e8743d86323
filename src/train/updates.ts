/** From valued answers to updates of the weights: which tokens have a gradient, their weights, shards and micro-batches. */
import { applyUpdate } from "./adapters.ts";
import type { Advantage } from "./advantages.ts";
import type { MicroBatch, Sequence } from "./batch.ts";
import type { Compute } from "./compute.ts";
import type { Optimizer } from "./optimizer.ts";
import { answerBatches } from "./prompted-batch.ts";
import { type Group, UpdateTally } from "./reinforce-metrics.ts";
import { policyObjective, type ReinforceSettings } from "./reinforce-settings.ts";
import { contextLength, type Rollout, sequenceOf } from "./rollout.ts";
import { scheduleFactor } from "./schedule.ts";
import { tokenWeights } from "./token-weights.ts";
import type { Valued } from "./valuation.ts";

/** All updates on one batch of groups; returns the optimisation metrics. */
export async function update(
  settings: ReinforceSettings,
  state: { readonly step: number },
  { compute, optimizer }: { readonly compute: Compute; readonly optimizer: Optimizer },
  { groups, references }: Valued,
): Promise<Record<string, number>> {
  const objective = policyObjective(settings);
  const rate = settings.learningRate * scheduleFactor(settings.schedule, state.step, settings.steps);
  const share = Math.ceil(groups.length / settings.miniBatches);
  const all = groups.flatMap((group) => learntLengths(settings, group));
  const tally = new UpdateTally(settings);
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    for (let at = 0; at < groups.length; at += share) {
      const shards = layOut(
        settings,
        compute.spec.shards,
        groups.slice(at, at + share),
        all,
        (group, i) => references?.get(group)?.[i],
      );
      if (shards.every((batches) => batches.length === 0)) continue;
      const results = await compute.gradients(objective, shards);
      tally.add(shards, results, state.step + 1);
      tally.applied(await applyUpdate(compute, optimizer, rate));
    }
  }
  return { ...tally.metrics(), learning_rate: rate };
}

/** The micro-batches of an update, by shard. */
export function layOut(...[settings, ...rest]: Parameters<typeof sequencesOf>): MicroBatch[][] {
  return sequencesOf(settings, ...rest).map((list) => answerBatches(list, { tokens: settings.microBatchTokens }));
}

/**
 * Sequences of an update, cut into shards by whole groups, so that the cut does not depend on lengths.
 * @param groups of the update
 * @param step learnt tokens of every answer of the whole step (`learntLengths`)
 */
export function sequencesOf(
  settings: ReinforceSettings,
  shards: number,
  groups: readonly Group[],
  step: readonly number[],
  reference: (group: Group, index: number) => Float32Array | undefined,
): Sequence[][] {
  const lengths = groups.flatMap((group) => learntLengths(settings, group));
  const weights = tokenWeights(lengths, settings.normalisation, settings.maxNewTokens, step);
  let n = 0;
  const weighted = groups.map((group) => group.rollouts.map(() => weights[n++]!));
  const size = Math.ceil(groups.length / shards);
  return Array.from({ length: shards }, (_, s) => {
    return groups.slice(s * size, (s + 1) * size).flatMap((group, g) =>
      group.rollouts.flatMap((rollout, i) => {
        const advantage = group.advantages[i]!;
        if (!hasGradient(settings, advantage, rollout)) return [];
        return [sequenceOf(rollout, weighted[s * size + g]![i]!, advantage, reference(group, i))];
      }),
    );
  });
}

/** Without a KL term an answer of advantage 0 has no gradient at all, and one that is masked has none ever. */
function hasGradient(settings: ReinforceSettings, advantage: Advantage, rollout: Rollout): boolean {
  if (isMasked(settings, rollout)) return false;
  return advantage !== 0 || (settings.klWeight !== 0 && settings.klIn !== "reward");
}

/** Whether an answer is left out for having been cut. */
export function isMasked(settings: ReinforceSettings, rollout: Rollout): boolean {
  return settings.maskTruncated === true && rollout.finish === "length";
}

/** Tokens of a group's answers that count in a normalisation: those without a gradient do, masked ones do not. */
export function learntLengths(settings: ReinforceSettings, group: Group): number[] {
  return group.rollouts.map((rollout) => (isMasked(settings, rollout) ? 0 : rollout.length));
}

/**
 * Tokens that one pass over the groups computes gradients of; a prompt counts with each answer to it.
 * @param all every answer that is not masked has a gradient, whatever its advantage
 */
export function learnedTokens(settings: ReinforceSettings, groups: readonly Group[], all = false): number {
  const learned = groups.flatMap(({ rollouts, advantages }) =>
    rollouts.filter((rollout, i) =>
      all ? !isMasked(settings, rollout) : hasGradient(settings, advantages[i]!, rollout),
    ),
  );
  return learned.reduce((n, rollout) => n + contextLength(rollout) + rollout.length, 0);
}
