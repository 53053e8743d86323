/** A trainer's checkpoint: the model in Hugging Face layout, the optimiser's state, and where the loop stands. */

import type { ModelConfig } from "../model/config.ts";
import { type LoadedCheckpoint, loadCheckpoint, saveCheckpoint } from "../model/hf-checkpoint.ts";
import { readSafetensors, writeSafetensors } from "../model/safetensors.ts";
import { ReckonError } from "../util/errors.ts";
import type { AdapterState } from "./adapters.ts";
import type { OptimizerState } from "./optimizer.ts";
import type { CheckpointFiles } from "./run-store.ts";

const OPTIMIZER = "optimizer.safetensors";
const TRAINER = "trainer.json";

export interface TrainerCheckpoint {
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
  readonly reference?: Float32Array;
  /** Where adapters are trained; `parameters` are merged. */
  readonly adapters?: AdapterState | undefined;
  readonly tokenizerJson: unknown;
  readonly optimizer: OptimizerState;
  /** The loop's own state: plain JSON. */
  readonly trainer: Readonly<Record<string, unknown>>;
  /** Lineage and evaluation results. */
  readonly reckon: Readonly<Record<string, unknown>>;
}

export interface RestoredTrainer {
  readonly model: LoadedCheckpoint;
  readonly reference: Float32Array | undefined;
  readonly adapters: AdapterState | undefined;
  readonly optimizer: OptimizerState;
  readonly trainer: Readonly<Record<string, unknown>>;
  /** All of the checkpoint's, those of a critic (critic.ts) among them. */
  readonly files: CheckpointFiles;
}

/** All files; weights in float32, so that a resumed run continues bit for bit. */
export function trainerFiles(checkpoint: TrainerCheckpoint): Map<string, Uint8Array> {
  const { config, parameters, tokenizerJson, optimizer, reckon, reference, adapters } = checkpoint;
  const files = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32", reckon });
  const tensor = (data: Float32Array): { dtype: "F32"; shape: number[]; data: Uint8Array } => ({
    dtype: "F32",
    shape: [data.length],
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
  files.set(
    OPTIMIZER,
    writeSafetensors(
      new Map([
        ["first", tensor(optimizer.first)],
        ["second", tensor(optimizer.second)],
        ...(reference ? [["reference", tensor(reference)] as const] : []),
        ...(adapters
          ? [["base", tensor(adapters.base)] as const, ["adapters", tensor(adapters.adapters)] as const]
          : []),
      ]),
    ),
  );
  const trainer = { ...checkpoint.trainer, optimizerStep: optimizer.step };
  files.set(TRAINER, new TextEncoder().encode(`${JSON.stringify(trainer, null, 2)}\n`));
  return files;
}

/** Reads what `trainerFiles` wrote. */
export async function restoreTrainer(files: CheckpointFiles): Promise<RestoredTrainer> {
  const model = await loadCheckpoint({ get: async (name) => files.get(name) });
  const [optimizerBytes, trainerBytes] = [files.get(OPTIMIZER), files.get(TRAINER)];
  if (!optimizerBytes || !trainerBytes) {
    throw new ReckonError("CHECKPOINT_NO_TRAINER", "the checkpoint holds a model but no trainer's state", {
      expected: `${OPTIMIZER} and ${TRAINER}`,
      got: [...files.keys()].join(", "),
      help: "start a new run from this model instead of resuming",
    });
  }
  const tensors = readSafetensors(optimizerBytes);
  const floats = (name: string): Float32Array | undefined => {
    const tensor = tensors.get(name);
    return tensor && new Float32Array(tensor.data.slice().buffer);
  };
  const trainer = JSON.parse(new TextDecoder().decode(trainerBytes)) as Record<string, unknown>;
  const [base, adapters] = [floats("base"), floats("adapters")];
  return {
    model,
    reference: floats("reference"),
    adapters: base && adapters && { base, adapters },
    optimizer: { first: floats("first")!, second: floats("second")!, step: Number(trainer["optimizerStep"]) },
    trainer,
    files,
  };
}
