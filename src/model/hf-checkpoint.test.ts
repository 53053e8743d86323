import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Graph, mulDims, reshape } from "../graph/index.ts";
import { cpuProvider } from "../graph/node.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { trainBpe } from "./bpe-train.ts";
import { ChatTemplate } from "./chat-template.ts";
import type { Architecture, ModelConfig } from "./config.ts";
import { architectureTraits } from "./config.ts";
import { type FileSource, loadCheckpoint, loadWeights, saveCheckpoint } from "./hf-checkpoint.ts";
import { parameterLayout, views } from "./parameters.ts";
import { readSafetensors, type SafetensorsTensor, tensorToFloat32, writeSafetensors } from "./safetensors.ts";
import { Tokenizer } from "./tokenizer.ts";
import { fullAttention, hiddenStates, logitsOf, parameterInputs } from "./transformer.ts";

const golden = fileURLToPath(new URL("../../test/golden/", import.meta.url));

function folder(path: string): FileSource {
  return { get: async (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name)) : undefined) };
}
function memory(files: ReadonlyMap<string, Uint8Array>): FileSource {
  return { get: async (name) => files.get(name) };
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const tokenizerJson = trainBpe(["What is 12 + 34? The answer is 46, so we are done.\n"], { vocabSize: 290 });
const tokenizer = Tokenizer.fromJson(tokenizerJson);

function configOf(architecture: Architecture, tieEmbeddings: boolean): ModelConfig {
  return {
    architecture,
    vocabSize: 296,
    hiddenSize: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 10,
    intermediateSize: 40,
    ropeTheta: 2e4,
    rmsNormEps: 1e-5,
    tieEmbeddings,
    ...architectureTraits(architecture),
    maxPositions: 64,
  };
}

function randomParameters(config: ModelConfig): Float32Array {
  const layout = parameterLayout(config);
  const buffer = new Float32Array(layout.size);
  for (const [name, view] of views(layout, buffer)) {
    const random = Random.of(9, name);
    const mean = /norm/i.test(name) ? 1 : 0;
    for (let i = 0; i < view.length; i++) view[i] = mean + 0.25 * random.normal();
  }
  return buffer;
}

/** Logits [rows * length * vocab] of whole rows, by the engine. */
async function forward(config: ModelConfig, parameters: Float32Array, ids: number[][]): Promise<Float32Array> {
  const provider = await cpuProvider();
  const layout = parameterLayout(config);
  const graph = new Graph();
  const tokens = graph.input("ids", ["B", "S"], "int64");
  const inputs = parameterInputs(graph, layout);
  const attend = fullAttention(graph, config, { rows: "B", length: "S" }, { positions: config.maxPositions });
  const hidden = hiddenStates(config, inputs, reshape(tokens, [mulDims("B", "S")]), attend);
  graph.output("logits", logitsOf(config, inputs, hidden));
  const session = await provider.session(graph);
  const given = views(layout, parameters);
  const feeds = Object.fromEntries(
    layout.entries.map((entry) => [entry.name, provider.value(given.get(entry.name)!, entry.shape)]),
  );
  const flat = ids.flat();
  const logits = new Float32Array(flat.length * config.vocabSize);
  await session.run(
    { ...feeds, ids: provider.value(BigInt64Array.from(flat, BigInt), [ids.length, ids[0]!.length]) },
    { logits: provider.value(logits, [flat.length, config.vocabSize]) },
  );
  return logits;
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `at ${i}: ${actual[i]} and ${expected[i]}`);
  }
}

for (const name of ["llama", "qwen2", "qwen3"] as const) {
  test(`a ${name} saved by transformers loads, every weight in its place, and gives its logits`, async () => {
    const path = join(golden, "fixtures", `checkpoint-${name}`);
    const { config, parameters, tokens } = await loadWeights(folder(path));
    assert.equal(config.architecture, name);
    assert.deepEqual(tokens, { eos: [1], pad: 0 });
    const layout = parameterLayout(config);
    const raw = new Map(
      ["model.safetensors", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        .filter((file) => existsSync(join(path, file)))
        .flatMap((file) => [...readSafetensors(readFileSync(join(path, file)))]),
    );
    const down = tensorToFloat32(raw.get("model.layers.1.mlp.down_proj.weight")!);
    const ours = views(layout, parameters).get("layers.1.wd")!;
    assert.equal(ours[5 * config.hiddenSize + 7], down[7 * config.intermediateSize + 5]);

    const reference = JSON.parse(readFileSync(join(path, "golden.json"), "utf8")) as {
      ids: number[][];
      logits: number[];
    };
    assertClose(await forward(config, parameters, reference.ids), reference.logits, 1e-4);
  });
}

for (const architecture of ["llama", "qwen2", "qwen3"] as const) {
  test(`what is saved of a ${architecture} loads again bit for bit`, async () => {
    for (const tied of [true, false]) {
      const config = configOf(architecture, tied);
      const parameters = randomParameters(config);
      const reckon = { recipe: "base", step: 7 };
      const files = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32", reckon });
      const loaded = await loadCheckpoint(memory(files));
      assert.deepEqual(loaded.config, config);
      assert.deepEqual(loaded.parameters, parameters);
      assert.deepEqual(loaded.tokens, { eos: [1], pad: 0 });
      assert.deepEqual(loaded.extra, { reckon });
      assert.deepEqual(loaded.tokenizer.encode("<think>12 + 34"), tokenizer.encode("<think>12 + 34"));
      assert.equal(
        new ChatTemplate(loaded.tokenizer).render([{ role: "user", content: "hi" }]),
        "<|user|>hi<|assistant|>",
      );
    }
  });
}

test("bfloat16 halves the file and rounds each weight to nearest", async () => {
  const config = configOf("llama", true);
  const parameters = randomParameters(config);
  const full = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32" });
  const half = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "BF16" });
  const size = (files: Map<string, Uint8Array>): number => files.get("model.safetensors")!.length;
  assert.ok(size(half) < 0.6 * size(full));
  const loaded = await loadCheckpoint(memory(half));
  for (let i = 0; i < parameters.length; i++) {
    assert.ok(Math.abs(loaded.parameters[i]! - parameters[i]!) <= Math.abs(parameters[i]!) / 256);
  }
  const again = saveCheckpoint({ ...loaded, tokenizerJson: loaded.tokenizer.toJson(), dtype: "BF16" });
  assert.deepEqual(again.get("model.safetensors"), half.get("model.safetensors"));
});

test("what does not fit is refused, and the message names it", async () => {
  const config = configOf("qwen2", false);
  const files = saveCheckpoint({ config, parameters: randomParameters(config), tokenizerJson, dtype: "F32" });
  const weights = readSafetensors(files.get("model.safetensors")!);
  const json = JSON.parse(new TextDecoder().decode(files.get("config.json"))) as Record<string, unknown>;
  const without = (name: string) => new Map([...files].filter(([key]) => key !== name));
  const withWeights = (change: (tensors: Map<string, SafetensorsTensor>) => void) => {
    const copy = new Map(weights);
    change(copy);
    return new Map(files).set("model.safetensors", writeSafetensors(copy));
  };
  const withConfig = (change: Record<string, unknown>) =>
    new Map(files).set("config.json", text(JSON.stringify({ ...json, ...change })));
  const withIndex = (index: unknown) =>
    without("model.safetensors").set("model.safetensors.index.json", text(JSON.stringify(index)));
  const q = "model.layers.1.self_attn.q_proj.bias";
  const u8 = { dtype: "U8", shape: [40], data: new Uint8Array(40) } as const;
  const cases: [Map<string, Uint8Array>, string, string][] = [
    [without("config.json"), "CHECKPOINT_MISSING_FILE", "config.json"],
    [without("model.safetensors"), "CHECKPOINT_MISSING_FILE", "model.safetensors"],
    [without("tokenizer.json"), "CHECKPOINT_MISSING_FILE", "tokenizer.json"],
    [new Map(files).set("config.json", text("{")), "CHECKPOINT_INVALID", "config.json"],
    [new Map(files).set("tokenizer.json", Uint8Array.of(0x22, 0xff, 0x22)), "CHECKPOINT_INVALID", "tokenizer.json"],
    [new Map(files).set("reckon.json", text("")), "CHECKPOINT_INVALID", "reckon.json"],
    [withWeights((tensors) => tensors.delete(q)), "CHECKPOINT_TENSORS", q],
    [withWeights((tensors) => tensors.set("score.weight", u8)), "CHECKPOINT_TENSORS", "score.weight"],
    [withWeights((tensors) => tensors.set(q, { ...u8, shape: [2, 20] })), "CHECKPOINT_TENSORS", q],
    [withWeights((tensors) => tensors.set(q, u8)), "SAFETENSORS_DTYPE", q],
    [withConfig({ num_hidden_layers: 3 }), "CHECKPOINT_TENSORS", "model.layers.2."],
    [withConfig({ num_hidden_layers: 1 }), "CHECKPOINT_TENSORS", "model.layers.1."],
    [
      withConfig({ hidden_size: 65_536, intermediate_size: 1_048_576, num_hidden_layers: 1024 }),
      "CHECKPOINT_TENSORS",
      "",
    ],
    [withConfig({ hidden_size: 65_536, intermediate_size: 1_048_576 }), "CHECKPOINT_TENSORS", "[296,65536]"],
    [withConfig({ intermediate_size: 41 }), "CHECKPOINT_TENSORS", "gate_proj"],
    [withConfig({ model_type: "gpt2", architectures: ["GPT2LMHeadModel"] }), "CONFIG_UNSUPPORTED", "architectures"],
    [withIndex({}), "CHECKPOINT_INVALID", "weight_map"],
    [withIndex({ weight_map: { [q]: "../secret.safetensors" } }), "CHECKPOINT_INVALID", "../secret"],
    [withIndex({ weight_map: { [q]: "/etc/passwd" } }), "CHECKPOINT_INVALID", "/etc/passwd"],
    [withIndex({ weight_map: { [q]: 7 } }), "CHECKPOINT_INVALID", "7"],
    [withIndex({ weight_map: { [q]: "a.safetensors" } }), "CHECKPOINT_MISSING_FILE", "a.safetensors"],
    [
      withIndex({ weight_map: { [q]: "a.safetensors" } }).set("a.safetensors", writeSafetensors([])),
      "CHECKPOINT_INVALID",
      q,
    ],
  ];
  for (const [broken, code, mention] of cases) {
    await assert.rejects(
      loadCheckpoint(memory(broken)),
      (error) => error instanceof ReckonError && error.code === code && error.message.includes(mention),
      `${code} ${mention}`,
    );
  }
});

test("a tokenizer with more ids than rows is refused", async () => {
  const config = { ...configOf("llama", true), vocabSize: 280 };
  const files = saveCheckpoint({ config, parameters: randomParameters(config), tokenizerJson, dtype: "F32" });
  await assert.rejects(loadCheckpoint(memory(files)), { code: "CHECKPOINT_INVALID" });
});

test("a repeated output matrix and the rotation's frequencies are passed over", async () => {
  const config = configOf("llama", true);
  const parameters = randomParameters(config);
  const files = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32" });
  const tensors = readSafetensors(files.get("model.safetensors")!);
  tensors.set("lm_head.weight", tensors.get("model.embed_tokens.weight")!);
  tensors.set("model.layers.0.self_attn.rotary_emb.inv_freq", tensors.get("model.norm.weight")!);
  files.set("model.safetensors", writeSafetensors(tensors));
  assert.deepEqual((await loadCheckpoint(memory(files))).parameters, parameters);
});

const python = process.env["RECKON_PYTHON"];
const skip = python === undefined ? "set RECKON_PYTHON to a Python that has transformers to run it" : false;
for (const [architecture, tied, dtype] of [
  ["llama", true, "F32"],
  ["llama", false, "BF16"],
  ["qwen2", true, "F32"],
  ["qwen3", false, "F32"],
] as const) {
  test(`transformers loads what was saved: ${architecture} ${dtype}`, { skip }, async () => {
    const path = mkdtempSync(join(tmpdir(), "reckon-"));
    try {
      const config = configOf(architecture, tied);
      const files = saveCheckpoint({ config, parameters: randomParameters(config), tokenizerJson, dtype });
      mkdirSync(path, { recursive: true });
      for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
      const { parameters } = await loadCheckpoint(memory(files));
      const messages = [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What is 2 + 2?" },
        { role: "assistant", content: "<think>2 + 2 = 4</think><answer>4</answer>" },
        { role: "user", content: "Thanks." },
      ];
      const texts = ["What is 12 + 34?", "<|user|>Größe 😀\n  007<|assistant|><think>", "", "a  b\t\r\n"];
      const ids = [
        [2, ...tokenizer.encode("What is 12 + 34?"), 3],
        tokenizer.encode("<think>The answer is 46, so we"),
      ].map((row) => row.slice(0, 6));
      assert.deepEqual(
        ids.map((row) => row.length),
        [6, 6],
      );
      writeFileSync(join(path, "request.json"), JSON.stringify({ ids, texts, messages }));
      const run = spawnSync(python!, [join(golden, "checkpoint_load.py"), path, join(path, "request.json")], {
        encoding: "utf8",
        maxBuffer: 1e8,
      });
      assert.equal(run.status, 0, run.stderr);
      const seen = JSON.parse(run.stdout) as Record<string, unknown>;
      assert.deepEqual(seen["problems"], {});
      assert.equal(seen["dtype"], dtype === "F32" ? "float32" : "bfloat16");
      const expectedIds = texts.map((item) => tokenizer.encode(item));
      assert.deepEqual(seen["encoded"], expectedIds);
      assert.deepEqual(seen["defaultEncoded"], expectedIds);
      assert.equal(seen["chat"], new ChatTemplate(tokenizer).render(messages));
      assert.deepEqual([seen["eos"], seen["pad"], seen["generation"]], [1, 0, { eos: 1, pad: 0 }]);
      assertClose(await forward(config, parameters, ids), seen["logits"] as number[], 1e-4);
      const again = await loadWeights(folder(join(path, "again")));
      assert.deepEqual(again.config, config);
      assert.deepEqual(again.parameters, parameters);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });
}
