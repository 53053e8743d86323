/** The forward pass against golden values (test/golden/model.py), on both targets, and what masks must guarantee. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors } from "../../test/golden-files.ts";
import { Graph, reshape, type Target } from "../graph/index.ts";
import { cpuProvider } from "../graph/node.ts";
import { ReckonError } from "../util/errors.ts";
import type { ModelConfig } from "./config.ts";
import { parameterLayout, views } from "./parameters.ts";
import { fullAttention, hiddenStates, logitsOf, parameterInputs } from "./transformer.ts";

interface Golden {
  readonly config: ModelConfig;
  readonly documents: readonly { readonly tokens: number[] }[];
}
const NAMES = ["llama-tied", "llama-untied", "qwen2", "qwen3"] as const;

/** Logits of rows of equal length, flat; `segments` as `fullAttention` has them. */
async function logits(
  config: ModelConfig,
  parameters: Float32Array,
  rows: readonly (readonly number[])[],
  options: { readonly target?: Target; readonly segments?: readonly (readonly number[])[] } = {},
): Promise<Float32Array> {
  const provider = await cpuProvider();
  const graph = new Graph({ target: options.target ?? "fused" });
  const layout = parameterLayout(config);
  const ids = graph.input("ids", ["B", "S"], "int64");
  const inputs = parameterInputs(graph, layout);
  const attend = fullAttention(
    graph,
    config,
    { rows: "B", length: "S" },
    {
      positions: config.maxPositions,
      ...(options.segments ? { segments: graph.input("segments", ["B", "S"], "int64") } : {}),
    },
  );
  graph.output("logits", logitsOf(config, inputs, hiddenStates(config, inputs, reshape(ids, ["B*S"]), attend)));
  const session = await provider.session(graph);
  const given = views(layout, parameters);
  const shape = [rows.length, rows[0]!.length];
  const ints = (values: readonly (readonly number[])[]) =>
    provider.value(BigInt64Array.from(values.flat(), BigInt), shape);
  const out = new Float32Array(rows.flat().length * config.vocabSize);
  await session.run(
    {
      ...Object.fromEntries(layout.entries.map((e) => [e.name, provider.value(given.get(e.name)!, e.shape)])),
      ids: ints(rows),
      ...(options.segments ? { segments: ints(options.segments) } : {}),
    },
    { logits: provider.value(out, [rows.flat().length, config.vocabSize]) },
  );
  await session.release();
  return out;
}

function widest(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  return actual.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
}

for (const name of NAMES) {
  const { config, documents } = goldenJson<Golden>(`model-${name}`);
  const tensors = goldenTensors(`model-${name}`);
  const parameters = flatten(config, tensors);
  for (const target of ["fused", "portable"] as const) {
    test(`${name}: logits equal PyTorch's, padded rows and packed ones (${target})`, async () => {
      const length = Math.max(...documents.map(({ tokens }) => tokens.length));
      const padded = documents.map(({ tokens }) => [...tokens, ...new Array<number>(length - tokens.length).fill(7)]);
      const got = await logits(config, parameters, padded, { target });
      documents.forEach(({ tokens }, i) => {
        const at = i * length * config.vocabSize;
        const expected = tensors.get(`logits.${i}`)!;
        const gap = widest(got.subarray(at, at + tokens.length * config.vocabSize), expected);
        assert.ok(gap < 1e-5, `document ${i}, padded: ${gap}`);
      });
      const joined = await logits(config, parameters, [documents.flatMap(({ tokens }) => tokens)], {
        target,
        segments: [documents.flatMap(({ tokens }, i) => tokens.map(() => i + 1))],
      });
      const whole = documents.flatMap((_, i) => [...tensors.get(`logits.${i}`)!]);
      const gap = widest(joined, Float32Array.from(whole));
      assert.ok(gap < 1e-5, `packed: ${gap}`);
    });
  }
}

test("a token sees nothing that comes after it, and nothing of other segments", async () => {
  const { config } = goldenJson<Golden>("model-llama-tied");
  const parameters = flatten(config, goldenTensors("model-llama-tied"));
  const row = [3, 1, 4, 1, 5, 9, 2, 6];
  const segments = [[1, 1, 1, 2, 2, 2, 2, 2]];
  const before = await logits(config, parameters, [row], { segments });
  for (let changed = 0; changed < row.length; changed++) {
    const after = await logits(config, parameters, [row.with(changed, 30)], { segments });
    for (let at = 0; at < row.length; at++) {
      const slice = (x: Float32Array) => x.subarray(at * config.vocabSize, (at + 1) * config.vocabSize);
      const sees = at >= changed && segments[0]![at] === segments[0]![changed];
      assert.equal(widest(slice(before), slice(after)) > 1e-4, sees, `token ${at} when token ${changed} changes`);
    }
  }
});

test("a configuration and parameters that do not belong together are refused while the graph is built", () => {
  const { config } = goldenJson<Golden>("model-llama-tied");
  const graph = new Graph();
  const inputs = parameterInputs(graph, parameterLayout(config));
  const wider = { ...config, headDim: 8 };
  const ids = graph.input("ids", ["B", "S"], "int64");
  const attend = fullAttention(graph, wider, { rows: "B", length: "S" }, { positions: 8 });
  assert.throws(
    () => hiddenStates(wider, inputs, reshape(ids, ["B*S"]), attend),
    (error: unknown) => {
      assert.ok(error instanceof ReckonError && error.code === "GRAPH_SHAPE", String(error));
      assert.match(error.summary, /^reshape in layers\.0\/attention: .* \(built at transformer\.ts:\d+\)$/);
      assert.deepEqual([error.expected, error.got], ["as many elements as [B*S, 24]", "[B*S, 4, 8]"]);
      return true;
    },
  );
});
