/**
 * Loss and gradients of whole models against golden values: cross entropy on every architecture (test/golden/model.py) and
 * each loss of the GRPO family (test/golden/losses.py).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors, relativeError, worstParameter } from "../../test/golden-files.ts";
import { graphicsProvider, NO_GRAPHICS } from "../../test/graphics.ts";
import { type ObjectiveRun, runObjective } from "../../test/objective.ts";
import type { Provider, Target } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type BatchOptions, microBatches, type Sequence } from "./batch.ts";
import type { Objective } from "./objective.ts";
import { type Normalisation, tokenWeights } from "./token-weights.ts";

function run(
  config: ModelConfig,
  parameters: Float32Array,
  objective: Objective,
  sequences: readonly Sequence[],
  options: BatchOptions & { readonly target?: Target; readonly provider?: Provider },
): Promise<ObjectiveRun> {
  const { target, provider, ...layout } = options;
  return runObjective(config, parameters, objective, microBatches(sequences, layout), {
    packed: options.pack !== undefined,
    ...(target ? { target } : {}),
    ...(provider ? { provider } : {}),
  });
}

function assertGradient(config: ModelConfig, actual: Float32Array, expected: Float32Array, most = 1e-5): void {
  const { name, error } = worstParameter(config, actual, expected);
  assert.ok(error < most, `the gradient of ${name} is off by ${error} of its largest entry`);
}

const LAYOUTS: Readonly<Record<string, BatchOptions>> = {
  "padded rows": { tokens: 48, multiple: 8 },
  "packed rows": { tokens: 96, multiple: 8, pack: 32 },
};

const graphics = await graphicsProvider();

for (const name of ["llama-tied", "llama-untied", "qwen2", "qwen3"]) {
  const golden = goldenJson<{ config: ModelConfig; documents: Sequence[]; loss: number }>(`model-${name}`);
  const { config } = golden;
  const tensors = goldenTensors(`model-${name}`);
  const parameters = flatten(config, tensors);
  const expected = flatten(config, tensors, "grad.");
  for (const target of ["fused", "portable"] as const) {
    for (const [layout, options] of Object.entries(LAYOUTS)) {
      test(`${name}, ${layout}: loss and all gradients equal PyTorch's (${target})`, async () => {
        const got = await run(config, parameters, { kind: "crossEntropy" }, golden.documents, { ...options, target });
        assert.ok(Math.abs(got.loss / golden.loss - 1) < 1e-6, `loss ${got.loss}, expected ${golden.loss}`);
        assertGradient(config, got.gradient, expected);
      });
    }
  }

  test(`${name}: loss and all gradients equal PyTorch's on WebGPU`, {
    skip: graphics === undefined && NO_GRAPHICS,
  }, async () => {
    const settings = { ...LAYOUTS["padded rows"]!, provider: graphics!, target: graphics!.target };
    const got = await run(config, parameters, { kind: "crossEntropy" }, golden.documents, settings);
    assert.ok(Math.abs(got.loss / golden.loss - 1) < 1e-5, `loss ${got.loss}, expected ${golden.loss}`);
    assertGradient(config, got.gradient, expected, 2e-5);
  });
}

interface LossCase {
  readonly name: string;
  readonly policy:
    | (Omit<Extract<Objective, { kind: "policy" }>, "kind"> & { readonly normalisation: Normalisation })
    | null;
  readonly logprobs: readonly number[][];
  readonly entropy: readonly number[][];
  readonly old?: readonly number[][];
  readonly weights?: readonly number[];
  readonly loss: number;
}
interface Losses {
  readonly config: ModelConfig;
  readonly maxLength: number;
  readonly answers: readonly { tokens: number[]; from: number; advantage: number; reference: number[] }[];
  readonly cases: readonly LossCase[];
}

const losses = goldenJson<Losses>("losses");
const lossTensors = goldenTensors("losses");
const lossParameters = flatten(losses.config, lossTensors);

for (const { name, policy, weights: given, old, ...expected } of losses.cases) {
  const { config, answers, maxLength } = losses;
  const lengths = answers.map(({ tokens, from }) => tokens.length - from);
  const weights = policy === null ? given! : tokenWeights(lengths, policy.normalisation, maxLength);
  const objective: Objective = policy === null ? { kind: "crossEntropy" } : { kind: "policy", ...policy };
  const sequences = answers.map(
    (answer, i): Sequence => ({
      ...answer,
      weight: weights[i]!,
      reference: Float32Array.from(answer.reference),
      ...(old ? { old: Float32Array.from(old[i]!) } : {}),
    }),
  );
  for (const target of ["fused", "portable"] as const) {
    test(`loss ${name}: value, log-probabilities, entropy and gradients equal PyTorch's (${target})`, async () => {
      const got = await run(config, lossParameters, objective, sequences, { tokens: 32, multiple: 4, target });
      assert.ok(Math.abs(got.loss - expected.loss) < 1e-6, `loss ${got.loss}, expected ${expected.loss}`);
      answers.forEach((_, i) => {
        assert.ok(relativeError(got.logprobs[i]!, expected.logprobs[i]!) < 1e-5, `log-probabilities of answer ${i}`);
        assert.ok(relativeError(got.entropy[i]!, expected.entropy[i]!) < 1e-5, `entropies of answer ${i}`);
      });
      assertGradient(config, got.gradient, flatten(config, lossTensors, `${name}.`));
    });
  }
}

test("scores are the policy's own log-probabilities, at a temperature too, and leave the gradient alone", async () => {
  const { config, answers, cases } = losses;
  for (const name of ["grpo", "grpo-cool"]) {
    const { logprobs, policy } = cases.find((item) => item.name === name)!;
    const objective: Objective = { kind: "score", temperature: policy!.temperature! };
    const sequences = answers.map(({ tokens, from }) => ({ tokens, from, weight: 1 }));
    const got = await run(config, lossParameters, objective, sequences, { tokens: 32, multiple: 4 });
    answers.forEach((_, i) => {
      assert.ok(relativeError(got.logprobs[i]!, logprobs[i]!) < 1e-5, `answer ${i} at ${policy!.temperature}`);
    });
    assert.ok(got.gradient.every((x) => x === 0));
  }
});
