/** A reward model beside an evaluation: it rates the answers, so that choosing among them can be measured. */
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { type OpenedReward, openRewardModel } from "../recipes/index.ts";
import type { Problem } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { positionsOf, SHARDS } from "./evaluation.ts";
import { modelFolder } from "./models.ts";
import type { Ui } from "./ui.ts";

/**
 * Opens a reward model for the answers of another model.
 * @param name as a person types it: a folder, or a run
 * @param asked the model whose answers it is to rate
 * @throws ReckonError MODEL_UNKNOWN; REWARD_MODEL for a model that is none; REWARD_TOKENIZER for one of other tokens than
 * those that the answers are written in
 */
export async function openRanker(
  name: string,
  asked: LoadedCheckpoint,
  problems: readonly Problem[],
  { maxTokens, workers }: { readonly maxTokens: number; readonly workers: number },
  ui: Ui,
): Promise<OpenedReward> {
  const positions = positionsOf(asked.tokenizer, problems, maxTokens);
  const events = { event: ({ message }: { readonly message: string }) => ui.warn(message) };
  const reward = await openRewardModel(name, SHARDS, positions, { workers, modelFolder }, events);
  const difference = asked.tokenizer.differenceFrom(reward.tokenizer);
  if (difference === undefined) return reward;
  await reward.close();
  throw new ReckonError("REWARD_TOKENIZER", `${name} was not made to judge this model`, {
    expected: "a reward model with the tokenizer of the model that answers",
    got: difference,
    help: "train one that begins with this model or with its base: reckon train reward --set from=FOLDER",
  });
}
