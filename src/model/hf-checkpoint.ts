/**
 * A model as the files of a Hugging Face folder, in memory: config.json, model.safetensors (or shards with an index),
 * tokenizer.json, tokenizer_config.json, generation_config.json, and reckon.json, which is ours (lineage, evaluations).
 *
 * Files come from strangers: nothing is allocated by what config.json claims before the weights have been seen to match
 * it, and no name from an index reaches the file system unless it is a plain one.
 */
import { ReckonError } from "../util/errors.ts";
import { DEFAULT_CHAT_TEMPLATE } from "./chat-template.ts";
import {
  configFromHuggingFace,
  configToHuggingFace,
  type ModelConfig,
  type SpecialTokenIds,
  specialTokenIds,
} from "./config.ts";
import { type ParameterEntry, parameterLayout } from "./parameters.ts";
import {
  readSafetensors,
  type SafetensorsTensor,
  tensorFromFloat32,
  tensorToFloat32,
  writeSafetensors,
} from "./safetensors.ts";
import { Tokenizer } from "./tokenizer.ts";
import { checkTokenizerJson } from "./tokenizer-file.ts";

/** Where files come from: a folder, an archive, a download. */
export interface FileSource {
  /** The bytes of a file by its plain name, or undefined if there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
}

export interface LoadedWeights {
  readonly config: ModelConfig;
  /** In the order of `parameterLayout(config)`. */
  readonly parameters: Float32Array;
  /** What ends a completion, and so on: generation_config.json before config.json. */
  readonly tokens: SpecialTokenIds;
}

export interface LoadedCheckpoint extends LoadedWeights {
  readonly tokenizer: Tokenizer;
  readonly extra: { readonly reckon?: unknown };
}

export interface CheckpointContent {
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
  /** The parsed tokenizer.json, e.g. from `trainBpe` or `tokenizer.toJson()`. */
  readonly tokenizerJson: unknown;
  /** Of the weights in the file; BF16 rounds. */
  readonly dtype: "F32" | "BF16";
  /** The parsed reckon.json. */
  readonly reckon?: unknown;
  /** Default: `<|end|>` and `<|pad|>`, as far as the tokenizer has them. */
  readonly tokens?: SpecialTokenIds;
  /** The parsed tokenizer_config.json. Default: ours, with our chat template. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const MAX_SHARDS = 1000;
const MAX_JSON = 200_000_000;

/**
 * Loads a folder in Hugging Face's layout.
 * @throws ReckonError CHECKPOINT_MISSING_FILE, CHECKPOINT_INVALID, CHECKPOINT_TENSORS (names and shapes that do not fit
 * config.json), and those of `configFromHuggingFace`, `readSafetensors` and `Tokenizer.fromJson`
 */
export async function loadCheckpoint(files: FileSource): Promise<LoadedCheckpoint> {
  const tokenizer = await loadTokenizer(files);
  const weights = await loadWeights(files);
  if (tokenizer.vocabSize > weights.config.vocabSize) {
    throw new ReckonError("CHECKPOINT_INVALID", "The tokenizer has more ids than the model has rows.", {
      expected: `ids below vocab_size = ${weights.config.vocabSize}`,
      got: `ids up to ${tokenizer.vocabSize - 1}`,
      help: "Use the tokenizer.json that belongs to these weights.",
    });
  }
  const reckon = await readJson(files, "reckon.json");
  return { ...weights, tokenizer, extra: reckon === undefined ? {} : { reckon } };
}

/** Loads the tokenizer of a folder alone; a chat_template.jinja stands in for the one in tokenizer_config.json. */
export async function loadTokenizer(files: FileSource): Promise<Tokenizer> {
  const json = await needJson(files, "tokenizer.json");
  const config = await readJson(files, "tokenizer_config.json");
  const template = await files.get("chat_template.jinja");
  const own = template === undefined ? {} : { chat_template: decodeText(template, "chat_template.jinja") };
  return Tokenizer.fromJson(json, { ...(typeof config === "object" ? config : {}), ...own });
}

/** Loads configuration and weights of a folder, without a tokenizer. Errors as `loadCheckpoint`. */
export async function loadWeights(files: FileSource): Promise<LoadedWeights> {
  const json = await needJson(files, "config.json");
  const config = configFromHuggingFace(json);
  const tensors = await loadTensors(files);
  const layout = parameterLayout(config);
  checkTensors(layout.entries, tensors);
  const parameters = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    const values = tensorToFloat32(tensors.get(entry.hfName)!, entry.hfName);
    const target = parameters.subarray(entry.offset, entry.offset + entry.size);
    if (entry.transposed) transposeInto(values, entry.hfShape[0]!, entry.hfShape[1]!, target);
    else target.set(values);
  }
  const generation = specialTokenIds(await readJson(files, "generation_config.json"));
  const own = specialTokenIds(json);
  return {
    config,
    parameters,
    tokens: { ...own, ...generation, eos: generation.eos.length > 0 ? generation.eos : own.eos },
  };
}

/** The files of a folder in Hugging Face's layout; transformers, vLLM and `loadCheckpoint` read it. */
export function saveCheckpoint(content: CheckpointContent): Map<string, Uint8Array> {
  const { config, parameters, tokenizerJson, dtype } = content;
  const added = checkTokenizerJson(tokenizerJson).added_tokens.filter((token) => token.special);
  const specials = new Map(added.map((token) => [token.content, token.id]));
  const tokens = content.tokens ?? defaultTokens(specials);
  const tokenizerConfig = content.tokenizerConfig ?? defaultTokenizerConfig(specials, config.maxPositions);
  const layout = parameterLayout(config);
  if (parameters.length !== layout.size) {
    throw new Error(`saveCheckpoint: ${parameters.length} parameters, the configuration has ${layout.size}`);
  }
  const tensors = layout.entries.map((entry): [string, SafetensorsTensor] => {
    let values = parameters.subarray(entry.offset, entry.offset + entry.size);
    if (entry.transposed) {
      const turned = new Float32Array(entry.size);
      transposeInto(values, entry.shape[0]!, entry.shape[1]!, turned);
      values = turned;
    }
    return [entry.hfName, tensorFromFloat32(values, entry.hfShape, dtype)];
  });
  const files = new Map<string, Uint8Array>([
    ["config.json", encodeJson(configToHuggingFace(config, tokens, dtype === "F32" ? "float32" : "bfloat16"))],
    ["generation_config.json", encodeJson(generationConfig(tokens))],
    // transformers asks for the format.
    [WEIGHTS, writeSafetensors(tensors, { format: "pt" })],
    ["tokenizer.json", encodeJson(tokenizerJson)],
    ["tokenizer_config.json", encodeJson(tokenizerConfig)],
  ]);
  if (content.reckon !== undefined) files.set("reckon.json", encodeJson(content.reckon));
  return files;
}

async function loadTensors(files: FileSource): Promise<Map<string, SafetensorsTensor>> {
  const whole = await files.get(WEIGHTS);
  if (whole !== undefined) return readSafetensors(whole);
  const index = await readJson(files, INDEX);
  if (index === undefined) throw missingFile(WEIGHTS, `${WEIGHTS}, or ${INDEX} with its shards`);
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw invalidFile(INDEX, "weight_map: an object of tensors and files", "none");
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map as Record<string, unknown>)) {
    // Plain names only: an index must not lead out of its folder.
    if (typeof file !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(file)) {
      throw invalidFile(INDEX, "names of files in the same folder", JSON.stringify(file) ?? "nothing");
    }
    shards.set(file, [...(shards.get(file) ?? []), tensor]);
    if (shards.size > MAX_SHARDS) throw invalidFile(INDEX, `at most ${MAX_SHARDS} files`, "more");
  }
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [file, names] of shards) {
    const bytes = await files.get(file);
    if (bytes === undefined) throw missingFile(file, `the shard that ${INDEX} names`);
    const shard = readSafetensors(bytes);
    for (const name of names) {
      const tensor = shard.get(name);
      if (tensor === undefined) throw invalidFile(file, `the tensor ${JSON.stringify(name)}, by ${INDEX}`, "none");
      tensors.set(name, tensor);
    }
  }
  return tensors;
}

/** Tensors that a checkpoint may have and that hold nothing to learn: older Llama files keep the rotation's frequencies. */
const IGNORED = /\.rotary_emb\.inv_freq$/;

function checkTensors(entries: readonly ParameterEntry[], tensors: ReadonlyMap<string, SafetensorsTensor>): void {
  const expected = new Set(entries.map((entry) => entry.hfName));
  const missing = [...expected].filter((name) => !tensors.has(name));
  // With tied embeddings the output matrix is the embedding, whether the file repeats it or not.
  const tied = !expected.has("lm_head.weight");
  const unexpected = [...tensors.keys()].filter(
    (name) => !expected.has(name) && !IGNORED.test(name) && !(tied && name === "lm_head.weight"),
  );
  if (missing.length > 0 || unexpected.length > 0) {
    throw new ReckonError("CHECKPOINT_TENSORS", "The weights do not fit config.json.", {
      expected: missing.length === 0 ? "no tensors beyond the configuration's" : `also ${list(missing)}`,
      got: unexpected.length === 0 ? `${tensors.size} tensors without them` : `also ${list(unexpected)}`,
      help: "Use the config.json that belongs to these weights; adapters and quantised weights must be merged first.",
    });
  }
  for (const { hfName, hfShape } of entries) {
    const { shape } = tensors.get(hfName)!;
    if (shape.length !== hfShape.length || shape.some((size, axis) => size !== hfShape[axis])) {
      throw new ReckonError("CHECKPOINT_TENSORS", `The shape of ${hfName} does not fit config.json.`, {
        expected: `[${hfShape}]`,
        got: `[${shape}]`,
        help: "Use the config.json that belongs to these weights.",
      });
    }
  }
}

/** target [columns, rows] = transpose of source [rows, columns]; in blocks, so that both stay in the cache. */
function transposeInto(source: Float32Array, rows: number, columns: number, target: Float32Array): void {
  const block = 32;
  for (let row0 = 0; row0 < rows; row0 += block) {
    const row1 = Math.min(rows, row0 + block);
    for (let column0 = 0; column0 < columns; column0 += block) {
      const column1 = Math.min(columns, column0 + block);
      for (let row = row0; row < row1; row++) {
        for (let column = column0; column < column1; column++) {
          target[column * rows + row] = source[row * columns + column]!;
        }
      }
    }
  }
}

function defaultTokens(specials: ReadonlyMap<string, number>): SpecialTokenIds {
  const end = specials.get("<|end|>");
  const pad = specials.get("<|pad|>");
  return { eos: end === undefined ? [] : [end], ...(pad === undefined ? {} : { pad }) };
}

function defaultTokenizerConfig(specials: ReadonlyMap<string, number>, maxLength: number): Record<string, unknown> {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: null,
    eos_token: specials.has("<|end|>") ? "<|end|>" : null,
    pad_token: specials.has("<|pad|>") ? "<|pad|>" : null,
    unk_token: null,
    model_max_length: maxLength,
    padding_side: "left",
    clean_up_tokenization_spaces: false,
    model_input_names: ["input_ids", "attention_mask"],
    chat_template: DEFAULT_CHAT_TEMPLATE,
  };
}

function generationConfig(tokens: SpecialTokenIds): Record<string, unknown> {
  return {
    do_sample: true,
    temperature: 1,
    ...(tokens.bos === undefined ? {} : { bos_token_id: tokens.bos }),
    ...(tokens.eos.length === 0 ? {} : { eos_token_id: tokens.eos.length > 1 ? tokens.eos : tokens.eos[0] }),
    ...(tokens.pad === undefined ? {} : { pad_token_id: tokens.pad }),
  };
}

async function needJson(files: FileSource, name: string): Promise<unknown> {
  const json = await readJson(files, name);
  if (json === undefined) throw missingFile(name, name);
  return json;
}

async function readJson(files: FileSource, name: string): Promise<unknown> {
  const bytes = await files.get(name);
  if (bytes === undefined) return undefined;
  if (bytes.length > MAX_JSON) throw invalidFile(name, `at most ${MAX_JSON} bytes`, `${bytes.length}`);
  const text = decodeText(bytes, name);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidFile(name, "JSON", cause instanceof Error ? cause.message : "something else");
  }
}

function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidFile(name, "UTF-8", "other bytes");
  }
}

function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
}

function list(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return names.slice(0, 5).join(", ") + more;
}

function missingFile(name: string, expected: string): ReckonError {
  return new ReckonError("CHECKPOINT_MISSING_FILE", `The checkpoint has no ${name}.`, {
    expected,
    help: "Give the folder of a model in Hugging Face's layout.",
  });
}

function invalidFile(name: string, expected: string, got: string): ReckonError {
  return new ReckonError("CHECKPOINT_INVALID", `${name} is not valid.`, {
    expected,
    got,
    help: "The file is damaged: fetch the checkpoint again.",
  });
}
