/**
 * LoRA (Hu et al. 2021, arXiv 2106.09685): a frozen linear layer W [in, out] learns a change of low rank beside it,
 * y = x W + (α/r) (x A) B with A [in, r] and B [r, out]. A begins random and B zero, so the model begins as it was.
 *
 * The adapters have a flat buffer and a layout of their own, like a model's parameters: gradients, optimiser and threads see
 * nothing but another layout. The frozen weights stay in a buffer apart, and after every update base and adapters are
 * merged into the model's parameters, W + (α/r) A B, which sampling, scoring, references and checkpoints use as ever:
 * whatever is saved or exported is a plain model. Merging costs r/T of the training's products with T tokens an update.
 *
 * Left out: adapters for embeddings and norms, dropout, scaling by α/√r, adapters on their own as files, base weights in
 * fewer bits. A run keeps a copy of its base in its checkpoints, so that it goes on to the same bits.
 */
import { assert } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { ModelConfig } from "./config.ts";
import { layoutOf, type ParameterLayout, parameterLayout } from "./parameters.ts";

export const LORA_TARGETS = ["q", "k", "v", "o", "gate", "up", "down"] as const;
export type LoraTarget = (typeof LORA_TARGETS)[number];

export interface LoraSettings {
  /** r. */
  readonly rank: number;
  /** α; the change is multiplied by α/r. */
  readonly alpha: number;
  /** Linear layers that have adapters, in every block. */
  readonly targets: readonly LoraTarget[];
}

const WEIGHTS: Readonly<Record<LoraTarget, string>> = {
  q: "wq",
  k: "wk",
  v: "wv",
  o: "wo",
  gate: "wg",
  up: "wu",
  down: "wd",
};

export function loraScale({ alpha, rank }: LoraSettings): number {
  return alpha / rank;
}

/** Names of a weight's two adapters; weights are called as in `ParameterEntry`. */
export const adapterNames = (weight: string): readonly [a: string, b: string] => [`${weight}.a`, `${weight}.b`];

/**
 * Where each adapter lies: `layers.N.wq.a` [in, r] and `layers.N.wq.b` [r, out], and so on for all targets; `hfName` is what
 * PEFT calls them.
 */
export function loraLayout(config: ModelConfig, { rank, targets }: LoraSettings): ParameterLayout {
  const weights = LORA_TARGETS.filter((target) => targets.includes(target)).flatMap((target) => {
    const name = WEIGHTS[target];
    const { shape, hfName } = parameterLayout(config).entries.find((entry) => entry.name === `layers.0.${name}`)!;
    const [rows, columns] = shape as [number, number];
    const module = hfName.replace("model.layers.0.", "").replace(/\.weight$/, "");
    const [a, b] = adapterNames(name);
    const common = { transposed: true, kind: "matrix", perLayer: true } as const;
    return [
      { name: a, hfName: `${module}.lora_A.weight`, shape: [rows, rank], ...common },
      { name: b, hfName: `${module}.lora_B.weight`, shape: [rank, columns], ...common },
    ];
  });
  return layoutOf(weights, config.layers);
}

/** Fresh adapters: A normal with deviation 1/√in, B zero. The same seed gives the same bytes. */
export function initialiseLora(config: ModelConfig, lora: LoraSettings, seed: number): Float32Array {
  const layout = loraLayout(config, lora);
  const out = new Float32Array(layout.size);
  for (const { name, shape, offset, size } of layout.entries) {
    if (!name.endsWith(".a")) continue;
    const deviation = 1 / Math.sqrt(shape[0]!);
    const random = Random.of(seed, "lora", name);
    for (let i = offset; i < offset + size; i++) out[i] = deviation * random.normal();
  }
  return out;
}

/**
 * Writes base + (α/r) A B into a model's parameters. What has no adapter is left as it is there.
 * @param base flat buffer in the model's layout
 * @param adapters flat buffer in the adapters' layout
 * @param into flat buffer in the model's layout
 */
export function mergeLora(
  config: ModelConfig,
  lora: LoraSettings,
  {
    base,
    adapters,
    into,
  }: { readonly base: Float32Array; readonly adapters: Float32Array; readonly into: Float32Array },
): void {
  const layout = loraLayout(config, lora);
  const places = new Map(layout.entries.map((entry) => [entry.name, entry]));
  assert(adapters.length === layout.size, `adapters of ${adapters.length} floats, not ${layout.size}`);
  const scale = loraScale(lora);
  for (const { name, shape, offset } of parameterLayout(config).entries) {
    const [a, b] = adapterNames(name).map((adapter) => places.get(adapter));
    if (!a || !b) continue;
    const [rows, columns] = shape as [number, number];
    // In double precision, so that the sum over the rank is rounded once.
    const change = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      change.fill(0);
      for (let r = 0; r < lora.rank; r++) {
        const factor = scale * adapters[a.offset + i * lora.rank + r]!;
        const from = b.offset + r * columns;
        for (let j = 0; j < columns; j++) change[j]! += factor * adapters[from + j]!;
      }
      const at = offset + i * columns;
      for (let j = 0; j < columns; j++) into[at + j] = base[at + j]! + change[j]!;
    }
  }
}
