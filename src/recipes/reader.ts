/** The language model that marks a judge's texts (marks.ts), in the judge's own checkpoint: without it the judge cannot read. */
import type { ProviderChoice } from "../graph/node.ts";
import { type ModelConfig, parameterLayout } from "../model/index.ts";
import { parseSafetensors, tensorFromFloat32, tensorToFloat32, writeSafetensors } from "../model/safetensors.ts";
import type { ScoringModel } from "../model/scoring.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import type { Compute, ComputeSpec } from "../train/compute.ts";
import { ReckonError } from "../util/errors.ts";
import { MOST_MARKS, withMarks } from "./marks.ts";

export const READER = "reader.safetensors";

/** In float32: a judge that is opened again reads as it did. */
export function readerFile({ config, parameters }: ScoringModel): readonly [string, Uint8Array] {
  const tensors = new Map([["parameters", tensorFromFloat32(parameters, [parameters.length], "F32")]]);
  return [READER, writeSafetensors(tensors, { config: JSON.stringify(config) })];
}

/** @throws ReckonError REWARD_READER where there is none, or another thing than `readerFile` wrote */
export function readReader(bytes: Uint8Array | undefined, folder: string): ScoringModel {
  const fault = (got: string, cause?: unknown): ReckonError =>
    new ReckonError("REWARD_READER", `${folder} reads with marks, and its reader cannot be used`, {
      expected: `${READER}, as the training of the reward model writes it`,
      got,
      help: "name the run itself, or a whole copy of its checkpoint; an export leaves the reader out",
      cause,
    });
  if (bytes === undefined) throw fault("no such file");
  try {
    const { tensors, metadata } = parseSafetensors(bytes);
    const config = JSON.parse(metadata["config"]!) as ModelConfig;
    const parameters = tensorToFloat32(tensors.get("parameters")!, "parameters");
    if (parameters.length !== parameterLayout(config).size) throw new Error(`${parameters.length} floats`);
    return { config, parameters };
  } catch (cause) {
    throw fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Positions of a judge whose texts have so many tokens. */
export const roomFor = (positions: number, marks: number | undefined): number =>
  marks === undefined ? positions : positions + MOST_MARKS;

/**
 * The judge's computation with its reader in threads of its own.
 * @param judge with {@link roomFor} its texts
 * @param marks tokens that the reader held for less likely than this are marked
 */
export function readWith(
  judge: Compute,
  { config, parameters }: ScoringModel,
  {
    marks,
    tokenizer,
    workers,
    provider,
  }: {
    readonly marks: number;
    readonly tokenizer: Tokenizer;
    readonly workers: number;
    readonly provider: ProviderChoice;
  },
): Compute {
  const { shards, positions } = judge.spec;
  const spec: ComputeSpec = { config, shards, positions, packed: false };
  const reader = new WorkerCompute(spec, workers, provider);
  reader.buffers.parameters.set(parameters);
  const begin = tokenizer.specialId("<|assistant|>")!;
  // Neither stands in a response. Published models, which get those of our tokens that they lack, have a padding of their own.
  const mark = tokenizer.specialId("<|pad|>") ?? tokenizer.specialId("<|user|>")!;
  return withMarks(judge, { reader, begin, mark, below: marks });
}
