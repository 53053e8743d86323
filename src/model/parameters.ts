/**
 * Where each weight lies in the one flat Float32Array that holds a model's parameters (gradients and optimiser states
 * have the same layout).
 *
 * Order: embedding; then wq, wk, wv, wo, wg, wu, wd, each for all layers in a row, so that one view has the shape
 * [layers, in, out]; then the output matrix if it is not tied; then all vectors; then the head of scores, if there is one
 * (it takes the output matrix's place), so that what comes before lies where it does in the language model. Linear weights are stored [in, out]
 * (y = x @ W), transposed relative to Hugging Face's [out, in]: neither the forward pass nor the gradients need a
 * transposition then. Each row of equal weights starts at a multiple of 16 floats (a cache line); the padding is zero.
 */
import { assert } from "../util/errors.ts";
import type { ModelConfig } from "./config.ts";

/** Matrices for Muon or decay; vectors (norms, biases) without decay; embeddings (input and output) in between. */
export type ParameterKind = "matrix" | "vector" | "embedding";

/** One weight of Hugging Face's checkpoint. Offsets and sizes count floats. */
export interface ParameterEntry {
  /** `embedding`, `lmHead`, `finalNorm`, `score`, or `layers.N.` with wq wk wv wo wg wu wd norm1 norm2 qNorm kNorm bq bk bv. */
  readonly name: string;
  readonly hfName: string;
  readonly shape: readonly number[];
  readonly hfShape: readonly number[];
  readonly transposed: boolean;
  readonly offset: number;
  readonly size: number;
  readonly kind: ParameterKind;
  readonly layer?: number;
}

/** Equal weights of all layers, e.g. `wq` with shape [layers, hidden, heads * headDim]. Weights outside of layers have no leading dimension. */
export interface ParameterStack {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
  readonly kind: ParameterKind;
}

export interface ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  readonly stacks: readonly ParameterStack[];
  /** Floats in the flat buffer, padding included. */
  readonly size: number;
  /** Numbers that are learnt, padding not counted. */
  readonly parameterCount: number;
}

const ALIGNMENT = 16;

/** A weight before it has a place. */
export interface Weight {
  readonly name: string;
  readonly hfName: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
  readonly kind: ParameterKind;
  readonly perLayer: boolean;
}

/** The layout of a configuration; a pure function of it. Nothing is allocated. */
export function parameterLayout(config: ModelConfig): ParameterLayout {
  return layoutOf(weightsOf(config), config.layers);
}

/** Places for weights, in their order. @param layers how often a weight `perLayer` comes */
export function layoutOf(weights: readonly Weight[], layers: number): ParameterLayout {
  const entries: ParameterEntry[] = [];
  const stacks: ParameterStack[] = [];
  let offset = 0;
  let parameterCount = 0;
  for (const weight of weights) {
    offset = Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
    const size = weight.shape.reduce((a, b) => a * b, 1);
    const count = weight.perLayer ? layers : 1;
    const { name, kind, transposed, shape } = weight;
    stacks.push({
      name,
      shape: weight.perLayer ? [count, ...shape] : shape,
      offset,
      size: size * count,
      kind,
    });
    for (let layer = 0; layer < count; layer++) {
      const place = { shape, hfShape: transposed ? [...shape].reverse() : shape, transposed, offset, size, kind };
      if (weight.perLayer) {
        const hfName = `model.layers.${layer}.${weight.hfName}`;
        entries.push({ name: `layers.${layer}.${name}`, hfName, ...place, layer });
      } else {
        entries.push({ name, hfName: weight.hfName, ...place });
      }
      offset += size;
    }
    parameterCount += size * count;
  }
  return { entries, stacks, size: Math.ceil(offset / ALIGNMENT) * ALIGNMENT, parameterCount };
}

/** How many numbers a model of this configuration learns. */
export function parameterCount(config: ModelConfig): number {
  return parameterLayout(config).parameterCount;
}

/** Views into the flat buffer by our names, one for each entry. Writing to a view writes to the buffer. */
export function views(layout: ParameterLayout, buffer: Float32Array): Map<string, Float32Array> {
  assert(buffer.length === layout.size, `parameter buffer has ${buffer.length} floats, layout needs ${layout.size}`);
  return new Map(layout.entries.map((entry) => [entry.name, buffer.subarray(entry.offset, entry.offset + entry.size)]));
}

function weightsOf(config: ModelConfig): Weight[] {
  const { vocabSize, hiddenSize, headDim, intermediateSize } = config;
  const queries = config.heads * headDim;
  const keys = config.kvHeads * headDim;
  const matrix = (name: string, hfName: string, rows: number, columns: number): Weight => ({
    name,
    hfName: `${hfName}.weight`,
    shape: [rows, columns],
    transposed: true,
    kind: "matrix",
    perLayer: true,
  });
  const vector = (name: string, hfName: string, length: number): Weight => ({
    name,
    hfName,
    shape: [length],
    transposed: false,
    kind: "vector",
    perLayer: true,
  });
  return [
    {
      name: "embedding",
      hfName: "model.embed_tokens.weight",
      shape: [vocabSize, hiddenSize],
      transposed: false,
      kind: "embedding",
      perLayer: false,
    },
    matrix("wq", "self_attn.q_proj", hiddenSize, queries),
    matrix("wk", "self_attn.k_proj", hiddenSize, keys),
    matrix("wv", "self_attn.v_proj", hiddenSize, keys),
    matrix("wo", "self_attn.o_proj", queries, hiddenSize),
    matrix("wg", "mlp.gate_proj", hiddenSize, intermediateSize),
    matrix("wu", "mlp.up_proj", hiddenSize, intermediateSize),
    matrix("wd", "mlp.down_proj", intermediateSize, hiddenSize),
    ...(config.tieEmbeddings || config.scores
      ? []
      : [
          {
            name: "lmHead",
            hfName: "lm_head.weight",
            shape: [hiddenSize, vocabSize],
            transposed: true,
            kind: "embedding",
            perLayer: false,
          } as const,
        ]),
    vector("norm1", "input_layernorm.weight", hiddenSize),
    vector("norm2", "post_attention_layernorm.weight", hiddenSize),
    ...(config.qkNorm
      ? [vector("qNorm", "self_attn.q_norm.weight", headDim), vector("kNorm", "self_attn.k_norm.weight", headDim)]
      : []),
    ...(config.qkvBias
      ? [
          vector("bq", "self_attn.q_proj.bias", queries),
          vector("bk", "self_attn.k_proj.bias", keys),
          vector("bv", "self_attn.v_proj.bias", keys),
        ]
      : []),
    {
      name: "finalNorm",
      hfName: "model.norm.weight",
      shape: [hiddenSize],
      transposed: false,
      kind: "vector",
      perLayer: false,
    },
    ...(config.scores
      ? [
          {
            name: "score",
            hfName: "score.weight",
            shape: [hiddenSize, config.scores.length],
            transposed: true,
            kind: "embedding",
            perLayer: false,
          } as const,
        ]
      : []),
  ];
}
