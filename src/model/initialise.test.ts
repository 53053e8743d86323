import assert from "node:assert/strict";
import { test } from "node:test";
import { architectureTraits, type ModelConfig } from "./config.ts";
import { initialise } from "./initialise.ts";
import { parameterLayout, views } from "./parameters.ts";

const config = (architecture: ModelConfig["architecture"], tieEmbeddings = false): ModelConfig => ({
  architecture,
  vocabSize: 200,
  hiddenSize: 64,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headDim: 10,
  intermediateSize: 96,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings,
  ...architectureTraits(architecture),
  maxPositions: 64,
});

function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
}

test("matrices have the deviation that their inputs ask for, those that write to the residual stream less", () => {
  const model = config("llama");
  const byName = views(parameterLayout(model), initialise(model, 5));
  const near = (name: string, expected: number) => {
    const values = byName.get(name)!;
    const { mean, deviation } = moments(values);
    // Four standard errors of a mean and of a deviation.
    assert.ok(Math.abs(mean) < (4 * expected) / Math.sqrt(values.length), `${name}: mean ${mean}`);
    assert.ok(
      Math.abs(deviation / expected - 1) < 4 / Math.sqrt(2 * values.length),
      `${name}: ${deviation}, not ${expected}`,
    );
  };
  for (const layer of [0, 2]) {
    for (const name of ["wq", "wk", "wv", "wg", "wu"]) near(`layers.${layer}.${name}`, 1 / Math.sqrt(64));
    near(`layers.${layer}.wo`, 1 / Math.sqrt(40) / Math.sqrt(6));
    near(`layers.${layer}.wd`, 1 / Math.sqrt(96) / Math.sqrt(6));
  }
  for (const name of ["embedding", "lmHead"]) near(name, 0.5 / Math.sqrt(64));
  const larger = views(parameterLayout(model), initialise(model, 5, { embeddingScale: 2 })).get("embedding")!;
  assert.ok(byName.get("embedding")!.every((x, i) => Math.abs(larger[i]! - 4 * x) < 1e-6));
  const silent = views(parameterLayout(model), initialise(model, 5, { residualScale: 0 }));
  for (const [name, values] of silent)
    assert.deepEqual(values, /\.w[od]$/.test(name) ? new Float32Array(values.length) : byName.get(name), name);
});

test("gains are one, biases and padding are zero", () => {
  for (const architecture of ["llama", "qwen2", "qwen3"] as const) {
    const model = config(architecture, true);
    const layout = parameterLayout(model);
    const parameters = initialise(model, 5);
    const used = new Uint8Array(parameters.length);
    for (const { name, kind, offset, size } of layout.entries) {
      used.fill(1, offset, offset + size);
      if (kind !== "vector") continue;
      const expected = /\.b[qkv]$/.test(name) ? 0 : 1;
      assert.ok(
        parameters.subarray(offset, offset + size).every((x) => x === expected),
        name,
      );
    }
    assert.ok(parameters.every((x, i) => used[i] === 1 || x === 0));
  }
});

test("a seed names its parameters; seeds, layers and weights differ from each other; sizes elsewhere do not matter", () => {
  const model = config("qwen3");
  assert.deepEqual(initialise(model, 5), initialise(model, 5));
  const [a, b] = [5, 6].map((seed) => views(parameterLayout(model), initialise(model, seed)));
  assert.notDeepEqual(a!.get("embedding"), b!.get("embedding"));
  assert.notDeepEqual(a!.get("layers.0.wq"), a!.get("layers.1.wq"));
  assert.notDeepEqual(a!.get("layers.0.wg"), a!.get("layers.0.wu"));
  const wider = { ...model, vocabSize: 300 };
  assert.deepEqual(views(parameterLayout(wider), initialise(wider, 5)).get("layers.1.wq"), a!.get("layers.1.wq"));
});
