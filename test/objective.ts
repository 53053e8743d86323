/** Runs an objective once over micro-batches, for tests that compare layouts, targets and golden values. */

import type { Provider, Target } from "../src/graph/index.ts";
import { cpuProvider } from "../src/graph/node.ts";
import type { ModelConfig } from "../src/model/config.ts";
import type { MicroBatch } from "../src/train/batch.ts";
import { GradientEngine } from "../src/train/gradient-engine.ts";
import type { Objective } from "../src/train/objective.ts";

export interface ObjectiveRun {
  readonly loss: number;
  /** All zeros of scores. */
  readonly gradient: Float32Array;
  /** Of every sequence. */
  readonly logprobs: readonly Float32Array[];
  readonly entropy: readonly Float32Array[];
}

/** @param options provider: default the CPU's; target: default `fused` */
export async function runObjective(
  config: ModelConfig,
  parameters: Float32Array,
  objective: Objective,
  batches: readonly MicroBatch[],
  options: { readonly packed?: boolean; readonly target?: Target; readonly provider?: Provider } = {},
): Promise<ObjectiveRun> {
  const { provider = await cpuProvider(), target = "fused", packed = false } = options;
  const positions = config.maxPositions;
  const engine = await GradientEngine.create(provider, config, objective, { packed, positions, target });
  const gradient = new Float32Array(parameters.length);
  const results =
    objective.kind === "score"
      ? await engine.score(parameters, batches)
      : await engine.gradients(parameters, gradient, batches);
  await engine.release();
  const logprobs: Float32Array[] = [];
  const entropy: Float32Array[] = [];
  batches.forEach((batch, b) => {
    for (const { index, start, count } of batch.spans) {
      logprobs[index] = results[b]!.logprobs.slice(start, start + count);
      entropy[index] = results[b]!.entropy.slice(start, start + count);
    }
  });
  return { loss: results.reduce((total, { loss }) => total + loss, 0), gradient, logprobs, entropy };
}
