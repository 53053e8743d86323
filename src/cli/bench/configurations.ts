/**
 * What is measured: three sizes of model, each with a training batch, and one decoding job.
 *
 * `a` is about the size that Reckon ships, `b` a middle one, `c` has grouped queries and a real vocabulary, as small
 * published models do.
 */
import type { ModelConfig } from "../../model/config.ts";
import { initialise } from "../../model/initialise.ts";
import { parameterLayout } from "../../model/parameters.ts";
import type { Sequence } from "../../train/batch.ts";
import { Random } from "../../util/random.ts";

export type ConfigurationName = "a" | "b" | "c";

export interface Configuration {
  readonly name: ConfigurationName;
  readonly model: ModelConfig;
  /** Sequences in a training batch. */
  readonly rows: number;
  /** Tokens in each. */
  readonly length: number;
}

/** What all of them have in common. */
export const SHARED = {
  architecture: "llama",
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 1024,
} as const;

export const CONFIGURATIONS: Readonly<Record<ConfigurationName, Configuration>> = {
  a: {
    name: "a",
    model: {
      ...SHARED,
      vocabSize: 64,
      hiddenSize: 128,
      layers: 4,
      heads: 4,
      kvHeads: 4,
      headDim: 32,
      intermediateSize: 384,
    },
    rows: 32,
    length: 96,
  },
  b: {
    name: "b",
    model: {
      ...SHARED,
      vocabSize: 64,
      hiddenSize: 256,
      layers: 6,
      heads: 8,
      kvHeads: 8,
      headDim: 32,
      intermediateSize: 768,
    },
    rows: 16,
    length: 96,
  },
  c: {
    name: "c",
    model: {
      ...SHARED,
      vocabSize: 8192,
      hiddenSize: 576,
      layers: 6,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      intermediateSize: 1536,
    },
    rows: 2,
    length: 256,
  },
};

export interface DecodingJob {
  readonly rows: number;
  /** Tokens of each prompt. */
  readonly prompt: number;
  readonly newTokens: number;
}

/** The decoding job, the same for all sizes. */
export const DECODING: DecodingJob = { rows: 64, prompt: 32, newTokens: 128 };

/** Random weights whose distributions are far from uniform, so that greedy choices are clear. */
export function benchParameters(configuration: Pick<Configuration, "model">): Float32Array {
  return initialise(configuration.model, 1, { embeddingScale: 4 });
}

/** A training batch: every token is learnt, a fifth with weight 0 (as masked tokens are). */
export function trainingBatch({ model, rows, length }: Omit<Configuration, "name">): Sequence[] {
  return Array.from({ length: rows }, (_, row) => {
    const random = Random.of(1, "bench", "batch", row);
    return {
      tokens: Array.from({ length: length + 1 }, () => random.int(0, model.vocabSize - 1)),
      from: 1,
      weight: row % 5 === 4 ? 0 : (1 + row) / (rows * rows * length),
    };
  });
}

/** Prompts of a decoding job. */
export function prompts(model: ModelConfig, job: DecodingJob = DECODING): number[][] {
  return Array.from({ length: job.rows }, (_, row) => {
    const random = Random.of(1, "bench", "prompt", row);
    return Array.from({ length: job.prompt }, () => random.int(0, model.vocabSize - 1));
  });
}

/** What a pass over one token multiplies with: all matrices, and the embedding as the output matrix. */
export function weightsInProducts(model: ModelConfig): number {
  const matrices = parameterLayout(model).entries.filter((entry) => entry.kind === "matrix");
  return matrices.reduce((total, entry) => total + entry.size, 0) + model.vocabSize * model.hiddenSize;
}

/**
 * Useful operations of one forward and backward pass: 6 per weight in a product and token, and attention over all S × S
 * pairs. The masked half is included, as is usual (PaLM, appendix B): both sides compute it.
 */
export function trainingFlops({ model, rows, length }: Omit<Configuration, "name">): number {
  const attention = model.layers * model.heads * model.headDim * length * 2;
  return 6 * rows * length * (weightsInProducts(model) + attention);
}

/**
 * Useful operations of a decoding job, prefill included: 2 per weight in a product and token, and attention only over the
 * pairs that are there.
 */
export function decodingFlops({ model }: Pick<Configuration, "model">, job: DecodingJob = DECODING): number {
  const { rows, prompt, newTokens } = job;
  const tokens = prompt + newTokens - 1; // The last token is drawn and never read.
  const attended = (tokens * (tokens + 1)) / 2;
  const attention = 2 * model.layers * model.heads * model.headDim * attended;
  return 2 * rows * (tokens * weightsInProducts(model) + attention);
}
