/**
 * LoRA (Hu et al. 2021, arXiv 2106.09685): a frozen linear layer W [in, out] learns a change of low rank beside it,
 * y = x W + (α/r) (x A) B with A [in, r] and B [r, out]. A begins random and B zero, so the model begins as it was.
 *
 * The adapters have a flat buffer and a layout of their own, like a model's parameters: gradients, optimiser and threads see
 * nothing but another layout. The frozen weights stay in a buffer apart, and after every update base and adapters are
 * merged into the model's parameters, W + (α/r) A B, which sampling, scoring, references and checkpoints use as ever:
 * whatever is saved or exported is a plain model. Merging costs r/T of the training's products with T tokens an update.
 *
 * Of some tokens, those that a model has got and that no adapter of another layer could teach it, the rows of the embedding
 * are learnt as they are (PEFT's `trainable_token_indices`), and those of the output matrix where it is not tied: a change
 * [tokens, hidden] that begins at zero and is added to these rows alone. As a product it is an adapter too, whose A is fixed:
 * one-hot, [vocabulary, tokens]. So neither the table nor its gradient is ever built anew.
 *
 * Left out: adapters for all of an embedding and for norms, dropout, scaling by α/√r, adapters on their own as files, base
 * weights in fewer bits. A run keeps a copy of its base in its checkpoints, so that it goes on to the same bits.
 */
import { assert, ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import type { ModelConfig } from "./config.ts";
import { layoutOf, type ParameterEntry, type ParameterLayout, parameterLayout, type Weight } from "./parameters.ts";

/** The linear layers of every block: those that have adapters where nothing else is said. */
export const LORA_TARGETS = ["q", "k", "v", "o", "gate", "up", "down"] as const;
/** All that may have them: the output matrix too, where it is not the embedding. */
export const ALL_LORA_TARGETS = [...LORA_TARGETS, "lm_head"] as const;
export type LoraTarget = (typeof ALL_LORA_TARGETS)[number];

export interface LoraSettings {
  /** r. */
  readonly rank: number;
  /** α; the change is multiplied by α/r. */
  readonly alpha: number;
  /** Linear layers that have adapters; those of a block in every block. */
  readonly targets: readonly LoraTarget[];
  /** Ids of tokens whose rows are learnt beside the adapters; default none. */
  readonly tokens?: readonly number[] | undefined;
}

const WEIGHTS: Readonly<Record<LoraTarget, string>> = {
  q: "wq",
  k: "wk",
  v: "wv",
  o: "wo",
  gate: "wg",
  up: "wu",
  down: "wd",
  lm_head: "lmHead",
};

export function loraScale({ alpha, rank }: LoraSettings): number {
  return alpha / rank;
}

/** Names of a weight's two adapters; weights are called as in `ParameterEntry`. */
export const adapterNames = (weight: string): readonly [a: string, b: string] => [`${weight}.a`, `${weight}.b`];

/** Name of the change of a table's rows. */
export const rowsName = (table: "embedding" | "lmHead"): string => `${table}.rows`;

/**
 * Where each adapter lies: `layers.N.wq.a` [in, r] and `layers.N.wq.b` [r, out], and so on for all targets, then
 * `embedding.rows` [tokens, hidden] and `lmHead.rows` [hidden, tokens]; `hfName` is what PEFT calls them.
 * @throws ReckonError LORA_TARGET for `lm_head` of a model whose output matrix is its embedding
 */
export function loraLayout(config: ModelConfig, { rank, targets, tokens = [] }: LoraSettings): ParameterLayout {
  const entries = new Map(parameterLayout(config).entries.map((entry) => [entry.name, entry]));
  const weights = ALL_LORA_TARGETS.filter((target) => targets.includes(target)).flatMap((target): Weight[] => {
    const name = WEIGHTS[target];
    const entry = entries.get(`layers.0.${name}`) ?? entries.get(name);
    if (!entry) throw tiedHead(targets);
    const [rows, columns] = entry.shape as [number, number];
    const module = moduleOf(entry);
    const [a, b] = adapterNames(name);
    const perLayer = entry.layer !== undefined;
    // As of the weight itself: an output matrix is no matrix to Muon.
    const common = { transposed: true, kind: entry.kind, perLayer } as const;
    return [
      { name: a, hfName: `${module}.lora_A.weight`, shape: [rows, rank], ...common },
      { name: b, hfName: `${module}.lora_B.weight`, shape: [rank, columns], ...common },
    ];
  });
  if (tokens.length > 0) {
    for (const name of ["embedding", "lmHead"] as const) {
      const entry = entries.get(name);
      if (!entry) continue;
      const { transposed, kind } = entry;
      const shape = transposed ? [config.hiddenSize, tokens.length] : [tokens.length, config.hiddenSize];
      const hfName = `${moduleOf(entry)}.trainable_tokens_delta`;
      weights.push({ name: rowsName(name), hfName, shape, transposed, kind, perLayer: false });
    }
  }
  return layoutOf(weights, config.layers);
}

/** What a weight belongs to, without its layer. */
function moduleOf({ hfName }: ParameterEntry): string {
  return hfName.replace("model.layers.0.", "").replace(/\.weight$/, "");
}

function tiedHead(targets: readonly LoraTarget[]): ReckonError {
  return new ReckonError("LORA_TARGET", "this model has no output matrix that could have an adapter", {
    expected: `targets among ${LORA_TARGETS.join(", ")}: the output matrix is the embedding, or a head of scores`,
    got: targets.join(", "),
    help: "leave lm_head out of lora.targets",
  });
}

/** Fresh adapters: A normal with deviation 1/√in, B and changes of rows zero. The same seed gives the same bytes. */
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
 * Writes base + (α/r) A B into a model's parameters, and the rows that are learnt. What has no adapter is left as it is there,
 * and so are all other rows.
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
  const { entries } = parameterLayout(config);
  for (const { name, shape, offset } of entries) {
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
  for (const name of ["embedding", "lmHead"] as const) {
    const [rows, table] = [places.get(rowsName(name)), entries.find((entry) => entry.name === name)];
    if (!rows || !table) continue;
    const tokens = lora.tokens!;
    // An output matrix with an adapter of its own has been written just now.
    const before = places.has(adapterNames(name)[0]) ? into : base;
    for (const [n, token] of tokens.entries()) {
      for (let h = 0; h < config.hiddenSize; h++) {
        const [at, from] = table.transposed
          ? [h * config.vocabSize + token, h * tokens.length + n]
          : [token * config.hiddenSize + h, n * config.hiddenSize + h];
        into[table.offset + at] = before[table.offset + at]! + adapters[rows.offset + from]!;
      }
    }
  }
}
