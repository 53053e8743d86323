/**
 * Pretraining (and any supervised fine-tuning): next-token prediction over a deterministic stream of documents, packed
 * into rows, with the loss on what the assistant says and on plain documents, not on prompts.
 *
 * Resumable at any step: the stream is indexed, so the loop's state is the step, the next index and the optimiser's.
 * Left out: data shuffling buffers (the stream is random by construction) and gradient checkpointing (models are small).
 */

import { ReckonError } from "../util/errors.ts";
import { applyUpdate } from "./adapters.ts";
import { type BatchOptions, documentPacking, microBatches, type Sequence } from "./batch.ts";
import type { Compute } from "./compute.ts";
import type { DistilObjective } from "./losses/distil.ts";
import type { Optimizer } from "./optimizer.ts";
import type { RunStore } from "./run-store.ts";
import { type Schedule, scheduleFactor } from "./schedule.ts";

/** A tokenised document: learnt from `from` (at least 1) on. */
export interface TokenDocument {
  readonly tokens: readonly number[];
  readonly from: number;
}

export interface PretrainSettings {
  readonly steps: number;
  /** Tokens in the rows of one step, about. */
  readonly tokensPerStep: number;
  /** Longest row; longer documents are cut at its end. */
  readonly rowLength: number;
  /** Tokens in one micro-batch. */
  readonly microBatchTokens: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Steps between evaluations; 0 for none. */
  readonly evaluateEvery: number;
}

/** The loop's own state, kept in checkpoints. */
export interface PretrainState {
  step: number;
  /** Documents used so far. */
  documents: number;
  /** Learnt tokens so far. */
  tokens: number;
  /** Tokens so far that were only read: prompts, and the first of a document. */
  contextTokens: number;
}

/** Where a run begins; also stands in for what an older checkpoint did not count. */
export const PRETRAIN_START: PretrainState = { step: 0, documents: 0, tokens: 0, contextTokens: 0 };

export interface PretrainParts {
  readonly compute: Compute;
  readonly optimizer: Optimizer;
  readonly store: RunStore;
  /** Document number `index` of the stream. */
  document(index: number, step: number): TokenDocument;
  /** Learns from a teacher's distribution in place of the documents' tokens alone; `teach` adds its rows (teach.ts). */
  readonly distil?: {
    readonly objective: DistilObjective;
    teach(sequences: readonly Sequence[], options: BatchOptions): Promise<readonly Sequence[]>;
  };
  /** Numbers that join the metrics of evaluated steps. */
  evaluate?(step: number): Promise<Record<string, number>>;
  save(state: PretrainState): Promise<void>;
}

/** Runs from `state` to the end, or until the store asks to stop; a checkpoint is saved in both cases. */
export async function pretrain(settings: PretrainSettings, state: PretrainState, parts: PretrainParts): Promise<void> {
  const { compute, optimizer, store } = parts;
  let next = state.step < settings.steps ? takeStep(settings, state, parts) : undefined;
  while (next && state.step < settings.steps) {
    const started = performance.now();
    const { learnt, read, documents } = next;
    const shards = await layOut(settings, parts, next.sequences);
    const running = compute.gradients(parts.distil?.objective ?? { kind: "crossEntropy" }, shards);
    // The next step's documents are written while the workers compute this one.
    const after: PretrainState = {
      step: state.step + 1,
      documents,
      tokens: state.tokens + learnt,
      contextTokens: state.contextTokens + read - learnt,
    };
    next = after.step < settings.steps ? takeStep(settings, after, parts) : undefined;
    const results = await running;
    const rate = settings.learningRate * scheduleFactor(settings.schedule, state.step, settings.steps);
    const norm = await applyUpdate(compute, optimizer, rate);
    const loss = results.flat().reduce((total, result) => total + result.loss, 0);
    Object.assign(state, after);
    const evaluated =
      parts.evaluate && settings.evaluateEvery > 0 && (state.step % settings.evaluateEvery === 0 || !next)
        ? await parts.evaluate(state.step)
        : {};
    store.metrics({
      step: state.step,
      loss,
      grad_norm: norm,
      learning_rate: rate,
      num_tokens: state.tokens + state.contextTokens,
      num_loss_tokens: state.tokens,
      ...evaluated,
      "time/step": (performance.now() - started) / 1000,
    });
    store.progress(state.step, settings.steps);
    const stop = store.stopRequested();
    if (stop || !next || state.step % settings.checkpointEvery === 0) await parts.save(state);
    if (stop) return;
  }
}

/** So many documents in a row without a token to learn are no accident. */
const MAX_USELESS = 10_000;

interface StepWork {
  /** By shard. */
  readonly sequences: readonly Sequence[][];
  readonly learnt: number;
  /** All tokens of the documents, the learnt ones among them. */
  readonly read: number;
  /** Index after the last document taken. */
  readonly documents: number;
}

/** Micro-batches by shard, after the teacher has been asked where there is one. */
async function layOut(
  settings: PretrainSettings,
  { distil }: PretrainParts,
  sequences: readonly (readonly Sequence[])[],
): Promise<ReturnType<typeof microBatches>[]> {
  const options = { tokens: settings.microBatchTokens, ...documentPacking(settings.rowLength) };
  if (!distil) return sequences.map((list) => microBatches(list, options));
  const taught = await distil.teach(sequences.flat(), options);
  let at = 0;
  return sequences.map(({ length }) => {
    at += length;
    return microBatches(taught.slice(at - length, at), options);
  });
}

/** Takes documents until the step is full, and deals them out to the shards. */
function takeStep(settings: PretrainSettings, state: PretrainState, parts: PretrainParts): StepWork {
  const taken: TokenDocument[] = [];
  let total = 0;
  let index = state.documents;
  let useless = 0;
  while (total < settings.tokensPerStep) {
    const document = parts.document(index++, state.step);
    const tokens = document.tokens.slice(0, settings.rowLength + 1);
    if (tokens.length <= document.from) {
      if (++useless < MAX_USELESS) continue;
      throw new ReckonError("TRAIN_NO_DOCUMENTS", "the stream of documents holds nothing to learn from", {
        expected: `documents with a token to learn among the first ${settings.rowLength + 1}`,
        got: `${useless} documents in a row without one`,
        help: "raise rowLength above the length of the prompts, or look at the corpus",
      });
    }
    useless = 0;
    taken.push({ tokens, from: document.from });
    total += tokens.length;
  }
  const learnt = taken.reduce((n, document) => n + document.tokens.length - document.from, 0);
  const split: Sequence[][] = Array.from({ length: parts.compute.spec.shards }, () => []);
  taken.forEach((document, i) => {
    split[i % split.length]!.push({ tokens: document.tokens, from: document.from, weight: 1 / learnt });
  });
  return { sequences: split, learnt, read: total, documents: index };
}
