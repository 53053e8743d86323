/**
 * Shared by this room's tests: a store in memory, and a world so small that learning in it takes seconds. In it a prompt is
 * a digit, and answers are single letters; documents answer with any letter, so a base trained on them knows the form and
 * guesses the letter. Only `RIGHT` earns a reward: what reinforcement must find out by itself.
 */
import type { Provider } from "../graph/index.ts";
import { trainBpe } from "../model/bpe-train.ts";
import { promptIds } from "../model/chat-template.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import type { LoraSettings } from "../model/lora.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { type Problem, SPECIAL_TOKENS } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { adapterState, loadParameters, trainedLayout } from "./adapters.ts";
import { restoreTrainer, trainerFiles } from "./checkpoint.ts";
import { type ComputeSpec, LocalCompute } from "./compute.ts";
import type { Odds } from "./curriculum.ts";
import type { Judge } from "./judge.ts";
import { Optimizer, type OptimizerSettings } from "./optimizer.ts";
import { PRETRAIN_START, type PretrainSettings, type PretrainState, pretrain, type TokenDocument } from "./pretrain.ts";
import { REINFORCE_START, type ReinforceState, reinforce } from "./reinforce.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import type { CheckpointFiles, Metrics, RolloutRecord, RunEvent, RunStore, StoredCheckpoint } from "./run-store.ts";

/** Keeps a run in memory. Bytes are copied on the way in and out, as a disk would. */
export class MemoryStore implements RunStore {
  records: Metrics[] = [];
  samples: RolloutRecord[] = [];
  events: RunEvent[] = [];
  saved: StoredCheckpoint[] = [];
  /** After this step the loop is asked to stop. */
  stopAfter = Number.POSITIVE_INFINITY;
  #step = 0;

  metrics(record: Metrics): void {
    this.records.push(record);
  }

  rollouts(records: readonly RolloutRecord[]): void {
    this.samples.push(...records);
  }

  event(event: RunEvent): void {
    this.events.push(event);
  }

  progress(step: number): void {
    this.#step = step;
  }

  async saveCheckpoint(step: number, files: CheckpointFiles): Promise<void> {
    this.saved = [...this.saved.filter((other) => other.step < step), { step, files: copy(files) }];
  }

  async latestCheckpoint(): Promise<StoredCheckpoint | undefined> {
    const last = this.saved.at(-1);
    return last && { step: last.step, files: copy(last.files) };
  }

  async rewind(step: number): Promise<void> {
    const kept = (record: { readonly step: number }): boolean => record.step <= step;
    this.records = this.records.filter(kept);
    this.samples = this.samples.filter(kept);
    this.events = this.events.filter(kept);
    this.saved = this.saved.filter(kept);
  }

  stopRequested(): boolean {
    return this.#step >= this.stopAfter;
  }

  /** One metric over the steps. */
  curve(name: string): number[] {
    return this.records.flatMap((record) => (record as Record<string, number>)[name] ?? []);
  }
}

function copy(files: CheckpointFiles): CheckpointFiles {
  return new Map([...files].map(([name, bytes]) => [name, bytes.slice()]));
}

/** Metrics without what the clock measured. */
export function timeless(records: readonly Metrics[]): Record<string, number>[] {
  return records.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([key]) => !key.startsWith("time/"))),
  );
}

export const LETTERS = ["a", "b", "c", "d", "e"] as const;
const tokenizerJson = trainBpe(["0 1 2 3 4 a b c d e"], { vocabSize: 264, specials: SPECIAL_TOKENS });
export const tokenizer = Tokenizer.fromJson(tokenizerJson);

export const config: ModelConfig = {
  architecture: "llama",
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 16,
  intermediateSize: 48,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 64,
};
const SPEC: ComputeSpec = { config, shards: 2, positions: 32, packed: false };

export function digitProblem(index: number): Problem<number> {
  const digit = index % LETTERS.length;
  return {
    id: `digit-${index}`,
    family: "toy",
    level: 0,
    language: "en",
    prompt: String(digit),
    facts: digit,
    chance: 0.2,
  };
}

/** The one letter that earns the reward for a digit. */
export const rightLetter = (digit: number): string => LETTERS[(2 * digit + 1) % LETTERS.length]!;

/** 1 for the right letter and the end, else 0. */
export const letterJudge: Judge = async (rollouts) =>
  rollouts.map(({ problem, text }) => {
    const score = text === `${rightLetter(problem.facts as number)}<|end|>` ? 1 : 0;
    return {
      score,
      reason: score === 1 ? "the right letter" : "another answer",
      reward: score,
      rewards: { accuracy: score },
    };
  });

/** Document `index`: a digit and any letter. */
export function letterDocument(index: number): TokenDocument {
  const random = Random.of(17, "letters", index);
  const prompt = promptIds(tokenizer, String(random.int(0, 4)));
  return { tokens: [...prompt, ...tokenizer.encode(random.pick(LETTERS)), 1], from: prompt.length };
}

/** A stage of training with all its parts, that can be stopped and continued from its store. */
export interface Stage {
  readonly store: MemoryStore;
  readonly compute: LocalCompute;
  readonly optimizer: Optimizer;
}

async function stage(
  provider: Provider,
  store: MemoryStore,
  parameters: Float32Array,
  settings: OptimizerSettings,
  packed: boolean,
  lora?: LoraSettings,
): Promise<Stage & { readonly trainer: Readonly<Record<string, unknown>> | undefined }> {
  const compute = new LocalCompute(provider, { ...SPEC, packed, lora });
  const optimizer = await Optimizer.create(provider, config, settings, { layout: trainedLayout(compute.spec) });
  const latest = await store.latestCheckpoint();
  if (!latest) {
    loadParameters(compute, parameters, 1);
    return { store, compute, optimizer, trainer: undefined };
  }
  await store.rewind(latest.step);
  const restored = await restoreTrainer(latest.files);
  loadParameters(compute, restored.model.parameters, 1, restored.adapters);
  if (restored.reference) compute.buffers.reference.set(restored.reference);
  optimizer.state.first.set(restored.optimizer.first);
  optimizer.state.second.set(restored.optimizer.second);
  optimizer.state.step = restored.optimizer.step;
  return { store, compute, optimizer, trainer: restored.trainer };
}

async function save(parts: Stage, state: PretrainState | ReinforceState): Promise<void> {
  const files = trainerFiles({
    config,
    parameters: parts.compute.buffers.parameters,
    reference: parts.compute.buffers.reference,
    adapters: adapterState(parts.compute),
    tokenizerJson,
    optimizer: parts.optimizer.state,
    trainer: { state: { ...state } },
    reckon: {},
  });
  await parts.store.saveCheckpoint(state.step, files);
}

async function close({ compute, optimizer }: Stage): Promise<void> {
  await compute.close();
  await optimizer.release();
}

/** Pretrains from fresh parameters, or goes on from the store's last checkpoint. @returns the parameters */
export async function runPretrain(
  provider: Provider,
  settings: PretrainSettings,
  options: {
    readonly store?: MemoryStore;
    readonly document?: (index: number) => TokenDocument;
    readonly optimizer?: OptimizerSettings;
    /** Default: fresh ones. */
    readonly parameters?: Float32Array;
    readonly lora?: LoraSettings;
    readonly inspect?: (parts: Stage) => Promise<void>;
  } = {},
): Promise<Float32Array> {
  const { store = new MemoryStore(), document = letterDocument, optimizer = { name: "adamw" } } = options;
  const parameters = options.parameters ?? initialise(config, 1);
  const parts = await stage(provider, store, parameters, optimizer, true, options.lora);
  const state = { ...PRETRAIN_START, ...(parts.trainer?.["state"] as PretrainState | undefined) };
  await pretrain(settings, state, { ...parts, document, save: (now) => save(parts, now) });
  await options.inspect?.(parts);
  await close(parts);
  return parts.compute.buffers.parameters;
}

let base: Promise<Float32Array> | undefined;

/** A model that answers digits with any of the letters. */
export function letterBase(provider: Provider): Promise<Float32Array> {
  base ??= runPretrain(provider, {
    steps: 80,
    tokensPerStep: 400,
    rowLength: 32,
    microBatchTokens: 512,
    learningRate: 0.01,
    schedule: { kind: "linear", warmup: 10 },
    checkpointEvery: 1000,
    evaluateEvery: 0,
  });
  return base;
}

export const REINFORCE: ReinforceSettings = {
  steps: 80,
  seed: 1,
  promptsPerStep: 10,
  samplesPerPrompt: 16,
  maxNewTokens: 4,
  temperature: 1,
  iterations: 1,
  miniBatches: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klWeight: 0,
  referenceEvery: 0,
  normalisation: "grpo",
  rewardScale: "group",
  resample: 0,
  learningRate: 0.003,
  schedule: { kind: "constant", warmup: 0 },
  microBatchTokens: 512,
  checkpointEvery: 1000,
  evaluateEvery: 0,
  rolloutsEvery: 0,
  rolloutGroups: 0,
};

/** Reinforces the letters from the base, or goes on from the store's last checkpoint. */
export async function runReinforce(
  provider: Provider,
  settings: Partial<ReinforceSettings>,
  options: {
    readonly store?: MemoryStore;
    readonly judge?: Judge;
    readonly problem?: (index: number, odds?: Odds) => Problem;
    readonly evaluate?: (step: number) => Promise<Record<string, number>>;
    readonly lora?: LoraSettings;
    /** Looks at the parts when the stage is over, before they are released. */
    readonly inspect?: (parts: Stage) => Promise<void>;
  } = {},
): Promise<{ readonly parameters: Float32Array; readonly store: MemoryStore }> {
  const { store = new MemoryStore(), judge = letterJudge, problem = digitProblem, evaluate } = options;
  const parts = await stage(provider, store, await letterBase(provider), { name: "adamw" }, false, options.lora);
  const state = { ...REINFORCE_START, ...(parts.trainer?.["state"] as ReinforceState | undefined) };
  await reinforce({ ...REINFORCE, ...settings }, state, {
    ...parts,
    tokenizer,
    judge,
    problem,
    ...(evaluate ? { evaluate } : {}),
    save: (now) => save(parts, now),
  });
  await options.inspect?.(parts);
  await close(parts);
  return { parameters: parts.compute.buffers.parameters, store };
}
