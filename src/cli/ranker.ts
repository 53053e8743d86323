/** A reward model beside an evaluation: it rates the answers, so that choosing among them can be measured. */
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { type OpenedReward, openRewardModel } from "../recipes/index.ts";
import type { Problem } from "../tasks/index.ts";
import { DEFAULT_REWARDS, type Judge, ruleJudge } from "../train/judge.ts";
import { modelJudge } from "../train/model-judge.ts";
import { ReckonError } from "../util/errors.ts";
import { positionsOf, SHARDS } from "./evaluation.ts";
import { modelFolder } from "./models.ts";
import type { Ui } from "./ui.ts";

/** Parts of a reward that are told and weigh nothing, beside accuracy and format. */
export const ALL_REWARDS = { ...DEFAULT_REWARDS, language: 0, length: 0, repetition: 0, overlong: 0 };

/** A reward model, and what its opinions are called. */
export interface NamedReward {
  readonly name: string;
  readonly folder: string;
}

/** A judge with all that it needs; whoever opens it closes it. */
export interface OpenedJudge {
  readonly judge: Judge;
  close(): Promise<void>;
}

/**
 * A judge that tells every part of a reward: the rules', and the opinions of reward models, which weigh nothing. One that was
 * made for other tokens is left out, and that is told.
 * @param asked the model whose answers are judged
 * @throws ReckonError MODEL_UNKNOWN, REWARD_MODEL
 */
export async function openWholeJudge(
  rewards: readonly NamedReward[],
  asked: LoadedCheckpoint,
  problems: readonly Problem[],
  options: { readonly maxTokens: number; readonly workers: number; readonly rules?: Judge },
  ui: Pick<Ui, "warn">,
): Promise<OpenedJudge> {
  const opened: OpenedReward[] = [];
  const close = async (): Promise<void> => {
    for (const reward of opened) await reward.close();
  };
  let judge = options.rules ?? ruleJudge(ALL_REWARDS, options.maxTokens);
  try {
    for (const { name, folder } of rewards) {
      const reward = await openRanker(folder, asked, problems, options, ui).catch((error: unknown) => {
        if (!(error instanceof ReckonError) || error.code !== "REWARD_TOKENIZER") throw error;
        ui.warn(`what ${name} thinks of these answers is not told: ${error.summary}`);
        return undefined;
      });
      if (reward === undefined) continue;
      opened.push(reward);
      judge = modelJudge(judge, reward.opinions, 0, { name });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { judge, close };
}

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
  ui: Pick<Ui, "warn">,
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
