/**
 * Checks a `tokenizer.json` before anything is built from it: files come from strangers.
 *
 * The vocabulary and the merges are checked by hand (150,000 entries are usual), the rest by schema. Regular expressions
 * in the file are bounded in length but not in cost: one can be written that takes long on some text. Load tokenizers
 * whose authors you trust where a service's time matters.
 */
import { z } from "zod";
import { ReckonError } from "../util/errors.ts";
import type { AddedToken } from "./added-tokens.ts";

/** A normaliser, pre-tokeniser, post-processor or decoder: what each holds beside its type is the library's business. */
export interface TokenizerPart {
  readonly type: string;
  readonly pretokenizers?: readonly TokenizerPart[];
  readonly decoders?: readonly TokenizerPart[];
  readonly use_regex?: boolean;
  readonly add_prefix_space?: boolean;
}

export interface TokenizerFile {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerPart | null;
  readonly pre_tokenizer: TokenizerPart | null;
  readonly post_processor: TokenizerPart | null;
  readonly decoder: TokenizerPart | null;
  readonly model: Readonly<Record<string, unknown>> & {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly unknown[];
  };
}

/** More ids than this are refused; the largest published vocabularies have about 260,000. */
const MAX_IDS = 4_000_000;
const MAX_TOKEN_LENGTH = 100_000;
const MAX_REGEX_LENGTH = 10_000;
const MAX_DEPTH = 32;

const part = z
  .looseObject({
    type: z.string(),
    pretokenizers: z.array(z.looseObject({ type: z.string() })).exactOptional(),
    decoders: z.array(z.looseObject({ type: z.string() })).exactOptional(),
    use_regex: z.boolean().exactOptional(),
    add_prefix_space: z.boolean().exactOptional(),
  })
  .nullish();
const schema = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: z.int().min(0).max(MAX_IDS),
        content: z.string().min(1).max(MAX_TOKEN_LENGTH),
        single_word: z.boolean().optional(),
        lstrip: z.boolean().optional(),
        rstrip: z.boolean().optional(),
        normalized: z.boolean().optional(),
        special: z.boolean().optional(),
      }),
    )
    .max(MAX_IDS)
    .nullish(),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.unknown(),
    merges: z.unknown(),
    dropout: z.number().nullish(),
    unk_token: z.string().nullish(),
    end_of_word_suffix: z.string().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    fuse_unk: z.boolean().nullish(),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
  }),
});

/**
 * A checked copy of a parsed `tokenizer.json`; absent parts are null, absent flags their defaults.
 * @throws ReckonError TOKENIZER_INVALID naming the place, TOKENIZER_UNSUPPORTED if the model is not BPE
 */
export function checkTokenizerJson(json: unknown): TokenizerFile {
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(issue?.path.join(".") || "the top level", issue?.message ?? "something else");
  }
  const file = result.data;
  const type = file.model.type ?? "BPE";
  if (type !== "BPE") {
    throw new ReckonError("TOKENIZER_UNSUPPORTED", `The tokenizer's model is ${type}, which Reckon does not read.`, {
      expected: "BPE, as Llama and Qwen have it",
      help: "Choose a model with a BPE tokenizer.json.",
    });
  }
  const vocab = checkVocab(file.model.vocab);
  checkMerges(file.model.merges);
  for (const key of ["normalizer", "pre_tokenizer", "post_processor", "decoder"] as const) {
    checkTree(file[key] ?? null, key, 0);
  }
  return {
    ...file,
    added_tokens: (file.added_tokens ?? []).map((token) => ({
      id: token.id,
      content: token.content,
      single_word: token.single_word ?? false,
      lstrip: token.lstrip ?? false,
      rstrip: token.rstrip ?? false,
      normalized: token.normalized ?? token.special !== true,
      special: token.special ?? false,
    })),
    normalizer: file.normalizer ?? null,
    pre_tokenizer: file.pre_tokenizer ?? null,
    post_processor: file.post_processor ?? null,
    decoder: file.decoder ?? null,
    model: { ...file.model, type, vocab, merges: file.model.merges as unknown[] },
  };
}

function checkVocab(vocab: unknown): Record<string, number> {
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab)) {
    throw invalid("model.vocab", "no object of tokens and ids");
  }
  const seen = new Set<number>();
  for (const [token, id] of Object.entries(vocab as Record<string, unknown>)) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > MAX_IDS) {
      throw invalid(`model.vocab of ${JSON.stringify(token.slice(0, 40))}`, `the id ${JSON.stringify(id)}`);
    }
    if (seen.has(id)) throw invalid("model.vocab", `two tokens with the id ${id}`);
    if (token.length > MAX_TOKEN_LENGTH) throw invalid("model.vocab", `a token of ${token.length} characters`);
    seen.add(id);
  }
  if (seen.size === 0) throw invalid("model.vocab", "no tokens");
  return vocab as Record<string, number>;
}

function checkMerges(merges: unknown): void {
  if (!Array.isArray(merges) || merges.length > MAX_IDS) throw invalid("model.merges", "no list of pairs");
  // Two notations: "a b", and ["a", "b"]; one file keeps to one.
  const asText = typeof merges[0] === "string";
  for (const [index, merge] of (merges as unknown[]).entries()) {
    const pair: unknown = asText && typeof merge === "string" ? merge.split(" ") : asText ? undefined : merge;
    const good =
      Array.isArray(pair) && pair.length === 2 && pair.every((side) => typeof side === "string" && side !== "");
    if (!good) throw invalid(`model.merges.${index}`, JSON.stringify(merge)?.slice(0, 60) ?? "nothing");
  }
}

function checkTree(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(path.slice(0, 60), `nesting deeper than ${MAX_DEPTH}`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === "Regex" && (typeof child !== "string" || child.length > MAX_REGEX_LENGTH)) {
      throw invalid(`${path}.Regex`, typeof child === "string" ? `${child.length} characters` : typeof child);
    }
    checkTree(child, `${path}.${key}`, depth + 1);
  }
}

function invalid(where: string, got: string): ReckonError {
  return new ReckonError("TOKENIZER_INVALID", `tokenizer.json is not valid at ${where}.`, {
    got,
    help: "Use a tokenizer.json as saved by Hugging Face's tokenizers.",
  });
}
