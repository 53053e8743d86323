/**
 * What a model is: the one architecture that Reckon trains and loads, by configuration.
 *
 * A decoder-only transformer as in Llama (Touvron et al. 2023), Qwen2 (biases on q, k, v) and Qwen3 (RMSNorm on q and k
 * per head): RMSNorm before each block, rotary positions over whole heads, grouped queries, SwiGLU. `config.json` of
 * Hugging Face is read and written.
 *
 * Left out, and refused by the name of its key where a file asks for it: scaled or partial rotary positions, sliding
 * windows, experts, biases elsewhere, other activations, quantised weights. Computing such a model as if the key were
 * not there would give wrong numbers without a word.
 */
import { z } from "zod";
import { ReckonError } from "../util/errors.ts";

export type Architecture = "llama" | "qwen2" | "qwen3";

/** Sizes are in units (not bytes); `validateConfig` states what holds between them. */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; divides `heads` (grouped queries), equal to it for plain multi-head attention. */
  readonly kvHeads: number;
  /** Even. Usually hiddenSize / heads, but free. */
  readonly headDim: number;
  /** Width inside the SwiGLU block. */
  readonly intermediateSize: number;
  readonly ropeTheta: number;
  readonly rmsNormEps: number;
  /** The output matrix is the embedding. */
  readonly tieEmbeddings: boolean;
  /** Biases on the q, k and v projections: Qwen2 has them, the others do not. */
  readonly qkvBias: boolean;
  /** RMSNorm over headDim on each head's q and k before rotation: Qwen3 has it, the others do not. */
  readonly qkNorm: boolean;
  /** The longest context, in tokens, that the model was made for. */
  readonly maxPositions: number;
  /**
   * Names of the outputs of a linear head on the last hidden states, which stands in place of the logits: the model judges
   * texts and writes none (scoring.ts). Absent in a language model.
   */
  readonly scores?: readonly string[] | undefined;
}

/** Token ids that Hugging Face keeps beside the architecture. */
export interface SpecialTokenIds {
  readonly bos?: number;
  /** All that end a completion, the usual one first. */
  readonly eos: readonly number[];
  readonly pad?: number;
}

const size = (max: number) => z.int().min(1).max(max);

// The upper bounds are far above any published model; they keep a hostile file from asking for a huge allocation.
const modelConfigSchema = z.strictObject({
  architecture: z.enum(["llama", "qwen2", "qwen3"]),
  vocabSize: size(4_000_000),
  hiddenSize: size(65_536),
  layers: size(1024),
  heads: size(1024),
  kvHeads: size(1024),
  headDim: size(1024),
  intermediateSize: size(1_048_576),
  ropeTheta: z.number().positive(),
  rmsNormEps: z.number().positive().max(1),
  tieEmbeddings: z.boolean(),
  qkvBias: z.boolean(),
  qkNorm: z.boolean(),
  maxPositions: size(100_000_000),
  scores: z.array(z.string().min(1).max(64)).min(1).max(256).optional(),
});

/**
 * Checks a configuration, e.g. one from a recipe.
 * @throws ReckonError CONFIG_INVALID naming the key
 */
export function validateConfig(value: unknown): ModelConfig {
  const config = parse(modelConfigSchema, value, "model configuration");
  if (config.heads % config.kvHeads !== 0) {
    throw invalid("kvHeads", `a divisor of heads = ${config.heads}`, String(config.kvHeads));
  }
  if (config.headDim % 2 !== 0) {
    throw invalid("headDim", "an even number (rotary positions turn pairs)", String(config.headDim));
  }
  const traits = architectureTraits(config.architecture);
  if (config.qkvBias !== traits.qkvBias) {
    throw invalid("qkvBias", `${traits.qkvBias} for ${config.architecture}`, String(config.qkvBias));
  }
  if (config.qkNorm !== traits.qkNorm) {
    throw invalid("qkNorm", `${traits.qkNorm} for ${config.architecture}`, String(config.qkNorm));
  }
  return config;
}

/** What an architecture's name implies. */
export function architectureTraits(architecture: Architecture): {
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
} {
  return { qkvBias: architecture === "qwen2", qkNorm: architecture === "qwen3" };
}

/** What follows an architecture's name in the class of a model with a head of scores, in place of `ForCausalLM`. */
const SCORING = "ForSequenceClassification";
const CLASSES = { llama: "LlamaForCausalLM", qwen2: "Qwen2ForCausalLM", qwen3: "Qwen3ForCausalLM" } as const;

// Heads of k and v, and the head's width, where config.json does not say: the defaults of each class in transformers.
const DEFAULT_KV_HEADS = { llama: undefined, qwen2: 32, qwen3: 32 } as const;
const DEFAULT_HEAD_DIM = { llama: undefined, qwen2: undefined, qwen3: 128 } as const;

const tokenIds = z.union([z.int().min(0), z.array(z.int().min(0))]).nullish();
const ropeSchema = z
  .looseObject({
    rope_type: z.string().optional(),
    type: z.string().optional(),
    rope_theta: z.number().positive().optional(),
    partial_rotary_factor: z.number().optional(),
  })
  .nullish();

const huggingFaceSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().optional(),
  vocab_size: z.int(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().nullish(),
  head_dim: z.int().nullish(),
  intermediate_size: z.int(),
  max_position_embeddings: z.int().optional(),
  rms_norm_eps: z.number().optional(),
  rope_theta: z.number().nullish(),
  rope_scaling: ropeSchema,
  rope_parameters: ropeSchema,
  tie_word_embeddings: z.boolean().nullish(),
  hidden_act: z.string().optional(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  partial_rotary_factor: z.number().nullish(),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: z.int().nullish(),
  max_window_layers: z.int().nullish(),
  layer_types: z.array(z.string()).nullish(),
  quantization_config: z.unknown().optional(),
  num_labels: z.int().positive().max(256).nullish(),
  id2label: z.record(z.string(), z.string()).nullish(),
  bos_token_id: tokenIds,
  eos_token_id: tokenIds,
  pad_token_id: tokenIds,
});
type HuggingFaceConfig = z.infer<typeof huggingFaceSchema>;

/**
 * Reads a Hugging Face `config.json` of LlamaForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM, as written by
 * transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`); of the same with `ForSequenceClassification`,
 * where the names of `id2label` become those of the scores.
 * @param json the parsed file
 * @throws ReckonError CONFIG_INVALID (a missing or wrong key), CONFIG_UNSUPPORTED (a feature that Reckon does not compute)
 */
export function configFromHuggingFace(json: unknown): ModelConfig {
  const file = parse(huggingFaceSchema, json, "config.json");
  const architecture = architectureOf(file);
  refuseUnsupported(file, architecture);
  const rope = file.rope_parameters ?? file.rope_scaling;
  return validateConfig({
    architecture,
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    layers: file.num_hidden_layers,
    heads: file.num_attention_heads,
    kvHeads: file.num_key_value_heads ?? DEFAULT_KV_HEADS[architecture] ?? file.num_attention_heads,
    headDim: file.head_dim ?? DEFAULT_HEAD_DIM[architecture] ?? Math.floor(file.hidden_size / file.num_attention_heads),
    intermediateSize: file.intermediate_size,
    ropeTheta: rope?.rope_theta ?? file.rope_theta ?? 10_000,
    rmsNormEps: file.rms_norm_eps ?? 1e-6,
    tieEmbeddings: file.tie_word_embeddings ?? false,
    ...architectureTraits(architecture),
    maxPositions: file.max_position_embeddings ?? (architecture === "llama" ? 2048 : 32_768),
    ...(file.architectures?.[0]?.endsWith(SCORING) ? { scores: labelsOf(file) } : {}),
  });
}

/** Names of a classifier's outputs; transformers leaves both keys out where there are two. */
function labelsOf(file: HuggingFaceConfig): string[] {
  const names = file.id2label ?? {};
  const count = file.num_labels ?? (Object.keys(names).length || 2);
  return Array.from({ length: count }, (_, i) => names[i] ?? `LABEL_${i}`);
}

/** The token ids in a parsed `config.json` or `generation_config.json`; nothing is refused, what is malformed is absent. */
export function specialTokenIds(json: unknown): SpecialTokenIds {
  const parsed = z
    .object({ bos_token_id: tokenIds, eos_token_id: tokenIds, pad_token_id: tokenIds })
    .partial()
    .safeParse(json);
  if (!parsed.success) return { eos: [] };
  const list = (value: number | number[] | null | undefined): number[] =>
    value === null || value === undefined ? [] : typeof value === "number" ? [value] : value;
  const bos = list(parsed.data.bos_token_id)[0];
  const pad = list(parsed.data.pad_token_id)[0];
  return {
    eos: list(parsed.data.eos_token_id),
    ...(bos === undefined ? {} : { bos }),
    ...(pad === undefined ? {} : { pad }),
  };
}

/**
 * The `config.json` of a configuration; readable by transformers 4 and 5 alike.
 * @param dtype of the weights beside it, e.g. "float32"
 */
export function configToHuggingFace(
  config: ModelConfig,
  tokens: SpecialTokenIds,
  dtype: "float32" | "bfloat16" | "float16",
): Record<string, unknown> {
  return {
    architectures: [config.scores ? scoringClass(config.architecture) : CLASSES[config.architecture]],
    model_type: config.architecture,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    // The first is read by transformers 4 and most other programs, the second by transformers 5.
    rope_theta: config.ropeTheta,
    rope_parameters: { rope_type: "default", rope_theta: config.ropeTheta },
    tie_word_embeddings: config.tieEmbeddings,
    hidden_act: "silu",
    // Qwen2's biases are part of its class and have no key.
    ...(config.architecture === "qwen2" ? {} : { attention_bias: false }),
    ...(config.architecture === "llama" ? { mlp_bias: false } : { use_sliding_window: false }),
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: tokens.bos ?? null,
    eos_token_id: tokens.eos.length > 1 ? tokens.eos : (tokens.eos[0] ?? null),
    pad_token_id: tokens.pad ?? null,
    torch_dtype: dtype,
    ...(config.scores
      ? {
          id2label: Object.fromEntries(config.scores.map((name, i) => [i, name])),
          label2id: Object.fromEntries(config.scores.map((name, i) => [name, i])),
        }
      : {}),
  };
}

function scoringClass(architecture: Architecture): string {
  return CLASSES[architecture].replace("ForCausalLM", SCORING);
}

function architectureOf(file: HuggingFaceConfig): Architecture {
  const named = file.architectures?.[0];
  for (const architecture of ["llama", "qwen2", "qwen3"] as const) {
    const known = [CLASSES[architecture], scoringClass(architecture)];
    if (named === undefined ? file.model_type === architecture : known.includes(named)) return architecture;
  }
  throw unsupported("architectures", Object.values(CLASSES).join(", "), named ?? file.model_type ?? "nothing");
}

function refuseUnsupported(file: HuggingFaceConfig, architecture: Architecture): void {
  if (file.hidden_act !== undefined && file.hidden_act !== "silu" && file.hidden_act !== "swish") {
    throw unsupported("hidden_act", "silu", file.hidden_act);
  }
  for (const key of ["rope_parameters", "rope_scaling"] as const) {
    const rope = file[key];
    if (rope === null || rope === undefined) continue;
    const type = rope.rope_type ?? rope.type ?? (key === "rope_scaling" ? "no type" : "default");
    if (type !== "default") throw unsupported(key, "no scaling, or type default", `type ${type}`);
    const nested = Object.entries(rope).find(([, value]) => typeof value === "object" && value !== null);
    if (nested !== undefined) throw unsupported(key, "one rotation for all layers", `one for ${nested[0]}`);
    if ((rope.partial_rotary_factor ?? 1) !== 1) throw unsupported(`${key}.partial_rotary_factor`, "1", "another");
  }
  if ((file.partial_rotary_factor ?? 1) !== 1) {
    throw unsupported("partial_rotary_factor", "1", String(file.partial_rotary_factor));
  }
  // Llama's attention_bias also adds one to the output projection; Qwen2 has its biases by its class, whatever the key says.
  if (file.attention_bias === true && architecture !== "qwen2") throw unsupported("attention_bias", "false", "true");
  if (file.mlp_bias === true) throw unsupported("mlp_bias", "false", "true");
  if (architecture !== "llama" && file.use_sliding_window === true && file.sliding_window !== null) {
    const from = file.max_window_layers ?? 28;
    if (from < file.num_hidden_layers) throw unsupported("use_sliding_window", "false", `true from layer ${from}`);
  }
  const otherLayer = file.layer_types?.find((type) => type !== "full_attention");
  if (otherLayer !== undefined) throw unsupported("layer_types", "full_attention in every layer", otherLayer);
  for (const key of ["num_experts", "num_local_experts", "moe_intermediate_size"]) {
    if (typeof file[key] === "number" && file[key] > 0) throw unsupported(key, "absent", String(file[key]));
  }
  if (file.quantization_config !== undefined && file.quantization_config !== null) {
    throw unsupported("quantization_config", "absent (plain F32, BF16 or F16 weights)", "quantised weights");
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue === undefined || issue.path.length === 0 ? "" : ` at "${issue.path.join(".")}"`;
  throw new ReckonError("CONFIG_INVALID", `The ${what} is not valid${key}.`, {
    got: issue?.message ?? "something else",
    help: "Compare it with the config.json of a published Llama or Qwen model.",
  });
}

function invalid(key: string, expected: string, got: string): ReckonError {
  return new ReckonError("CONFIG_INVALID", `The model configuration's "${key}" does not fit.`, { expected, got });
}

function unsupported(key: string, expected: string, got: string): ReckonError {
  return new ReckonError("CONFIG_UNSUPPORTED", `config.json asks for what Reckon does not compute: "${key}".`, {
    expected,
    got,
    help: "Choose a plain Llama, Qwen2 or Qwen3 checkpoint.",
  });
}
