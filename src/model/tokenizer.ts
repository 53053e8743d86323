/**
 * Text to token ids and back, from a `tokenizer.json` of Hugging Face with a BPE model (Llama, Qwen2, Qwen3 and our own).
 *
 * `@huggingface/tokenizers` reads the file and gives the normaliser, the pre-tokeniser, the merges and the decoder. What is
 * here around it: the search for added tokens as the reference (the Rust library) does it, an encoding that can never
 * yield a special token from a user's text, a cache of pre-tokens (training encodes the same words again and again),
 * exact decoding of bytes, and refusal of malformed files.
 *
 * Left out: post-processors (templates write a BOS where one belongs), offsets, padding, pairs of texts.
 */
import { Tokenizer as LibraryTokenizer } from "@huggingface/tokenizers";
import { ReckonError } from "../util/errors.ts";
import { AddedTokenSplitter, startPattern } from "./added-tokens.ts";
import { byteSymbols } from "./bpe-train.ts";
import { type LibraryDecoder, TokenDecoder } from "./token-decoder.ts";
import { checkTokenizerJson, type TokenizerFile } from "./tokenizer-file.ts";

/** What is used of the library's objects. */
interface Library {
  readonly normalizer: { normalize(text: string): string } | null;
  readonly pre_tokenizer: PreTokenizer | null;
  readonly model: {
    _call(words: string[]): string[];
    readonly tokens_to_ids: ReadonlyMap<string, number>;
  };
  readonly decoder: LibraryDecoder | null;
}
interface PreTokenizer {
  pre_tokenize(text: string | string[], options: { section_index: number }): string[];
  readonly tokenizers?: readonly PreTokenizer[];
}

/** Pre-tokens longer than this are not kept: they hardly recur, and a hostile text could fill the memory with them. */
const CACHED_LENGTH = 64;
const CACHED_WORDS = 50_000;

/** A noncharacter: Unicode keeps it out of texts, for uses like this one. */
const GUARD = "\ufdd0";

export class Tokenizer {
  /** One more than the highest id; a model's embedding has at least as many rows. */
  readonly vocabSize: number;
  /** Ids of the special tokens, by their text. */
  readonly specials: ReadonlyMap<string, number>;
  /** The parsed `tokenizer_config.json`, if one was given; nothing in it changes how text is encoded. */
  readonly config: Readonly<Record<string, unknown>>;

  readonly #file: TokenizerFile;
  readonly #library: Library;
  readonly #specialIds: ReadonlySet<number>;
  readonly #rawAdded: AddedTokenSplitter;
  readonly #normalizedAdded: AddedTokenSplitter;
  /** Finds the first character of each added token of two or more. */
  readonly #addedStart: RegExp | undefined;
  /** Cuts into words; the bytes of each are mapped apart from it where the file allows. */
  readonly #splitters: readonly PreTokenizer[];
  readonly #byteLevel: boolean;
  readonly #symbols = byteSymbols();
  readonly #words = new Map<string, readonly number[]>();
  readonly #tokens: ReadonlyMap<number, string>;
  readonly #decoder: TokenDecoder;

  private constructor(file: TokenizerFile, config: Record<string, unknown>) {
    this.#file = file;
    this.config = config;
    this.#library = openLibrary(file);
    const specials = file.added_tokens.filter((token) => token.special);
    this.specials = new Map(specials.map((token) => [token.content, token.id]));
    this.#specialIds = new Set(this.specials.values());

    const tokens = new Map<number, string>();
    for (const [token, id] of Object.entries(file.model.vocab)) tokens.set(id, token);
    for (const token of file.added_tokens) tokens.set(token.id, token.content);
    let highest = -1;
    for (const id of tokens.keys()) highest = Math.max(highest, id);
    this.vocabSize = highest + 1;

    const { normalizer, pre_tokenizer } = this.#library;
    this.#rawAdded = new AddedTokenSplitter(file.added_tokens.filter((token) => !token.normalized));
    this.#normalizedAdded = new AddedTokenSplitter(
      file.added_tokens
        .filter((token) => token.normalized)
        .map((token) => ({ ...token, content: normalizer?.normalize(token.content) ?? token.content })),
    );
    this.#addedStart = startPattern(file.added_tokens.map((token) => token.content));
    const steps = pre_tokenizer?.tokenizers ?? [];
    this.#byteLevel = steps.length > 0 && endsInPlainByteLevel(file.pre_tokenizer);
    this.#splitters = this.#byteLevel ? steps.slice(0, -1) : pre_tokenizer === null ? [] : [pre_tokenizer];
    this.#tokens = tokens;
    this.#decoder = new TokenDecoder(tokens, file.decoder, this.#library.decoder);
  }

  /**
   * A tokenizer from files of Hugging Face.
   * @param json the parsed `tokenizer.json`
   * @param config the parsed `tokenizer_config.json`, for `config` alone
   * @throws ReckonError TOKENIZER_INVALID (malformed), TOKENIZER_UNSUPPORTED (not a BPE model)
   */
  static fromJson(json: unknown, config?: unknown): Tokenizer {
    const file = checkTokenizerJson(json);
    const plain = typeof config === "object" && config !== null && !Array.isArray(config);
    return new Tokenizer(file, plain ? { ...config } : {});
  }

  /** The `tokenizer.json` object that this one was made from. */
  toJson(): unknown {
    return this.#file;
  }

  /** In what it differs from another one, in words; undefined where every text has the same ids in both. */
  differenceFrom(other: Tokenizer): string | undefined {
    if (this.vocabSize !== other.vocabSize) return `${this.vocabSize} and ${other.vocabSize} tokens`;
    for (let id = 0; id < this.vocabSize; id++) {
      const [a, b] = [this.tokenText(id), other.tokenText(id)];
      if (a !== b) return `token ${id} is ${JSON.stringify(a ?? null)} and ${JSON.stringify(b ?? null)}`;
    }
    const [a, b] = [partsOf(this.#file), partsOf(other.#file)];
    const same = (name: string): boolean => JSON.stringify(a[name] ?? null) === JSON.stringify(b[name] ?? null);
    const part = [...new Set([...Object.keys(a), ...Object.keys(b)])].find((name) => !same(name));
    return part && `the same tokens, but other ${part}`;
  }

  /** Ids of a text; special and other added tokens that stand in it are recognised. For text that we composed. */
  encode(text: string): number[] {
    const out: number[] = [];
    let section = 0;
    for (const part of this.#rawAdded.split(text)) {
      if (typeof part === "number") out.push(part);
      else this.#encodeSection(part, section, out);
      section++;
    }
    return out;
  }

  /**
   * Marks what a stranger wrote, for `encode`: where an added token stands in it, it will be read as plain text. The mark
   * is a character (U+FDD0, kept out of texts by Unicode) that `encode` leaves out again; one in the text itself becomes
   * U+FFFD. So strangers' text can go through a chat template.
   */
  guard(text: string): string {
    const clean = text.replaceAll(GUARD, "\ufffd");
    return this.#addedStart === undefined ? clean : clean.replace(this.#addedStart, `$&${GUARD}`);
  }

  /**
   * Ids of a text in which no added token is recognised, be it marked special or not (Qwen3's `<think>` is not): what a
   * user typed cannot open a turn or close a thought.
   */
  encodePlain(text: string): number[] {
    const out: number[] = [];
    this.#encodeWords(this.#normalize(text), 0, out);
    return out;
  }

  /**
   * The text of ids. Bytes that are not UTF-8 become U+FFFD; ids without a token give nothing.
   * @param options keepSpecial: special tokens stand in the text; default false, they are left out
   */
  decode(ids: readonly number[], options: { readonly keepSpecial?: boolean } = {}): string {
    const kept = options.keepSpecial === true ? ids : ids.filter((id) => !this.#specialIds.has(id));
    return this.#decoder.text(kept);
  }

  /**
   * The bytes of ids, special tokens included. For streams of byte-level tokenizers, where a character may span several
   * tokens; others give the bytes of their text.
   */
  decodeBytes(ids: readonly number[]): Uint8Array {
    return this.#decoder.bytes(ids);
  }

  /** Whether the bytes of several ids are those of each in a row. */
  get isByteLevel(): boolean {
    return this.#decoder.isByteLevel;
  }

  /** The id of a token's text (special, added, or of the vocabulary in its byte-mapped form), if there is one. */
  tokenId(token: string): number | undefined {
    return this.#library.model.tokens_to_ids.get(token);
  }

  /** A token's text as it stands in the file, if the id has one. */
  tokenText(id: number): string | undefined {
    return this.#tokens.get(id);
  }

  /**
   * The id of a special token.
   * @throws ReckonError TOKENIZER_NO_TOKEN if the tokenizer has none of this name
   */
  specialId(name: string): number {
    const id = this.specials.get(name);
    if (id !== undefined) return id;
    throw new ReckonError("TOKENIZER_NO_TOKEN", `The tokenizer has no special token ${JSON.stringify(name)}.`, {
      expected: [...this.specials.keys()].slice(0, 12).join(" ") || "one of none",
      help: "Use a tokenizer whose added_tokens hold it.",
    });
  }

  #encodeSection(text: string, section: number, out: number[]): void {
    if (text.includes(GUARD)) {
      this.#encodeWords(this.#normalize(text.replaceAll(GUARD, "")), section, out);
      return;
    }
    for (const piece of this.#normalizedAdded.split(this.#normalize(text))) {
      if (typeof piece === "number") out.push(piece);
      else this.#encodeWords(piece, section, out);
    }
  }

  #normalize(text: string): string {
    // The library's normalisers may put something before an empty text; the reference leaves it empty.
    return text === "" ? "" : (this.#library.normalizer?.normalize(text) ?? text);
  }

  #encodeWords(text: string, section: number, out: number[]): void {
    if (text === "") return;
    let words: string[] = [text];
    for (const splitter of this.#splitters) words = splitter.pre_tokenize(words, { section_index: section });
    for (const word of words) {
      let ids = this.#words.get(word);
      if (ids === undefined) {
        ids = this.#encodeWord(word);
        if (word.length <= CACHED_LENGTH) {
          if (this.#words.size >= CACHED_WORDS) this.#words.clear();
          this.#words.set(word, ids);
        }
      }
      for (const id of ids) out.push(id);
    }
  }

  #encodeWord(word: string): readonly number[] {
    const { model } = this.#library;
    const symbols = this.#byteLevel ? this.#toSymbols(word) : word;
    if (symbols.length === 0) return [];
    const ids = this.#idsOf(model._call([symbols]));
    if (!ids.some((id) => this.#specialIds.has(id))) return ids;
    // Merges of the file itself lead to a special token. What is plain stays plain: symbol by symbol instead.
    const single = Array.from(symbols, (symbol) => model.tokens_to_ids.get(symbol));
    return single.filter((id): id is number => id !== undefined && !this.#specialIds.has(id));
  }

  #idsOf(tokens: readonly string[]): number[] {
    const ids: number[] = [];
    for (const token of tokens) {
      const id = this.#library.model.tokens_to_ids.get(token);
      if (id !== undefined) ids.push(id);
    }
    return ids;
  }

  #toSymbols(word: string): string {
    let out = "";
    for (const byte of new TextEncoder().encode(word)) out += this.#symbols[byte]!;
    return out;
  }
}

function openLibrary(file: TokenizerFile): Library {
  try {
    return new LibraryTokenizer(file, {}) as unknown as Library;
  } catch (cause) {
    throw new ReckonError("TOKENIZER_INVALID", "tokenizer.json cannot be used.", {
      got: cause instanceof Error ? cause.message : String(cause),
      help: "Use a tokenizer.json as saved by Hugging Face's tokenizers.",
      cause,
    });
  }
}

/** Whether the pre-tokeniser's last step only maps bytes, each word by itself. */
function endsInPlainByteLevel(preTokenizer: TokenizerFile["pre_tokenizer"]): boolean {
  const last = preTokenizer?.pretokenizers?.at(-1);
  return last?.type === "ByteLevel" && last.use_regex === false && last.add_prefix_space !== true;
}

/** All parts of a file but the tokens themselves, by name. */
function partsOf({ model: { vocab: _, ...model }, ...file }: TokenizerFile): Record<string, unknown> {
  return { ...model, ...file };
}
