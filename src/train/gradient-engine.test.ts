/** Gradients that are summed outside the graph, where a provider cannot sum in place, are those that are summed inside. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors, relativeError } from "../../test/golden-files.ts";
import type { Provider } from "../graph/index.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { microBatches, type Sequence } from "./batch.ts";
import { GradientEngine } from "./gradient-engine.ts";

const { config, documents } = goldenJson<{ config: ModelConfig; documents: Sequence[] }>("model-llama-tied");
const parameters = flatten(config, goldenTensors("model-llama-tied"));
const batches = microBatches(documents, { tokens: 32, multiple: 8 });

/** Two steps in a row, from a buffer with something in it. */
async function gradients(provider: Provider): Promise<{ gradient: Float32Array; sessions: number }> {
  let sessions = 0;
  const counted: Provider = {
    ...provider,
    session(graph, options) {
      sessions++;
      return provider.session(graph, options);
    },
  };
  const positions = config.maxPositions;
  const engine = await GradientEngine.create(counted, config, { kind: "crossEntropy" }, { packed: false, positions });
  const gradient = new Float32Array(parameters.length).fill(7);
  for (let step = 0; step < 2; step++) await engine.gradients(parameters, gradient, batches);
  await engine.release();
  return { gradient, sessions };
}

test("summed outside as inside, with one session in place of two", async () => {
  assert.ok(batches.length > 1);
  const cpu = await cpuProvider();
  const inside = await gradients(cpu);
  const outside = await gradients({ ...cpu, inPlace: false });
  assert.ok(relativeError(outside.gradient, inside.gradient) < 1e-6);
  assert.deepEqual([inside.sessions, outside.sessions], [2, 1]);
});
