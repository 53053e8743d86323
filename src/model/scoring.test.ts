/** A head of scores: its layout, its files, and what they are called in Hugging Face's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { trainBpe } from "./bpe-train.ts";
import { configFromHuggingFace, configToHuggingFace, type ModelConfig, validateConfig } from "./config.ts";
import { loadCheckpoint, saveCheckpoint } from "./hf-checkpoint.ts";
import { initialise } from "./initialise.ts";
import { parameterLayout, views } from "./parameters.ts";
import { readSafetensors } from "./safetensors.ts";
import { scoringModel } from "./scoring.ts";
import { logitsOf } from "./transformer.ts";

const tokenizerJson = trainBpe(["good bad 1 2 3"], { vocabSize: 270, specials: ["<|pad|>", "<|end|>"] });
const language: ModelConfig = validateConfig({
  ...{ architecture: "llama", vocabSize: 270, hiddenSize: 16, layers: 2, heads: 2, kvHeads: 1, headDim: 8 },
  ...{ intermediateSize: 24, ropeTheta: 1e4, rmsNormEps: 1e-5, tieEmbeddings: false, qkvBias: false, qkNorm: false },
  maxPositions: 64,
});
const names = ["correctness", "clarity"];

test("the body is the language model's, the output matrix is gone, the head begins at zero and is kept later", () => {
  const model = { config: language, parameters: initialise(language, 3) };
  const judge = scoringModel(model, names);
  const from = views(parameterLayout(language), model.parameters);
  const to = views(parameterLayout(judge.config), judge.parameters);
  assert.deepEqual(
    [...from.keys()].filter((name) => !to.has(name)),
    ["lmHead"],
  );
  assert.deepEqual(
    [...to.keys()].filter((name) => !from.has(name)),
    ["score"],
  );
  for (const [name, view] of to) if (name !== "score") assert.deepEqual(view, from.get(name), name);
  assert.deepEqual(to.get("score"), new Float32Array(32));
  to.get("score")!.fill(0.5);
  assert.deepEqual(scoringModel(judge, names), judge);
  assert.equal(scoringModel(judge, ["reward"]).parameters.at(-16), 0);
});

test("a tied model's body lies where it does in the language model", () => {
  const tied = { ...language, tieEmbeddings: true };
  const [plain, head] = [parameterLayout(tied), parameterLayout({ ...tied, scores: names })];
  assert.deepEqual(head.entries.slice(0, -1), plain.entries);
  assert.equal(head.parameterCount - plain.parameterCount, 2 * 16);
});

test("the files are those of LlamaForSequenceClassification, and load back bit for bit", async () => {
  const { config, parameters } = scoringModel({ config: language, parameters: initialise(language, 3) }, names);
  const head = parameterLayout(config).entries.at(-1)!;
  for (let i = 0; i < head.size; i++) parameters[head.offset + i] = i;
  const files = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32" });
  const json = JSON.parse(new TextDecoder().decode(files.get("config.json")));
  assert.deepEqual(json.architectures, ["LlamaForSequenceClassification"]);
  assert.deepEqual(json.id2label, { 0: "correctness", 1: "clarity" });
  assert.deepEqual(json.label2id, { correctness: 0, clarity: 1 });
  const tensors = readSafetensors(files.get("model.safetensors")!);
  assert.deepEqual(tensors.get("score.weight")?.shape, [2, 16]);
  assert.equal(tensors.has("lm_head.weight"), false);
  const loaded = await loadCheckpoint({ get: async (name) => files.get(name) });
  assert.deepEqual(loaded.config, config);
  assert.deepEqual(loaded.parameters, parameters);
});

test("classifiers of others load: names from id2label, two outputs where nothing is said", () => {
  for (const architecture of ["llama", "qwen2", "qwen3"] as const) {
    const traits = { qkvBias: architecture === "qwen2", qkNorm: architecture === "qwen3" };
    const file = configToHuggingFace(
      { ...language, architecture, ...traits, scores: ["a", "b", "c"] },
      { eos: [] },
      "float32",
    );
    assert.deepEqual(configFromHuggingFace(file).scores, ["a", "b", "c"]);
    const { id2label, ...bare } = file;
    assert.deepEqual(configFromHuggingFace(bare).scores, ["LABEL_0", "LABEL_1"]);
    assert.deepEqual(configFromHuggingFace({ ...bare, num_labels: 1 }).scores, ["LABEL_0"]);
    assert.throws(() => configFromHuggingFace({ ...bare, num_labels: 1e9 }), { code: "CONFIG_INVALID" });
  }
  assert.equal(configFromHuggingFace(configToHuggingFace(language, { eos: [] }, "float32")).scores, undefined);
});

test("a judge cannot write", () => {
  assert.throws(() => logitsOf({ ...language, scores: names }, new Map(), undefined as never), {
    code: "MODEL_WRITES_NOT",
  });
});
