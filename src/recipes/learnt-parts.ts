/** What reinforcement may take from other learnt models: judges beside the rules, and PPO's critic. */
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { scoringModel } from "../model/scoring.ts";
import type { RestoredTrainer } from "../train/checkpoint.ts";
import { restoreCritic } from "../train/critic.ts";
import type { Judge } from "../train/judge.ts";
import { MODEL_NAME, modelJudge } from "../train/model-judge.ts";
import type { Critic } from "../train/ppo.ts";
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { chooseProvider, loadModelFolder, startEngine } from "./assemble.ts";
import { weightsHash } from "./lineage.ts";
import type { StageOptions } from "./run-pretrain.ts";
import { openRewardModel } from "./run-reward.ts";
import type { Recipe, ReinforceStage } from "./schema.ts";
import { listOf } from "./stages.ts";

export interface LearntParts {
  readonly critic: Critic | undefined;
  /** SHA-256 of the reward models' weights, by name. */
  readonly judges: Readonly<Record<string, string>>;
  /** The rules with the stage's reward models beside them. */
  judge(rules: Judge): Judge;
  close(): Promise<void>;
}

export async function openLearnt(
  recipe: Recipe,
  stage: ReinforceStage,
  store: RunStore,
  options: StageOptions,
  policy: {
    readonly model: LoadedCheckpoint;
    readonly restored: RestoredTrainer | undefined;
    readonly positions: number;
  },
): Promise<LearntParts> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close();
  };
  const kept = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const beside: ((rules: Judge) => Judge)[] = [];
    const judges: Record<string, string> = {};
    for (const { from, weight, ...naming } of listOf(stage.rewardModel)) {
      const { opinions } = kept(await openRewardModel(from, recipe.shards, policy.positions, options, store));
      beside.push((rules) => modelJudge(rules, opinions, weight, naming));
      judges[naming.name ?? MODEL_NAME] = await weightsHash(options.modelFolder?.(from) ?? from);
    }
    const critic = stage.ppo && kept(await openCritic(recipe, stage.ppo, store, options, policy));
    return { critic, judges, judge: (rules) => beside.reduce((judge, add) => add(judge), rules), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws ReckonError CRITIC_TOKENIZER for a critic that reads other tokens than the policy writes */
async function openCritic(
  recipe: Recipe,
  settings: NonNullable<ReinforceStage["ppo"]>,
  store: RunStore,
  options: StageOptions,
  { model, restored, positions }: Parameters<typeof openLearnt>[4],
): Promise<Critic & { close(): Promise<void> }> {
  let body = model;
  if (settings.critic !== undefined) {
    body = await loadModelFolder(options.modelFolder?.(settings.critic) ?? settings.critic);
    const difference = model.tokenizer.differenceFrom(body.tokenizer);
    if (difference !== undefined) {
      throw new ReckonError("CRITIC_TOKENIZER", `${settings.critic} cannot be a critic of this model`, {
        expected: "a model with the policy's tokenizer",
        got: difference,
      });
    }
  }
  const { config, parameters } = scoringModel(body, ["value"]);
  const spec = { config, shards: recipe.shards, positions, packed: false };
  const provider = await chooseProvider(options, store, 0);
  const engine = await startEngine(spec, options, provider, { name: "adamw" }, parameters);
  try {
    if (restored) restoreCritic(restored.files, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}
