/** Runs the stages over documents, pretraining and supervised fine-tuning, in a run directory. */
import type { ModelConfig } from "../model/config.ts";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import type { LoraSettings } from "../model/lora.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { EVALUATION_SEED, type ProblemWeight, sampleFromMix } from "../tasks/index.ts";
import { adapterState } from "../train/adapters.ts";
import { documentPacking, microBatches } from "../train/batch.ts";
import { type RestoredTrainer, trainerFiles } from "../train/checkpoint.ts";
import type { Compute } from "../train/compute.ts";
import { sampleAnswers, summarise } from "../train/evaluate.ts";
import { ruleJudge } from "../train/judge.ts";
import { PRETRAIN_START, pretrain, type TokenDocument } from "../train/pretrain.ts";
import type { RunStore } from "../train/run-store.ts";
import {
  chooseProvider,
  type EngineOptions,
  freshConfig,
  freshParameters,
  freshVocabulary,
  loadOurs,
  restore,
  restoredState,
  startEngine,
} from "./assemble.ts";
import { phasesOf } from "./corpus-mix.ts";
import { cutSolutions, type Data, openData, stepsOf } from "./data.ts";
import { dataFiles, knownFiles, requireUnchanged } from "./data-files.ts";
import { changedSince, originsOf, readDataLineage } from "./data-lineage.ts";
import { type DistributionTeacher, openDistribution } from "./distribution.ts";
import { evaluationMetrics, evaluationSample } from "./evaluation-metrics.ts";
import { Lineage } from "./lineage.ts";
import type { PretrainStage, Recipe, SuperviseStage } from "./schema.ts";
import { isPath, placesOf } from "./stages.ts";
import { readTeacherRecord, teachersOf } from "./teacher/ask.ts";
import { pretrainText, superviseText } from "./texts.ts";

export interface StageOptions extends EngineOptions {
  /** The folder of a model that a recipe names; default: the name is the folder. */
  readonly modelFolder?: (name: string) => string;
}

export async function runPretrain(
  recipe: Recipe,
  stage: PretrainStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const vocabulary = restored ? undefined : await freshVocabulary(recipe, stage, options.modelFolder);
  const tokenizer = vocabulary?.tokenizer ?? restored!.model.tokenizer;
  const config = restored?.model.config ?? freshConfig(stage, vocabulary!);
  const parameters = restored?.model.parameters ?? freshParameters(recipe, stage, config);
  const phases = phasesOf(stage);
  const text = (index: number, step: number): string => {
    const phase = phases.findLast(({ from }) => step >= from * stage.steps) ?? phases[0]!;
    return pretrainText(recipe, phase, index);
  };
  const lineage = restored ? Lineage.resumed(recipe, restored) : Lineage.fresh(recipe, config);
  const start: Start = { tokenizer, config, parameters, restored, lineage, newTokens: [], known: {} };
  await runDocuments(recipe, stage, store, options, start, text, phases.at(-1)!.mix.problems);
}

/** Supervised fine-tuning of a model, on traces or on clean worked solutions of training problems. */
export async function runSupervise(
  recipe: Recipe,
  stage: SuperviseStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const { model, lineage, added, newTokens } = await beginning(recipe, stage.from, restored, options);
  const { tokenizer, config, parameters } = model;
  tellAdded(store, stage.from, added);
  const files = await dataFiles(placesOf(stage).data.filter(isPath));
  if (restored) requireUnchanged(files, restored.trainer);
  const data = stage.data === undefined ? undefined : await openData(recipe, stage, tokenizer);
  if (data && !restored) {
    lineage.teachers = teachersOf(files);
    lineage.data = originsOf(files);
    lineage.corpora = data.corpora;
    for (const message of data.warnings) store.event({ level: "warning", code: "DATA_LEFT_OUT", step: 0, message });
    for (const message of changedSince(files, readTeacherRecord, readDataLineage))
      store.event({ level: "info", code: "DATA_CHANGED_SINCE", step: 0, message });
  }
  const known = knownFiles(files);
  const start: Start = {
    tokenizer,
    config,
    parameters,
    restored,
    lineage,
    newTokens,
    known,
    ...(data ? { data } : {}),
  };
  const text = (index: number): string => superviseText(recipe, stage, index);
  // The recipe's check has seen to it that there are steps where there is no data.
  const steps = stage.steps ?? stepsOf(data!, stage.epochs!, stage.tokensPerStep);
  await runDocuments(recipe, { ...stage, steps }, store, options, start, text, stage.problems);
}

/** The model that a stage goes on with: the restored one, or that which its recipe names. */
export async function beginning(
  recipe: Recipe,
  from: string,
  restored: RestoredTrainer | undefined,
  options: StageOptions,
): Promise<{
  readonly model: LoadedCheckpoint;
  readonly lineage: Lineage;
  /** Special tokens of ours that a published model has got just now. */
  readonly added: readonly string[];
  /** Ids of those that it has got at the start of this stage, whenever that was. */
  readonly newTokens: readonly number[];
}> {
  if (restored) {
    // Checkpoints without them are of models that had all tokens, or of older versions, which left their rows alone.
    const newTokens = (restored.trainer["newTokens"] ?? []) as readonly number[];
    return { model: restored.model, lineage: Lineage.resumed(recipe, restored), added: [], newTokens };
  }
  const folder = options.modelFolder?.(from) ?? from;
  const { model, added } = await loadOurs(folder);
  const newTokens = added.map((token) => model.tokenizer.specialId(token)!);
  return { model, lineage: await Lineage.child(recipe, model, folder), added, newTokens };
}

/** Says which special tokens a published model has got. */
export function tellAdded(store: RunStore, from: string, added: readonly string[]): void {
  if (added.length === 0) return;
  const message = `${from} has got the special tokens ${added.join(" ")}: it is taught their meaning from nothing`;
  store.event({ level: "info", code: "MODEL_TOKENS_ADDED", step: 0, message });
}

/** A stage's adapters. Beside them the rows of new tokens are learnt: nothing else could tell these from one another. */
export function adaptersOf(lora: LoraSettings | undefined, newTokens: readonly number[]): LoraSettings | undefined {
  return lora && newTokens.length > 0 ? { ...lora, tokens: newTokens } : lora;
}

/** Where a stage over documents begins. */
interface Start {
  readonly tokenizer: Tokenizer;
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
  readonly restored: RestoredTrainer | undefined;
  readonly lineage: Lineage;
  readonly newTokens: readonly number[];
  /** What checkpoints keep of files of data. */
  readonly known: ReturnType<typeof knownFiles>;
  /** What is learnt from in place of texts. */
  readonly data?: Data;
}

async function runDocuments(
  recipe: Recipe,
  stage: PretrainStage | (SuperviseStage & { readonly steps: number }),
  store: RunStore,
  options: StageOptions,
  { tokenizer, config, parameters, restored, lineage, newTokens, known, data }: Start,
  text: (index: number, step: number) => string,
  rungs: readonly ProblemWeight[],
): Promise<void> {
  const positions = Math.max(stage.rowLength + 1, stage.evaluateNewTokens + 64);
  const lora = stage.kind === "supervise" ? adaptersOf(stage.lora, newTokens) : undefined;
  const spec = { config, shards: recipe.shards, positions, packed: true, lora };
  const state = restoredState(restored, PRETRAIN_START, store);
  const provider = await chooseProvider(options, store, state.step);
  const engine = await startEngine(spec, options, provider, stage.optimizer, parameters, restored?.optimizer, {
    seed: recipe.seed,
    state: restored?.adapters,
  });
  const { compute, optimizer } = engine;
  let teacher: DistributionTeacher | undefined;
  const problems = Array.from({ length: stage.evaluateProblems }, (_, index) =>
    sampleFromMix({ seed: EVALUATION_SEED, index, split: "heldout" }, rungs),
  );
  const opening = tokenizer.specialId("<|assistant|>");
  const tokenise = (words: string): TokenDocument => {
    const tokens = tokenizer.encode(words).slice(0, stage.rowLength + 1);
    const at = tokens.indexOf(opening);
    // A prompt that fills the row teaches nothing: without its answer it is not what is to be learnt.
    if (at < 0 && stage.kind === "supervise") return { tokens, from: tokens.length };
    return { tokens, from: Math.max(1, at + 1) };
  };
  // Far behind any document that the run reaches; written as at its last step.
  const looked = Array.from({ length: VALIDATION }, (_, i) => text(VALIDATION_START + i, stage.steps - 1));
  if (stage.kind === "supervise" && data === undefined && !restored) {
    const message = cutSolutions(looked, tokenizer, stage.rowLength);
    if (message !== undefined) store.event({ level: "warning", code: "DATA_CUT", step: 0, message });
  }
  const validation = looked.map(tokenise).filter(({ tokens, from }) => from < tokens.length);
  try {
    if (stage.kind === "supervise" && stage.distribution) {
      const { distribution } = stage;
      const folder = options.modelFolder?.(distribution.teacher) ?? distribution.teacher;
      const threads = { workers: options.workers, provider };
      teacher = await openDistribution(distribution, folder, { tokenizer, config }, spec, threads);
      lineage.teacherHash = teacher.hash;
    }
    await pretrain(stage, state, {
      compute,
      optimizer,
      store,
      ...(teacher ? { distil: teacher.distil } : {}),
      document: (index, step) => data?.document(index) ?? tokenise(text(index, step)),
      async evaluate(step) {
        const settings = { samples: 1, seed: 7, temperature: 1, maxNewTokens: stage.evaluateNewTokens };
        const answers = await sampleAnswers(compute, tokenizer, problems, settings, ruleJudge());
        store.evaluations?.(evaluationSample(step, answers));
        const nats = await validationLoss(compute, validation, stage);
        lineage.evaluation = { ...summarise(answers, 1), nats_per_document: nats };
        return { ...evaluationMetrics(lineage.evaluation), "eval/nats_per_document": nats };
      },
      async save(now) {
        const tokens = now.tokens + now.contextTokens;
        const files = trainerFiles({
          config,
          parameters: compute.buffers.parameters,
          adapters: adapterState(compute),
          tokenizerJson: tokenizer.toJson(),
          optimizer: optimizer.state,
          trainer: { kind: stage.kind, state: { ...now }, ...(lora?.tokens ? { newTokens } : {}), ...known },
          reckon: { ...lineage.record({ step: now.step, tokens, trained: tokens, lossTokens: now.tokens }) },
        });
        await store.saveCheckpoint(now.step, files);
      },
    });
  } finally {
    await teacher?.close();
    await engine.close();
  }
}

const VALIDATION = 400;
const VALIDATION_START = 2 ** 40;

/**
 * Mean negative log-likelihood of documents that are not trained on: per document and not per token, so that models
 * with different tokenizers can be compared.
 */
async function validationLoss(
  compute: Compute,
  documents: readonly TokenDocument[],
  stage: PretrainStage | SuperviseStage,
): Promise<number> {
  const { shards } = compute.spec;
  const batches = Array.from({ length: shards }, (_, s) => {
    const own = documents.filter((_, i) => i % shards === s).map((document) => ({ ...document, weight: 1 }));
    return microBatches(own, { tokens: stage.microBatchTokens, ...documentPacking(stage.rowLength) });
  });
  const results = await compute.score("parameters", batches);
  let total = 0;
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      for (const { start, count } of batch.spans) {
        for (let n = start; n < start + count; n++) total -= results[s]![b]!.logprobs[n]!;
      }
    });
  });
  return total / documents.length;
}
