/**
 * Gives a model the special tokens that it lacks, so that a published Llama or Qwen2 folder can be asked and taught like
 * ours: the tokenizer learns their names, embedding and output matrix a row for each.
 *
 * A new row is the mean of all rows (Hewitt, "Initializing New Word Embeddings for Pretrained Language Models", 2021):
 * a token that was never seen then takes no probability from others to speak of, where a random row may take nearly all.
 * The end of a completion takes the row of the model's own end token. Rows of padding, which many published models have
 * beyond their last token, are used before the matrices grow.
 */
import type { ModelConfig } from "./config.ts";
import type { LoadedCheckpoint } from "./hf-checkpoint.ts";
import { parameterLayout, views } from "./parameters.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenizerFile } from "./tokenizer-file.ts";

export interface ExtendedModel {
  readonly model: LoadedCheckpoint;
  /** Tokens that have got a row; empty where the model had all of them, and is what was given. */
  readonly added: readonly string[];
}

/**
 * @param names of the special tokens that are wanted
 * @param end the one that ends a completion
 */
export function withSpecialTokens(model: LoadedCheckpoint, names: readonly string[], end?: string): ExtendedModel {
  const { tokenizer, config } = model;
  const missing = names.filter((name) => !tokenizer.specials.has(name));
  if (missing.length === 0) return { model, added: [] };
  const file = tokenizer.toJson() as TokenizerFile;
  // A token of the vocabulary that is not special yet keeps its id, and what the model knows of it.
  const added = missing.filter((name) => tokenizer.tokenId(name) === undefined);
  const ids = new Map(
    missing.map((name) => [name, tokenizer.tokenId(name) ?? tokenizer.vocabSize + added.indexOf(name)]),
  );
  const wanted = new Set(missing);
  const tokens = [
    ...file.added_tokens.filter(({ content }) => !wanted.has(content)),
    ...missing.map((content) => ({
      ...{ id: ids.get(content)!, content, special: true },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    })),
  ];
  const extended = Tokenizer.fromJson({ ...file, added_tokens: tokens.sort((a, b) => a.id - b.id) }, tokenizer.config);
  const grown: ModelConfig = { ...config, vocabSize: Math.max(config.vocabSize, extended.vocabSize) };
  const likeEnd = end === undefined ? undefined : model.tokens.eos[0];
  const rows = added.map((name): NewRow => ({ id: ids.get(name)!, like: name === end ? likeEnd : undefined }));
  const parameters = grow(model, grown, tokenizer.vocabSize, rows);
  return { model: { ...model, config: grown, parameters, tokenizer: extended }, added };
}

interface NewRow {
  readonly id: number;
  /** The row that it begins as; undefined for the mean. */
  readonly like: number | undefined;
}

/** The parameters in the layout of a larger vocabulary. @param known rows that belong to tokens */
function grow(model: LoadedCheckpoint, config: ModelConfig, known: number, rows: readonly NewRow[]): Float32Array {
  const layout = parameterLayout(config);
  const parameters = new Float32Array(layout.size);
  const before = views(parameterLayout(model.config), model.parameters);
  for (const [name, target] of views(layout, parameters)) {
    const source = before.get(name)!;
    // [vocabulary, hidden], and the output matrix [hidden, vocabulary].
    if (name === "embedding") {
      target.set(source);
      fillRows(target, { step: config.hiddenSize, stride: 1, length: config.hiddenSize }, known, rows);
    } else if (name === "lmHead") {
      const [from, to] = [model.config.vocabSize, config.vocabSize];
      for (let h = 0; h < config.hiddenSize; h++) target.set(source.subarray(h * from, (h + 1) * from), h * to);
      fillRows(target, { step: 1, stride: to, length: config.hiddenSize }, known, rows);
    } else target.set(source);
  }
  return parameters;
}

/** Where a token's numbers lie: from `token * step` on, `stride` apart. */
interface RowShape {
  readonly step: number;
  readonly stride: number;
  readonly length: number;
}

function fillRows(
  matrix: Float32Array,
  { step, stride, length }: RowShape,
  known: number,
  rows: readonly NewRow[],
): void {
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (let token = 0; token < known; token++) total += matrix[token * step + i * stride]!;
    for (const { id, like } of rows) {
      matrix[id * step + i * stride] = like === undefined ? total / known : matrix[like * step + i * stride]!;
    }
  }
}
