/**
 * From a resolved recipe to parts that run: compute, optimiser, tokenizer, documents and problems, and the way back from
 * a checkpoint. The one place where recipes, training and runs meet.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cpuProvider, type NodeProviderName, nodeProvider, type ProviderChoice } from "../graph/node.ts";
import { trainBpe } from "../model/bpe-train.ts";
import { type ModelConfig, validateConfig } from "../model/config.ts";
import { type LoadedCheckpoint, loadCheckpoint } from "../model/hf-checkpoint.ts";
import { initialise } from "../model/initialise.ts";
import { type ExtendedModel, withSpecialTokens } from "../model/special-tokens.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import { document, renderDocument, SPECIAL_TOKENS } from "../tasks/index.ts";
import { type AdapterState, loadParameters, trainedLayout } from "../train/adapters.ts";
import { type RestoredTrainer, restoreTrainer } from "../train/checkpoint.ts";
import type { Compute, ComputeSpec } from "../train/compute.ts";
import { Optimizer, type OptimizerSettings, type OptimizerState } from "../train/optimizer.ts";
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { phasesOf } from "./corpus-mix.ts";
import type { PretrainStage, Recipe } from "./schema.ts";

/** The folder of a run that writes data files of its own. */
export function folderOf(store: RunStore): string {
  if (store.path === undefined) throw new Error("internal: data needs a folder");
  return store.path;
}

/** Reads a model's folder. */
export async function loadModelFolder(folder: string): Promise<LoadedCheckpoint> {
  return loadCheckpoint({
    async get(name) {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new ReckonError("MODEL_UNREADABLE", `${join(folder, name)} could not be read`, {
          got: (error as Error).message,
          cause: error,
        });
      }
    },
  });
}

/** What a fresh model reads and writes. */
export interface Vocabulary {
  readonly tokenizer: Tokenizer;
  /** Rows of the embedding: of published models some have no token. */
  readonly vocabSize: number;
}

/**
 * The vocabulary of a fresh model: learnt from its corpus, or that of the model which the stage takes it from, as that one
 * has it when it teaches: with our special tokens.
 * @param modelFolder the folder of a model that the recipe names
 * @throws ReckonError TOKENIZER_MISSING, and what reading the model throws
 */
export async function freshVocabulary(
  recipe: Recipe,
  stage: PretrainStage,
  modelFolder: (name: string) => string = (name) => name,
): Promise<Vocabulary> {
  const settings = stage.tokenizer;
  if (settings.from === undefined) {
    const tokenizer = corpusTokenizer(recipe, stage, settings);
    return { tokenizer, vocabSize: tokenizer.vocabSize };
  }
  const folder = modelFolder(settings.from);
  if (!existsSync(join(folder, "tokenizer.json"))) {
    throw new ReckonError("TOKENIZER_MISSING", `${settings.from} has no tokenizer that could be taken`, {
      expected: "the folder of a model, with tokenizer.json",
      got: folder,
      help: "check tokenizer.from in the recipe",
    });
  }
  const { tokenizer, config } = (await loadOurs(folder)).model;
  return { tokenizer, vocabSize: config.vocabSize };
}

/** Reads a model's folder, and gives it those of our special tokens that it lacks. */
export async function loadOurs(folder: string): Promise<ExtendedModel> {
  return withSpecialTokens(await loadModelFolder(folder), SPECIAL_TOKENS, "<|end|>");
}

/** A tokenizer learnt from documents of the corpus, of all its phases in turn. */
function corpusTokenizer(
  recipe: Recipe,
  stage: PretrainStage,
  { documents, digits, vocabSize }: Exclude<PretrainStage["tokenizer"], { from: string }>,
): Tokenizer {
  const phases = phasesOf(stage);
  const texts = function* (): Generator<string> {
    for (let i = 0; i < documents; i++) {
      yield renderDocument(document(Random.of(recipe.seed, "tokenizer", i), phases[i % phases.length]!.mix));
    }
  };
  return Tokenizer.fromJson(trainBpe(texts(), { vocabSize, digits, specials: SPECIAL_TOKENS }));
}

/** The configuration of a fresh model for a vocabulary. */
export function freshConfig(stage: PretrainStage, { vocabSize }: Pick<Vocabulary, "vocabSize">): ModelConfig {
  const { architecture } = stage.model;
  return validateConfig({
    ...stage.model,
    vocabSize,
    rmsNormEps: 1e-5,
    qkvBias: architecture === "qwen2",
    qkNorm: architecture === "qwen3",
  });
}

/** Fresh parameters of a stage. */
export function freshParameters(recipe: Recipe, stage: PretrainStage, config: ModelConfig): Float32Array {
  return initialise(config, recipe.seed, { embeddingScale: stage.embeddingScale, residualScale: stage.residualScale });
}

export interface Engine {
  readonly compute: Compute;
  readonly optimizer: Optimizer;
  close(): Promise<void>;
}

/** The threads of a run and what they compute on. */
export interface EngineOptions {
  readonly workers: number;
  /** Default `cpu`. */
  readonly provider?: NodeProviderName;
}

/**
 * The provider that was asked for if it passes its self-test, else the CPU, with an event that says why.
 * @param step where the run stands
 */
export async function chooseProvider(
  options: EngineOptions,
  store: Pick<RunStore, "event">,
  step: number,
): Promise<ProviderChoice> {
  const { provider } = await nodeProvider(options.provider ?? "cpu", ({ code, message }) =>
    store.event({ level: code === "PROVIDER_REFUSED" ? "warning" : "info", code, step, message }),
  );
  return { name: provider.name as NodeProviderName, target: provider.target };
}

/**
 * Threads and optimiser for a model.
 * @param provider see `chooseProvider`; the optimiser's own work is the processor's
 * @param parameters what to start from
 * @param state the optimiser's state, when a run is resumed
 * @param adapters with LoRA: the seed of fresh ones, and their state when a run is resumed
 */
export async function startEngine(
  spec: ComputeSpec,
  { workers }: EngineOptions,
  provider: ProviderChoice,
  settings: OptimizerSettings,
  parameters: Float32Array,
  state?: OptimizerState,
  adapters: { readonly seed: number; readonly state?: AdapterState | undefined } = { seed: 0 },
): Promise<Engine> {
  const compute = new WorkerCompute(spec, workers, provider);
  const layout = trainedLayout(spec);
  const optimizer = await Optimizer.create(await cpuProvider(), spec.config, settings, { layout, threads: workers });
  loadParameters(compute, parameters, adapters.seed, adapters.state);
  if (state) {
    const { size } = layout;
    if (state.first.length !== size || state.second.length !== size) {
      throw new ReckonError("CHECKPOINT_MISMATCH", "the optimiser's state does not belong to this model", {
        expected: `${size} floats`,
        got: `${state.first.length}`,
      });
    }
    optimizer.state.first.set(state.first);
    optimizer.state.second.set(state.second);
    optimizer.state.step = state.step;
  }
  return {
    compute,
    optimizer,
    async close() {
      await compute.close();
      await optimizer.release();
    },
  };
}

/** What a run continues from: its newest checkpoint, with everything written after it taken back. */
export async function restore(store: RunStore): Promise<RestoredTrainer | undefined> {
  const stored = await store.latestCheckpoint();
  await store.rewind(stored?.step ?? -1);
  return stored && (await restoreTrainer(stored.files));
}

/**
 * The loop's state of a checkpoint. What an older version did not count yet begins at 0 here, and the run says so.
 * @param start the state of a run that begins
 */
export function restoredState<State extends { readonly step: number }>(
  restored: RestoredTrainer | undefined,
  start: State,
  store: RunStore,
): State {
  if (!restored) return { ...start };
  const known = restored.trainer["state"] as Partial<State>;
  const missing = Object.keys(start).filter((key) => !(key in known));
  const state = { ...start, ...known };
  if (missing.length > 0) {
    store.event({
      level: "info",
      code: "COUNT_RESTARTED",
      step: state.step,
      message: `the checkpoint is of an older version, which did not count ${missing.join(", ")}: counted from step ${state.step} on`,
    });
  }
  return state;
}
