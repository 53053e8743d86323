/**
 * Token ids to bytes and text, as Hugging Face's Rust library decodes them.
 *
 * Byte-level tokenizers (GPT-2, Llama 3, Qwen, ours) have the bytes of each id in a table. Others (Llama 2: characters with
 * byte fallback) go through the file's chain of steps, which are the library's but for the fallback of bytes: there it drops
 * byte order marks and marks broken characters otherwise than the reference.
 */
import { byteSymbols } from "./bpe-train.ts";
import type { TokenizerPart } from "./tokenizer-file.ts";

/** The library's decoder: one step, or a sequence of steps. */
export interface LibraryDecoder {
  decode_chain(tokens: string[]): string[];
  readonly decoders?: readonly LibraryDecoder[];
}

export class TokenDecoder {
  readonly #tokens: ReadonlyMap<number, string>;
  readonly #bytesOfId: ReadonlyMap<number, Uint8Array> | undefined;
  readonly #steps: readonly ((tokens: string[]) => string[])[];

  /**
   * @param tokens text of each id, as it stands in the file
   * @param part the file's `decoder`; null: tokens are joined by spaces
   */
  constructor(tokens: ReadonlyMap<number, string>, part: TokenizerPart | null, library: LibraryDecoder | null) {
    this.#tokens = tokens;
    this.#bytesOfId = part?.type === "ByteLevel" ? bytesOfIds(tokens) : undefined;
    const parts = part?.decoders ?? (part === null ? [] : [part]);
    const decoders = library?.decoders ?? (library === null ? [] : [library]);
    this.#steps = parts.map((step, i) =>
      step.type === "ByteFallback" ? byteFallback : (texts: string[]) => decoders[i]!.decode_chain(texts),
    );
    if (part === null) this.#steps = [(texts) => [texts.join(" ")]];
  }

  get isByteLevel(): boolean {
    return this.#bytesOfId !== undefined;
  }

  /** The text of ids; those without a token give nothing. */
  text(ids: readonly number[]): string {
    if (this.#bytesOfId !== undefined) {
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(ids));
    }
    let texts = ids.map((id) => this.#tokens.get(id)).filter((token) => token !== undefined);
    for (const step of this.#steps) texts = step(texts);
    return texts.join("");
  }

  /** The bytes of ids, for byte-level tokenizers; of others, the bytes of the text. */
  bytes(ids: readonly number[]): Uint8Array {
    const bytesOfId = this.#bytesOfId;
    if (bytesOfId === undefined) return new TextEncoder().encode(this.text(ids));
    let length = 0;
    for (const id of ids) length += bytesOfId.get(id)?.length ?? 0;
    const out = new Uint8Array(length);
    let at = 0;
    for (const id of ids) {
      const bytes = bytesOfId.get(id);
      if (bytes === undefined) continue;
      out.set(bytes, at);
      at += bytes.length;
    }
    return out;
  }
}

/** The reference takes a token as UTF-8 if any of its characters stands for no byte. */
function bytesOfIds(tokens: ReadonlyMap<number, string>): Map<number, Uint8Array> {
  const byteOf = new Map(byteSymbols().map((symbol, byte) => [symbol, byte]));
  const encoder = new TextEncoder();
  const out = new Map<number, Uint8Array>();
  for (const [id, token] of tokens) {
    const bytes = Array.from(token, (symbol) => byteOf.get(symbol));
    out.set(id, bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(token));
  }
  return out;
}

/** Joins runs of tokens such as <0xE2> to characters; a run that is not UTF-8 gives one U+FFFD for each byte. */
function byteFallback(tokens: string[]): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const out: string[] = [];
  let run: number[] = [];
  const flush = (): void => {
    if (run.length === 0) return;
    try {
      out.push(decoder.decode(Uint8Array.from(run)));
    } catch {
      out.push("\ufffd".repeat(run.length));
    }
    run = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (hex !== undefined) {
      run.push(Number.parseInt(hex, 16));
      continue;
    }
    flush();
    out.push(token);
  }
  flush();
  return out;
}
