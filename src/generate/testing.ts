/** Shared by this room's tests: small random models of every kind, and the plain forward pass to compare with. */
import { Graph, mulDims, type Provider, reshape, type Target } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { initialise } from "../model/initialise.ts";
import { parameterLayout, views } from "../model/parameters.ts";
import { fullAttention, hiddenStates, logitsOf, parameterInputs } from "../model/transformer.ts";
import { Random } from "../util/random.ts";

const base: ModelConfig = {
  architecture: "llama",
  vocabSize: 24,
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headDim: 8,
  intermediateSize: 48,
  ropeTheta: 10_000,
  rmsNormEps: 1e-6,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 48,
};

/** One model for each thing that a configuration may switch. */
export const configs: Readonly<Record<string, ModelConfig>> = {
  "llama, tied": base,
  "llama, untied, grouped queries": { ...base, kvHeads: 2, tieEmbeddings: false },
  "qwen2, one key/value head": { ...base, architecture: "qwen2", qkvBias: true, kvHeads: 1 },
  "qwen3, wide heads": { ...base, architecture: "qwen3", qkNorm: true, kvHeads: 2, headDim: 12, tieEmbeddings: false },
};

/** Random parameters, lively enough that distributions are far from uniform; biases and gains are random too. */
export function randomModel(config: ModelConfig, seed: number): Float32Array {
  const parameters = initialise(config, seed, { embeddingScale: 4 });
  const layout = parameterLayout(config);
  const byName = views(layout, parameters);
  for (const entry of layout.entries) {
    if (entry.kind !== "vector") continue;
    const random = Random.of(seed, "vectors", entry.name);
    const view = byName.get(entry.name)!;
    for (let i = 0; i < view.length; i++) view[i]! += 0.3 * random.normal();
  }
  return parameters;
}

export function randomTokens(random: Random, length: number, vocabSize: number): number[] {
  return Array.from({ length }, () => random.int(0, vocabSize - 1));
}

/** The model applied to a whole sequence at once, without a cache: logits of every position, one row each. */
export async function forwardPass(
  provider: Provider,
  config: ModelConfig,
  parameters: Float32Array,
  target: Target = "fused",
): Promise<(tokens: readonly number[]) => Promise<Float32Array[]>> {
  const graph = new Graph({ target });
  const ids = graph.input("ids", ["B", "S"], "int64");
  const layout = parameterLayout(config);
  const inputs = parameterInputs(graph, layout);
  const attend = fullAttention(graph, config, { rows: "B", length: "S" }, { positions: config.maxPositions });
  const hidden = hiddenStates(config, inputs, reshape(ids, [mulDims("B", "S")]), attend);
  graph.output("logits", logitsOf(config, inputs, hidden));
  const session = await provider.session(graph);
  const given = views(layout, parameters);
  const feeds = Object.fromEntries(
    layout.entries.map((entry) => [entry.name, provider.value(given.get(entry.name)!, entry.shape)]),
  );
  return async (tokens) => {
    const logits = new Float32Array(tokens.length * config.vocabSize);
    const row = BigInt64Array.from(tokens, (token) => BigInt(token));
    await session.run(
      { ...feeds, ids: provider.value(row, [1, tokens.length]) },
      { logits: provider.value(logits, [tokens.length, config.vocabSize]) },
    );
    return tokens.map((_, i) => logits.subarray(i * config.vocabSize, (i + 1) * config.vocabSize));
  };
}

/** Log-softmax at a temperature, in double precision. */
export function logSoftmax(logits: Float32Array, temperature = 1): Float64Array {
  const scaled = Float64Array.from(logits, (x) => x / temperature);
  const top = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = scaled.reduce((sum, x) => sum + Math.exp(x - top), 0);
  return scaled.map((x) => x - top - Math.log(total));
}

export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
