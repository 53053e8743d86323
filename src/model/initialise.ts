/**
 * Fresh parameters: normal with standard deviation 1/√(fan in) for matrices, the two that write to the residual stream
 * divided by √(2·layers) (GPT-2, Radford et al. 2019) and times `residualScale`, embeddings at `embeddingScale`, gains at 1, a
 * head of scores at 0.
 */
import { Random } from "../util/random.ts";
import type { ModelConfig } from "./config.ts";
import { parameterLayout } from "./parameters.ts";

export interface InitialiseOptions {
  /** Standard deviation of the embedding's entries times √hidden; default 0.5. */
  readonly embeddingScale?: number;
  /** Factor of the two matrices of a layer that write to the residual stream: at 0 every layer begins as nothing. Default 1. */
  readonly residualScale?: number;
}

/**
 * @param seed the same seed gives the same bytes
 * @returns a buffer in the model's layout; padding is zero
 */
export function initialise(config: ModelConfig, seed: number, options: InitialiseOptions = {}): Float32Array {
  const layout = parameterLayout(config);
  const out = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    const view = out.subarray(entry.offset, entry.offset + entry.size);
    const short = entry.name.split(".").at(-1)!;
    if (entry.kind === "vector") {
      view.fill(short.startsWith("b") ? 0 : 1);
      continue;
    }
    if (short === "score") continue; // A judge begins without an opinion.
    const embedding = (options.embeddingScale ?? 0.5) / Math.sqrt(config.hiddenSize);
    let deviation = entry.kind === "embedding" ? embedding : 1 / Math.sqrt(entry.shape[0]!);
    if (short === "wo" || short === "wd") deviation *= (options.residualScale ?? 1) / Math.sqrt(2 * config.layers);
    if (deviation === 0) continue;
    const random = Random.of(seed, "initialise", entry.name);
    for (let i = 0; i < view.length; i++) view[i] = deviation * random.normal();
  }
  return out;
}
