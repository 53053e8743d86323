import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Architecture, ModelConfig } from "./config.ts";
import { architectureTraits } from "./config.ts";
import { parameterCount, parameterLayout, views } from "./parameters.ts";

function configOf(architecture: Architecture, tieEmbeddings: boolean, odd = 0): ModelConfig {
  return {
    architecture,
    vocabSize: 50 + odd,
    hiddenSize: 24 + odd,
    layers: 3,
    heads: 4,
    kvHeads: 2,
    headDim: 6,
    intermediateSize: 40 + odd,
    ropeTheta: 1e4,
    rmsNormEps: 1e-5,
    tieEmbeddings,
    ...architectureTraits(architecture),
    maxPositions: 64,
  };
}

test("equal weights of all layers lie in a row, embedding first, vectors last", () => {
  const layout = parameterLayout(configOf("llama", false));
  const names = layout.stacks.map((stack) => stack.name);
  assert.deepEqual(names, "embedding wq wk wv wo wg wu wd lmHead norm1 norm2 finalNorm".split(" "));
  const wq = layout.stacks[1]!;
  assert.deepEqual(wq.shape, [3, 24, 24]);
  const rows = layout.entries.filter((entry) => entry.name.endsWith(".wq"));
  assert.deepEqual(
    rows.map((entry) => entry.offset),
    [0, 1, 2].map((layer) => wq.offset + layer * 24 * 24),
  );
  const firstVector = layout.entries.findIndex((entry) => entry.kind === "vector");
  assert.ok(layout.entries.slice(firstVector).every((entry) => entry.kind === "vector"));
});

test("names, shapes and transposition follow Hugging Face", () => {
  const layout = parameterLayout(configOf("qwen2", true));
  const byName = new Map(layout.entries.map((entry) => [entry.name, entry]));
  const wk = byName.get("layers.1.wk")!;
  assert.equal(wk.hfName, "model.layers.1.self_attn.k_proj.weight");
  assert.deepEqual([wk.shape, wk.hfShape, wk.transposed, wk.layer], [[24, 12], [12, 24], true, 1]);
  assert.equal(byName.get("layers.2.bv")!.hfName, "model.layers.2.self_attn.v_proj.bias");
  assert.equal(byName.has("lmHead"), false);
  assert.equal(byName.get("embedding")!.transposed, false);
  const qwen3 = parameterLayout(configOf("qwen3", false));
  assert.deepEqual(qwen3.entries.find((entry) => entry.name === "layers.0.qNorm")!.shape, [6]);
});

test("the count is the one of the formula", () => {
  // vocab·d + layers·(q + k + v + o + 3 mlp + 2 norms) + final norm
  const expected = 50 * 24 + 3 * (24 * 24 + 2 * 24 * 12 + 24 * 24 + 3 * 24 * 40 + 2 * 24) + 24;
  assert.equal(parameterCount(configOf("llama", true)), expected);
});

test("no two weights overlap, rows start aligned, views write through", () => {
  const architectures = fc.constantFrom<Architecture>("llama", "qwen2", "qwen3");
  fc.assert(
    fc.property(architectures, fc.boolean(), fc.integer({ min: 0, max: 17 }), (architecture, tied, odd) => {
      const layout = parameterLayout(configOf(architecture, tied, odd));
      const buffer = new Float32Array(layout.size);
      for (const view of views(layout, buffer).values()) for (let i = 0; i < view.length; i++) view[i]! += 1;
      assert.equal(Math.max(...buffer), 1);
      assert.equal(
        buffer.reduce((a, b) => a + b, 0),
        layout.parameterCount,
      );
      for (const stack of layout.stacks) assert.equal(stack.offset % 16, 0);
    }),
    { seed: 1, numRuns: 60 },
  );
});
