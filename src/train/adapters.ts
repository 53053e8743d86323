/**
 * What of a computation is trained: the parameters themselves or, with LoRA (model/lora.ts), the adapters beside them, which
 * are merged into the parameters after every update.
 */
import { initialiseLora, loraLayout, mergeLora } from "../model/lora.ts";
import { type ParameterLayout, parameterLayout } from "../model/parameters.ts";
import { ReckonError } from "../util/errors.ts";
import type { Compute, ComputeSpec } from "./compute.ts";
import type { Optimizer } from "./optimizer.ts";

/** The frozen weights and the adapters beside them. */
export interface AdapterState {
  /** In the model's layout. */
  readonly base: Float32Array;
  /** In the adapters' layout. */
  readonly adapters: Float32Array;
}

/** The layout of what is trained, of its gradients and of the optimiser's state. */
export function trainedLayout({ config, lora }: Pick<ComputeSpec, "config" | "lora">): ParameterLayout {
  return lora ? loraLayout(config, lora) : parameterLayout(config);
}

/**
 * Puts a model into a computation.
 * @param parameters in the model's layout
 * @param seed of fresh adapters
 * @param state of the adapters, where a run goes on
 * @throws ReckonError CHECKPOINT_MISMATCH when the run went without adapters before, or with others
 */
export function loadParameters(compute: Compute, parameters: Float32Array, seed: number, state?: AdapterState): void {
  const { spec, buffers } = compute;
  buffers.parameters.set(parameters);
  if (!spec.lora || !buffers.base) return;
  const adapters = state?.adapters ?? initialiseLora(spec.config, spec.lora, seed);
  if (adapters.length !== buffers.trained.length) {
    throw new ReckonError("CHECKPOINT_MISMATCH", "the adapters do not belong to this recipe", {
      expected: `${buffers.trained.length} floats`,
      got: `${adapters.length}`,
    });
  }
  buffers.base.set(state?.base ?? parameters);
  buffers.trained.set(adapters);
}

/** What a checkpoint needs besides the parameters; undefined without adapters. */
export function adapterState({ buffers }: Compute): AdapterState | undefined {
  return buffers.base && { base: buffers.base, adapters: buffers.trained };
}

/** One step of the optimiser. @returns the norm of the gradient before clipping */
export async function applyUpdate(compute: Compute, optimizer: Optimizer, rate: number): Promise<number> {
  const { spec, buffers, gradient } = compute;
  const norm = await optimizer.step(buffers.trained, gradient, rate);
  if (spec.lora && buffers.base) {
    mergeLora(spec.config, spec.lora, { base: buffers.base, adapters: buffers.trained, into: buffers.parameters });
  }
  return norm;
}
