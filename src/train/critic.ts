/** A critic in its policy's checkpoint: a file of its own beside the policy's, so that the policy stays a plain language model. */
import { parseSafetensors, tensorFromFloat32, tensorToFloat32, writeSafetensors } from "../model/safetensors.ts";
import { ReckonError } from "../util/errors.ts";
import type { Critic } from "./ppo.ts";
import type { CheckpointFiles } from "./run-store.ts";

const CRITIC = "critic.safetensors";

/** Its parameters and its optimiser's state, in float32: a resumed run goes on bit for bit. */
export function criticFile({ compute, optimizer }: Critic): readonly [string, Uint8Array] {
  const { first, second, step } = optimizer.state;
  const flat = (data: Float32Array) => tensorFromFloat32(data, [data.length], "F32");
  const tensors = new Map([
    ["parameters", flat(compute.buffers.parameters)],
    ["first", flat(first)],
    ["second", flat(second)],
  ]);
  return [CRITIC, writeSafetensors(tensors, { step: String(step) })];
}

/**
 * Writes a checkpoint's critic over this one.
 * @throws ReckonError CHECKPOINT_NO_TRAINER where there is none, CHECKPOINT_MISMATCH where it is of another model
 */
export function restoreCritic(files: CheckpointFiles, { compute, optimizer }: Critic): void {
  const bytes = files.get(CRITIC);
  if (!bytes) {
    throw new ReckonError("CHECKPOINT_NO_TRAINER", "the checkpoint holds a policy but no critic", {
      expected: CRITIC,
      got: [...files.keys()].join(", "),
      help: "start a new run from this model instead of resuming",
    });
  }
  const { tensors, metadata } = parseSafetensors(bytes);
  const parts = {
    parameters: compute.buffers.parameters,
    first: optimizer.state.first,
    second: optimizer.state.second,
  };
  for (const [name, buffer] of Object.entries(parts)) {
    const values = tensorToFloat32(tensors.get(name)!, name);
    if (values.length !== buffer.length) {
      throw new ReckonError("CHECKPOINT_MISMATCH", "the critic does not belong to this model", {
        expected: `${buffer.length} floats`,
        got: `${values.length}`,
      });
    }
    buffer.set(values);
  }
  optimizer.state.step = Number(metadata["step"]);
}
