import assert from "node:assert/strict";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { configFromHuggingFace, configToHuggingFace, specialTokenIds, validateConfig } from "./config.ts";

// The config.json that Qwen2.5-0.5B-Instruct is published with; its tokenizer is in tokenizer-golden.test.ts.
const qwen = {
  architectures: ["Qwen2ForCausalLM"],
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: "silu",
  hidden_size: 896,
  initializer_range: 0.02,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 21,
  model_type: "qwen2",
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  transformers_version: "4.43.1",
  use_cache: true,
  use_sliding_window: false,
  vocab_size: 151936,
};
const llama = { ...qwen, architectures: ["LlamaForCausalLM"], model_type: "llama" };
const qwen3 = { ...qwen, architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", head_dim: 128 };

const code = (expected: string, key: string) => (error: unknown) =>
  error instanceof ReckonError && error.code === expected && error.message.includes(key);

test("a published Qwen2 configuration is read", () => {
  assert.deepEqual(configFromHuggingFace(qwen), {
    architecture: "qwen2",
    vocabSize: 151936,
    hiddenSize: 896,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    headDim: 64,
    intermediateSize: 4864,
    ropeTheta: 1e6,
    rmsNormEps: 1e-6,
    tieEmbeddings: true,
    qkvBias: true,
    qkNorm: false,
    maxPositions: 32768,
  });
});

test("what is written is read back, for each architecture", () => {
  for (const file of [qwen, llama, qwen3]) {
    const config = configFromHuggingFace(file);
    const written = configToHuggingFace(config, { bos: 3, eos: [1, 2], pad: 0 }, "float32");
    assert.deepEqual(configFromHuggingFace(JSON.parse(JSON.stringify(written))), config);
    assert.deepEqual(specialTokenIds(written), { bos: 3, eos: [1, 2], pad: 0 });
  }
});

test("the rotation of transformers 5 is read from rope_parameters", () => {
  const { rope_theta: _, ...rest } = qwen;
  const config = configFromHuggingFace({ ...rest, rope_parameters: { rope_type: "default", rope_theta: 5000 } });
  assert.equal(config.ropeTheta, 5000);
});

test("what is not computed is refused by its key", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ ...qwen, architectures: ["MistralForCausalLM"] }, "architectures"],
    [{ ...qwen, hidden_act: "gelu" }, "hidden_act"],
    [{ ...qwen, rope_scaling: { type: "yarn", factor: 4 } }, "rope_scaling"],
    [{ ...qwen, rope_scaling: { factor: 4 } }, "rope_scaling"],
    [{ ...qwen, rope_parameters: { rope_type: "llama3", rope_theta: 1e4 } }, "rope_parameters"],
    [{ ...qwen, rope_parameters: { full_attention: { rope_type: "default" } } }, "rope_parameters"],
    [{ ...qwen, partial_rotary_factor: 0.5 }, "partial_rotary_factor"],
    [{ ...qwen, use_sliding_window: true, max_window_layers: 12 }, "use_sliding_window"],
    [{ ...qwen, layer_types: ["full_attention", "sliding_attention"] }, "layer_types"],
    [{ ...llama, attention_bias: true }, "attention_bias"],
    [{ ...qwen3, attention_bias: true }, "attention_bias"],
    [{ ...llama, mlp_bias: true }, "mlp_bias"],
    [{ ...qwen, num_experts: 8 }, "num_experts"],
    [{ ...qwen, quantization_config: { quant_method: "awq" } }, "quantization_config"],
  ];
  for (const [file, key] of cases) {
    assert.throws(() => configFromHuggingFace(file), code("CONFIG_UNSUPPORTED", key), key);
  }
});

test("a malformed configuration is refused by its key", () => {
  const { vocab_size: _, ...missing } = qwen;
  const cases: [unknown, string][] = [
    [null, "config.json"],
    [[], "config.json"],
    [missing, "vocab_size"],
    [{ ...qwen, hidden_size: "896" }, "hidden_size"],
    [{ ...qwen, hidden_size: -1 }, "hidden_size"],
    [{ ...qwen, num_hidden_layers: 1e9 }, "layers"],
    [{ ...qwen, num_hidden_layers: 2.5 }, "num_hidden_layers"],
    [{ ...qwen, num_key_value_heads: 3 }, "kvHeads"],
    [{ ...qwen, num_attention_heads: 0 }, "num_attention_heads"],
    [{ ...qwen, head_dim: 7 }, "headDim"],
  ];
  for (const [file, key] of cases) {
    assert.throws(() => configFromHuggingFace(file), code("CONFIG_INVALID", key), key);
  }
});

test("our own configuration is checked, unknown keys included", () => {
  const config = configFromHuggingFace(qwen);
  assert.deepEqual(validateConfig(config), config);
  assert.throws(() => validateConfig({ ...config, hidden: 3 }), code("CONFIG_INVALID", "hidden"));
  assert.throws(() => validateConfig({ ...config, qkvBias: false }), code("CONFIG_INVALID", "qkvBias"));
  assert.throws(() => validateConfig({ ...config, architecture: "llama" }), code("CONFIG_INVALID", "qkvBias"));
});
