/** Runs a reinforcement stage in a run directory. */
import { promptIds } from "../model/chat-template.ts";
import type { ModelConfig } from "../model/config.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { EVALUATION_SEED, type Problem, standIn } from "../tasks/index.ts";
import { adapterState } from "../train/adapters.ts";
import { trainerFiles } from "../train/checkpoint.ts";
import { criticFile } from "../train/critic.ts";
import { sampleAnswers, summarise } from "../train/evaluate.ts";
import { ppoUpdates } from "../train/ppo.ts";
import { REINFORCE_START, type ReinforceState, reinforce } from "../train/reinforce.ts";
import type { ReinforceSettings } from "../train/reinforce-settings.ts";
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { chooseProvider, restore, restoredState, startEngine } from "./assemble.ts";
import { evaluationMetrics, evaluationSample } from "./evaluation-metrics.ts";
import { watchJudges } from "./judge-watch.ts";
import { openLearnt } from "./learnt-parts.ts";
import { openProblems, type ProblemSource } from "./problems.ts";
import { mayPayForWrong } from "./reward-weights.ts";
import { adaptersOf, beginning, type StageOptions, tellAdded } from "./run-pretrain.ts";
import type { Recipe, ReinforceStage } from "./schema.ts";

/** Room for prompts beside the new tokens: at least and at most; between them what the model's positions leave. */
const PROMPT_ROOM = 64;
const MOST_PROMPT = 1024;

/** A prompt that does not fit is replaced by that of a stand-in, so many times. */
const STAND_INS = 9;

export async function runReinforce(
  recipe: Recipe,
  stage: ReinforceStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const source = await openProblems(stage);
  try {
    await runWith(source, recipe, stage, store, options);
  } finally {
    await source.close();
  }
}

async function runWith(
  source: ProblemSource,
  recipe: Recipe,
  stage: ReinforceStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const { model, lineage, added, newTokens } = await beginning(recipe, stage.from, restored, options);
  tellAdded(store, stage.from, added);
  const { config, tokenizer } = model;
  const positions = positionsOf(stage, config);
  if (!restored) {
    for (const message of source.warnings)
      store.event({ level: "warning", code: "TASK_ROWS_SKIPPED", step: 0, message });
    const message = mayPayForWrong(stage);
    if (message !== undefined) store.event({ level: "warning", code: "REWARD_WEIGHTS", step: 0, message });
  }
  const state = restoredState(restored, REINFORCE_START, store);
  const watched = watchJudges(store, stage, state.step);
  const fitting = { told: restored?.trainer["promptTooLong"] === true };
  const draw = drawFitting(source, tokenizer, positions - stage.maxNewTokens, store, state, fitting);
  const heldOut = await Promise.all(
    Array.from({ length: stage.evaluateProblems }, (_, index) =>
      draw({ seed: EVALUATION_SEED, index, split: "heldout" }),
    ),
  );
  const lora = adaptersOf(stage.lora, newTokens);
  const engine = await startEngine(
    { config, shards: recipe.shards, positions, packed: false, lora },
    options,
    await chooseProvider(options, store, state.step),
    stage.optimizer,
    model.parameters,
    restored?.optimizer,
    { seed: recipe.seed, state: restored?.adapters },
  );
  const { compute } = engine;
  if (restored?.reference) compute.buffers.reference.set(restored.reference);
  const settings: ReinforceSettings = { ...stage, seed: recipe.seed };
  // Threads that are not ended keep the process alive.
  const learnt = await openLearnt(recipe, stage, store, options, { model, restored, positions }).catch(
    async (error: unknown) => {
      await engine.close();
      throw error;
    },
  );
  lineage.judges = learnt.judges;
  const judge = learnt.judge(source.judge);
  // A reference is kept wherever it has a say.
  const anchored = stage.klWeight !== 0 || (stage.ppo?.klReward ?? 0) !== 0;
  try {
    await reinforce(settings, state, {
      compute,
      optimizer: engine.optimizer,
      tokenizer,
      store: watched,
      judge,
      ...(stage.ppo && learnt.critic
        ? { updates: ppoUpdates({ ...settings, ppo: stage.ppo }, engine, learnt.critic) }
        : {}),
      problem: (index, odds) => draw({ seed: recipe.seed, index, split: "train", ...(odds ? { odds } : {}) }),
      async evaluate(step) {
        const sampling = {
          samples: 1,
          seed: 7,
          temperature: stage.temperature,
          maxNewTokens: stage.maxNewTokens,
          key: ["evaluate", step],
        };
        const answers = await sampleAnswers(compute, tokenizer, heldOut, sampling, source.judge);
        store.evaluations?.(evaluationSample(step, answers));
        lineage.evaluation = summarise(answers, 1);
        return evaluationMetrics(lineage.evaluation);
      },
      async save(now) {
        const files = trainerFiles({
          config,
          parameters: compute.buffers.parameters,
          ...(anchored ? { reference: compute.buffers.reference } : {}),
          adapters: adapterState(compute),
          tokenizerJson: tokenizer.toJson(),
          optimizer: engine.optimizer.state,
          trainer: {
            ...{ kind: stage.kind, state: { ...now }, promptTooLong: fitting.told },
            ...(lora?.tokens ? { newTokens } : {}),
          },
          reckon: {
            ...lineage.record({
              step: now.step,
              tokens: now.promptTokens + now.tokens,
              trained: now.trainedTokens,
              sampledTokens: now.tokens,
            }),
          },
        });
        if (learnt.critic) files.set(...criticFile(learnt.critic));
        await store.saveCheckpoint(now.step, files);
      },
    });
  } finally {
    await engine.close();
    await learnt.close();
  }
}

/** Longest sequence of the stage. */
export function positionsOf(
  { maxNewTokens }: Pick<ReinforceStage, "maxNewTokens">,
  { maxPositions }: ModelConfig,
): number {
  return maxNewTokens + Math.max(PROMPT_ROOM, Math.min(maxPositions - maxNewTokens, MOST_PROMPT));
}

type Draw = ProblemSource["draw"];

/**
 * Draws problems whose prompts have room; others are named in the run once and replaced.
 * @param state of the loop, whose step counts those that are done
 * @param fitting whether it was told already: written here
 */
export function drawFitting(
  source: ProblemSource,
  tokenizer: Tokenizer,
  room: number,
  store: RunStore,
  state: Pick<ReinforceState, "step">,
  fitting: { told: boolean },
): Draw {
  return async (request) => {
    let problem: Problem | undefined;
    let length = 0;
    for (let n = 0; n <= STAND_INS; n++) {
      problem = await source.draw({ ...request, index: standIn(request.index, n) });
      length = promptIds(tokenizer, problem.prompt).length;
      if (length <= room) return problem;
      if (fitting.told) continue;
      fitting.told = true;
      store.event({
        level: "warning",
        code: "PROMPT_TOO_LONG",
        step: request.split === "train" ? state.step + 1 : state.step,
        message: `a prompt of ${problem.family}, level ${problem.level}, has ${length} tokens; there is room for ${room}`,
        help: "such problems are replaced by others of the mixture; shorten them, or lower maxNewTokens",
      });
    }
    throw new ReckonError("PROMPT_TOO_LONG", `the prompts of ${problem!.family}, level ${problem!.level}, do not fit`, {
      expected: `at most ${room} tokens`,
      got: `${length} tokens`,
      help: "shorten the prompts, or lower maxNewTokens",
    });
  };
}
