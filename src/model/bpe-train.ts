/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016; byte level as in GPT-2, Radford et al. 2019) and returns it as
 * a `tokenizer.json` object of Hugging Face.
 *
 * Ids: special tokens in their order, then the 256 bytes, then merges as they are learnt. The same choices as the trainer
 * of Hugging Face's `tokenizers` (the most frequent pair, ties to the smaller ids), so the merges are equal to theirs.
 * Text is first cut into pre-tokens and the unique ones are counted; merging then touches only the words that hold the
 * merged pair, and a heap with stale entries finds the next one.
 *
 * Left out: minimum frequencies, limited alphabets, unknown tokens (bytes make them needless).
 */
import { ReckonError } from "../util/errors.ts";

/** How runs of digits are cut: each digit alone, or pairs counted from the right (12345 = 1 23 45). */
export type DigitGrouping = "single" | "pairs";

export interface TrainBpeOptions {
  /** Ids in total, specials and bytes included. Default 512; fewer where the text has fewer pairs. */
  readonly vocabSize?: number;
  /** Special tokens; ids 0.. in this order. Never learnt from, even where they stand in the texts. */
  readonly specials?: readonly string[];
  readonly digits?: DigitGrouping;
}

/** The part of `tokenizer.json` that Reckon writes. */
export interface TokenizerJson {
  readonly version: "1.0";
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly single_word: false;
    readonly lstrip: false;
    readonly rstrip: false;
    readonly normalized: false;
    readonly special: true;
  }[];
  readonly normalizer: null;
  readonly pre_tokenizer: Readonly<Record<string, unknown>>;
  readonly post_processor: null;
  readonly decoder: Readonly<Record<string, unknown>>;
  readonly model: Readonly<Record<string, unknown>> & {
    readonly type: "BPE";
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
  };
}

/** The special tokens of Reckon's own models; their ids are their places. */
export const SPECIAL_TOKENS = [
  "<|pad|>",
  "<|end|>",
  "<|user|>",
  "<|assistant|>",
  "<think>",
  "</think>",
  "<answer>",
  "</answer>",
] as const;

const DIGITS = {
  single: "\\p{N}",
  // A group of one or two that an even number of digits follows: groups line up with the units, as columns do on paper.
  // Each group looks to the end of its run, so a run's cost grows with its square: 2 s for 100,000 digits.
  pairs: "\\p{N}{1,2}(?=(?:\\p{N}{2})*(?!\\p{N}))",
} as const;

/**
 * The pattern of pre-tokens: digits; words and single punctuation marks, each with one space before; newlines alone;
 * runs of other spaces, without the one that goes to the next word.
 */
export function preTokenPattern(digits: DigitGrouping): string {
  // \p{White_Space} in place of \s, on which the dialects of regular expressions differ.
  const space = "\\p{White_Space}";
  const mark = `[^${space}\\p{L}\\p{M}\\p{N}]`;
  return `${DIGITS[digits]}| ?[\\p{L}\\p{M}]+|\\n| ?${mark}|(?:(?!\\n)${space})+(?!\\P{White_Space})|${space}`;
}

/**
 * Learns a tokenizer.
 * @param texts read once, one after the other; nothing of them is kept but counts of pre-tokens
 * @returns an object for `Tokenizer.fromJson` and, as JSON, for Hugging Face's libraries
 * @throws ReckonError TOKENIZER_VOCAB_SIZE if the size has no room for bytes and specials
 */
export function trainBpe(texts: Iterable<string>, options: TrainBpeOptions = {}): TokenizerJson {
  const { vocabSize = 512, specials = SPECIAL_TOKENS, digits = "single" } = options;
  if (!Number.isInteger(vocabSize) || vocabSize < specials.length + 256) {
    throw new ReckonError("TOKENIZER_VOCAB_SIZE", "The vocabulary is too small for byte-level BPE.", {
      expected: `${specials.length + 256} or more (${specials.length} special tokens, 256 bytes)`,
      got: String(vocabSize),
    });
  }
  const pattern = preTokenPattern(digits);
  const symbols = byteSymbols();
  const order = [...symbols.keys()].sort((a, b) => symbols[a]!.codePointAt(0)! - symbols[b]!.codePointAt(0)!);

  const tokens: string[] = [...specials];
  const idOfByte = new Int32Array(256);
  for (const byte of order) idOfByte[byte] = tokens.push(symbols[byte]!) - 1;

  const counts = countPreTokens(texts, pattern, specials);
  const merges = learnMerges(counts, idOfByte, tokens, vocabSize);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

/** GPT-2's printable stand-in for each byte: itself where it is printable, else a character from U+0100 on. */
export function byteSymbols(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
}

function countPreTokens(texts: Iterable<string>, pattern: string, specials: readonly string[]): Map<string, number> {
  const preToken = new RegExp(pattern, "gu");
  const escaped = specials.map((special) => special.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const special = specials.length === 0 ? /(?!)/u : new RegExp(escaped.join("|"), "u");
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const part of text.split(special)) {
      // Every character belongs to some pre-token, so nothing lies between the matches.
      for (const word of part.match(preToken) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** Appends the merged tokens to `tokens` and returns the merges in order. */
function learnMerges(
  counts: ReadonlyMap<string, number>,
  idOfByte: Int32Array,
  tokens: string[],
  vocabSize: number,
): [string, string][] {
  const encoder = new TextEncoder();
  const words: number[][] = [];
  const weights: number[] = [];
  for (const [word, count] of counts) {
    words.push(Array.from(encoder.encode(word), (byte) => idOfByte[byte]!));
    weights.push(count);
  }
  // A pair is one number; with at most 2^26 ids it stays exact, and comparing numbers compares (left, right).
  const pairOf = (left: number, right: number): number => left * 0x4000000 + right;
  const pairCounts = new Map<number, number>();
  const wordsOfPair = new Map<number, Set<number>>();
  const heap = new PairHeap();
  const ids = new Map(tokens.map((token, id) => [token, id]));

  const addWord = (index: number, sign: 1 | -1, touched: Set<number>): void => {
    const word = words[index]!;
    for (let i = 0; i + 1 < word.length; i++) {
      const pair = pairOf(word[i]!, word[i + 1]!);
      pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + sign * weights[index]!);
      if (sign === 1) {
        const set = wordsOfPair.get(pair);
        if (set === undefined) wordsOfPair.set(pair, new Set([index]));
        else set.add(index);
      }
      touched.add(pair);
    }
  };
  const initial = new Set<number>();
  for (let index = 0; index < words.length; index++) addWord(index, 1, initial);
  for (const pair of initial) heap.push(pairCounts.get(pair)!, pair);

  const merges: [string, string][] = [];
  while (tokens.length < vocabSize) {
    const top = heap.pop();
    if (top === undefined) break;
    const [count, pair] = top;
    // Entries are not removed when a count changes; one that is no longer true has been pushed again with the new count.
    if (count !== pairCounts.get(pair)) continue;
    const left = Math.floor(pair / 0x4000000);
    const right = pair % 0x4000000;
    const merged = tokens[left]! + tokens[right]!;
    let id = ids.get(merged);
    if (id === undefined) {
      id = tokens.push(merged) - 1;
      ids.set(merged, id);
    }
    merges.push([tokens[left]!, tokens[right]!]);
    const touched = new Set<number>();
    for (const index of wordsOfPair.get(pair)!) {
      addWord(index, -1, touched);
      words[index] = mergeIn(words[index]!, left, right, id);
      addWord(index, 1, touched);
    }
    wordsOfPair.delete(pair);
    pairCounts.delete(pair);
    for (const changed of touched) {
      const now = pairCounts.get(changed);
      if (now === undefined) continue;
      if (now > 0) heap.push(now, changed);
      else pairCounts.delete(changed);
    }
  }
  return merges;
}

function mergeIn(word: readonly number[], left: number, right: number, id: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] === left && word[i + 1] === right) {
      out.push(id);
      i++;
    } else {
      out.push(word[i]!);
    }
  }
  return out;
}

/** A binary heap: the highest count first, then the smallest pair. */
class PairHeap {
  readonly #counts: number[] = [];
  readonly #pairs: number[] = [];

  push(count: number, pair: number): void {
    let i = this.#counts.push(count) - 1;
    this.#pairs.push(pair);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  pop(): [count: number, pair: number] | undefined {
    const last = this.#counts.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const top: [number, number] = [this.#counts.pop()!, this.#pairs.pop()!];
    for (let i = 0; ; ) {
      let best = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < last && this.#before(child, best)) best = child;
      if (best === i) return top;
      this.#swap(i, best);
      i = best;
    }
  }

  #before(a: number, b: number): boolean {
    const difference = this.#counts[a]! - this.#counts[b]!;
    return difference > 0 || (difference === 0 && this.#pairs[a]! < this.#pairs[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#counts[a], this.#counts[b]] = [this.#counts[b]!, this.#counts[a]!];
    [this.#pairs[a], this.#pairs[b]] = [this.#pairs[b]!, this.#pairs[a]!];
  }
}
