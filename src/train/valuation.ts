/** What a step's answers are worth to it: log-probabilities under the reference, and advantages (advantages.ts). */
import { type RewardedGroup, stepAdvantages } from "./advantages.ts";
import type { Compute } from "./compute.ts";
import { answerBatches } from "./prompted-batch.ts";
import type { Group } from "./reinforce-metrics.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import { sequenceOf } from "./rollout.ts";

/** A group before its answers are compared. */
export type Sampled = Omit<Group, "advantages">;

export interface Valued {
  readonly groups: readonly Group[];
  /** Under the reference, where there is a KL term: of each answer's tokens, by group. */
  readonly references: ReadonlyMap<Group, readonly Float32Array[]> | undefined;
}

/** @throws ReckonError TRAIN_NOT_FINITE for a reward that is no number */
export async function valueGroups(
  settings: ReinforceSettings,
  compute: Compute,
  sampled: readonly Sampled[],
): Promise<Valued> {
  const scored = settings.klWeight === 0 ? undefined : await referenceLogprobs(settings, compute, sampled);
  const advantages = stepAdvantages(
    sampled.map((group) => rewarded(settings, group, scored?.get(group))),
    { baseline: settings.baseline ?? "group", scale: settings.rewardScale },
  );
  const groups = sampled.map((group, g): Group => ({ ...group, advantages: advantages[g]! }));
  const references = scored && new Map(groups.map((group, g) => [group, scored.get(sampled[g]!)!]));
  return { groups, references };
}

function rewarded(
  settings: ReinforceSettings,
  { rollouts, judgements }: Sampled,
  references: readonly Float32Array[] | undefined,
): RewardedGroup {
  return {
    rewards: judgements.map((judgement) => judgement.reward),
    lengths: rollouts.map((rollout) => rollout.length),
    ...(settings.klIn === "reward" && references
      ? {
          penalties: rollouts.map(({ segments }, i) => {
            const { logprobs } = segments.at(-1)!;
            return logprobs!.map((old, t) => settings.klWeight * (old - references[i]![t]!));
          }),
        }
      : {}),
  };
}

/** Log-probabilities of the answers' tokens under the reference, by group. */
async function referenceLogprobs<T extends Sampled>(
  settings: ReinforceSettings,
  compute: Compute,
  groups: readonly T[],
): Promise<Map<T, Float32Array[]>> {
  const { shards } = compute.spec;
  const size = Math.ceil(groups.length / shards);
  const batches = Array.from({ length: shards }, (_, s) =>
    answerBatches(
      groups
        .slice(s * size, (s + 1) * size)
        .flatMap((group) => group.rollouts.map((r) => sequenceOf(r, 1, 0, undefined))),
      { tokens: settings.microBatchTokens },
    ),
  );
  const results = await compute.score("reference", batches, settings.temperature);
  const out = new Map<T, Float32Array[]>(groups.map((group) => [group, []]));
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      for (const { index, start, count } of batch.spans) {
        const group = groups[s * size + Math.floor(index / settings.samplesPerPrompt)]!;
        out.get(group)![index % settings.samplesPerPrompt] = results[s]![b]!.logprobs.slice(start, start + count);
      }
    });
  });
  return out;
}
