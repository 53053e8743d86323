/** Trains a reward model in a run directory, and opens one that is trained. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ScoringModel, scoringModel } from "../model/scoring.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { isMissing } from "../runs/disk.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import { type RestoredTrainer, trainerFiles } from "../train/checkpoint.ts";
import type { Opinions } from "../train/model-judge.ts";
import { REWARD_START, trainReward } from "../train/reward.ts";
import { type RewardReading, readText, rewardItem, scoreNames, wantedScores, worthOf } from "../train/reward-data.ts";
import { evaluateReward, type RewardRecord, readRewards } from "../train/reward-model.ts";
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { chooseProvider, loadModelFolder, restore, restoredState, startEngine } from "./assemble.ts";
import { dataFiles, knownFiles, requireUnchanged } from "./data-files.ts";
import { ratedTraces } from "./rated-traces.ts";
import { READER, readerFile, readReader, readWith, roomFor } from "./reader.ts";
import { beginning, type StageOptions } from "./run-pretrain.ts";
import type { Recipe, RewardStage } from "./schema.ts";
import { isPath, placesOf } from "./stages.ts";

export async function runReward(
  recipe: Recipe,
  stage: RewardStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const { model, lineage } = await beginning(recipe, stage.from, restored, options);
  const { config, parameters } = scoringModel(model, scoreNames(stage.loss));
  const { tokenizer } = model;
  const reading: RewardReading = {
    kind: stage.loss,
    judges: stage.judges,
    aspects: stage.aspects,
    reduce: stage.reduce,
  };
  const sources = await dataFiles(placesOf(stage).data.filter(isPath));
  if (restored) requireUnchanged(sources, restored.trainer);
  // What goes on goes on with the rows that it began with: older versions left broken ones out without being told to.
  const data = await ratedTraces(restored ? { broken: "skip", ...stage } : stage, recipe.seed, {
    tokens: stage.rowLength,
    fits: (trace) => readText(tokenizer, trace, reading).tokens.length <= stage.rowLength,
    teaches: (trace) =>
      (reading.kind === "pairs" ? worthOf(trace, reading.aspects) : wantedScores(trace, reading)) !== undefined,
  });
  const { warnings, standIn } = data;
  if (!restored)
    for (const message of warnings) store.event({ level: "warning", code: "DATA_LEFT_OUT", step: 0, message });
  if (standIn && !restored) store.event({ level: "info", code: "DATA_HELD_OUT", step: 0, message: standIn });
  const state = restoredState(restored, REWARD_START, store);
  const marks = marksOf(stage);
  const reader = marks === undefined ? undefined : await readerOf(stage, model, restored, options);
  const spec = { config, shards: recipe.shards, positions: roomFor(stage.rowLength, marks), packed: false };
  const provider = await chooseProvider(options, store, state.step);
  const engine = await startEngine(spec, options, provider, stage.optimizer, parameters, restored?.optimizer);
  const { optimizer } = engine;
  const marking = { marks: marks ?? 0, tokenizer, workers: options.workers, provider };
  const compute = reader === undefined ? engine.compute : readWith(engine.compute, reader, marking);
  const evaluate = oncePerStep(() => evaluateReward(compute, tokenizer, data.heldOut, reading));
  try {
    await trainReward(stage, state, {
      compute,
      optimizer,
      store,
      item: (index) => rewardItem(tokenizer, data.train(index), reading, stage.rowLength),
      evaluate: async (step) => (await evaluate(step)).metrics,
      async save(now) {
        // A checkpoint says how good it is and where its scores lie, whatever step it is of.
        const { centre, metrics, reliability } = await evaluate(now.step);
        const record: RewardRecord = { ...reading, centre };
        const files = trainerFiles({
          config,
          parameters: compute.buffers.parameters,
          tokenizerJson: tokenizer.toJson(),
          optimizer: optimizer.state,
          trainer: { kind: stage.kind, state: { ...now }, ...knownFiles(sources) },
          reckon: {
            ...lineage.record({ step: now.step, tokens: now.tokens, trained: now.tokens }),
            reward: {
              ...record,
              ...(marks === undefined ? {} : { marks }),
              ...{ evaluation: metrics, reliability: reliability.bins },
            },
          },
        });
        if (reader !== undefined) files.set(...readerFile(reader));
        await store.saveCheckpoint(now.step, files);
      },
    });
  } finally {
    await compute.close();
    await optimizer.release();
  }
}

const marksOf = ({ marks = 0 }: Pick<RewardStage, "marks">): number | undefined => (marks > 0 ? marks : undefined);

/** The language model that marks: the one that the stage began with, or the reader of a judge that it began with. */
async function readerOf(
  stage: RewardStage,
  model: ScoringModel,
  restored: RestoredTrainer | undefined,
  options: StageOptions,
): Promise<ScoringModel> {
  if (restored) return readReader(restored.files.get(READER), "the checkpoint");
  if (model.config.scores === undefined) return model;
  return readReader(await fileOf(options.modelFolder?.(stage.from) ?? stage.from, READER), stage.from);
}

/** What `measure` gives of the parameters as they are at a step: a checkpoint of an evaluated step does not pay for it again. */
export function oncePerStep<T>(measure: () => Promise<T>): (step: number) => Promise<T> {
  let last: { readonly step: number; readonly measured: T } | undefined;
  return async (step) => {
    if (last?.step !== step) last = { step, measured: await measure() };
    return last.measured;
  };
}

/** A file of a folder; undefined where there is none. */
async function fileOf(folder: string, name: string): Promise<Uint8Array | undefined> {
  return readFile(join(folder, name)).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** What a checkpoint says of how its judge reads. */
export interface MarkedReading extends RewardRecord {
  /** Tokens that its reader holds for less likely are marked; left out where it reads alone. */
  readonly marks?: number;
}

export interface OpenedReward {
  readonly opinions: Opinions;
  readonly record: RewardRecord;
  readonly tokenizer: Tokenizer;
  close(): Promise<void>;
}

/** Room beside the longest text: another tokenizer, or reading again what was sampled, may need more tokens for it. */
const ROOM = 128;

/**
 * A trained reward model in threads of its own.
 * @param positions longest text in tokens, as those who write it count them; on much longer ones it has no opinion
 * @throws ReckonError REWARD_MODEL for a model that is none
 */
export async function openRewardModel(
  folder: string,
  shards: number,
  positions: number,
  options: StageOptions,
  store: Pick<RunStore, "event">,
): Promise<OpenedReward> {
  const place = options.modelFolder?.(folder) ?? folder;
  const { config, parameters, tokenizer, extra } = await loadModelFolder(place);
  const record = (extra.reckon as { readonly reward?: MarkedReading } | undefined)?.reward;
  if (!record || !config.scores) {
    throw new ReckonError("REWARD_MODEL", `${folder} is no reward model`, {
      expected: "a model with a head of scores and `reward` in its reckon.json, as `reckon train reward` makes it",
      got: config.scores ? "a model with a head of scores alone" : "a language model",
    });
  }
  const provider = await chooseProvider(options, store, 0);
  const { marks } = record;
  const spec = { config, shards, positions: roomFor(positions + ROOM, marks), packed: false };
  const reader = marks === undefined ? undefined : readReader(await fileOf(place, READER), folder);
  const own = new WorkerCompute(spec, options.workers, provider);
  own.buffers.parameters.set(parameters);
  const compute =
    reader === undefined
      ? own
      : readWith(own, reader, { marks: marks!, tokenizer, workers: options.workers, provider });
  return {
    record,
    tokenizer,
    opinions: async (texts) =>
      (await readRewards(compute, tokenizer, texts, record)).map((opinion) => opinion?.value ?? null),
    close: () => compute.close(),
  };
}
