/**
 * The cache of keys and values: per layer and kind one buffer [slots, kvHeads, capacity, headDim], fed to the decoding
 * graph without a copy. Each slot holds one sequence of any length up to the capacity.
 *
 * The capacity follows the longest sequence in steps, so that little is computed for room that is not filled; a step
 * moves every sequence once, in place. What lies behind a sequence's end is stale but finite.
 * Memory: 2 · layers · slots · kvHeads · headDim · limit · 4 bytes, of which what is never reached is never touched.
 */
import type { Provider, Value } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { assert } from "../util/errors.ts";

/** The least step of the capacity; above eight times that it grows by an eighth. */
const STEP = 32;

export class SlotCache {
  readonly #provider: Provider;
  readonly #config: ModelConfig;
  /** Keys of layer 0, values of layer 0, keys of layer 1, … */
  #buffers: Float32Array[] = [];
  #lengths: number[] = [];
  #capacity = 0;
  #limit = 0;

  constructor(provider: Provider, config: ModelConfig) {
    this.#provider = provider;
    this.#config = config;
  }

  /** Tokens in each slot. */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /** Room for tokens in each slot now. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Empties the cache, for so many slots and sequences of at most `limit` tokens; buffers are kept and grow when needed. */
  reset(slots: number, limit: number): void {
    const size = slots * limit * this.#config.kvHeads * this.#config.headDim;
    if ((this.#buffers[0]?.length ?? 0) < size) {
      this.#buffers = []; // let the old ones go before the new ones come
      this.#buffers = Array.from({ length: 2 * this.#config.layers }, () => new Float32Array(size));
    }
    this.#lengths = new Array<number>(slots).fill(0);
    this.#limit = limit;
    this.#capacity = Math.min(STEP, limit);
  }

  /** Gives the buffers back. */
  clear(): void {
    this.#buffers = [];
    this.#lengths = [];
  }

  /** The buffer as the graph takes it: a view, [slots · kvHeads, capacity, headDim]. */
  value(buffer: number): Value {
    const { kvHeads, headDim } = this.#config;
    const rows = this.#lengths.length * kvHeads;
    const view = this.#buffers[buffer]!.subarray(0, rows * this.#capacity * headDim);
    return this.#provider.value(view, [rows, this.#capacity, headDim]);
  }

  /** Puts a sequence in place of what a slot holds: first its length, then `fill` for each buffer. */
  place(slot: number, length: number): void {
    this.#lengths[slot] = 0;
    this.reserve(length);
    this.#lengths[slot] = length;
  }

  /**
   * Copies a sequence's keys or values of one layer into a slot.
   * @param source [sequences, kvHeads, padded, headDim]
   */
  fill(buffer: number, slot: number, source: Float32Array, sequence: number, padded: number): void {
    const { kvHeads, headDim } = this.#config;
    const target = this.#buffers[buffer]!;
    const size = this.#lengths[slot]! * headDim;
    for (let head = 0; head < kvHeads; head++) {
      const from = (sequence * kvHeads + head) * padded * headDim;
      target.set(source.subarray(from, from + size), (slot * kvHeads + head) * this.#capacity * headDim);
    }
  }

  /**
   * Appends one token to some slots.
   * @param sources for each buffer [slots, kvHeads, 1, headDim]
   * @param slots which to append; the others stay as they are
   */
  append(sources: readonly Float32Array[], slots: readonly number[]): void {
    const { kvHeads, headDim } = this.#config;
    const block = this.#capacity * headDim;
    for (const [b, source] of sources.entries()) {
      const target = this.#buffers[b]!;
      for (const slot of slots) {
        const end = this.#lengths[slot]! * headDim;
        for (let row = slot * kvHeads; row < (slot + 1) * kvHeads; row++) {
          const to = row * block + end;
          const from = row * headDim;
          for (let i = 0; i < headDim; i++) target[to + i] = source[from + i]!;
        }
      }
    }
    for (const slot of slots) this.#lengths[slot]!++;
  }

  /** Makes room for sequences of `length` tokens. */
  reserve(length: number): void {
    if (length <= this.#capacity) return;
    assert(length <= this.#limit, `a sequence of ${length} tokens in a cache for ${this.#limit}`);
    const wider = Math.min(this.#limit, stepped(length));
    // Sequences move towards the end, the last one first, so nothing is overwritten before it has moved.
    for (let slot = this.#lengths.length - 1; slot >= 0; slot--) this.#move(slot, slot, wider, -1);
    this.#capacity = wider;
  }

  /** Keeps some slots, in increasing order, closes the gaps in place and gives up room that they do not need. */
  keep(kept: readonly number[]): void {
    const longest = Math.max(1, ...kept.map((slot) => this.#lengths[slot]!));
    const narrower = Math.min(this.#capacity, stepped(longest));
    for (const [to, from] of kept.entries()) this.#move(from, to, narrower, 1);
    this.#lengths = kept.map((slot) => this.#lengths[slot]!);
    this.#capacity = narrower;
  }

  /** Moves a slot to another place under another capacity; heads in the order of the direction. */
  #move(from: number, to: number, capacity: number, direction: 1 | -1): void {
    const { kvHeads, headDim } = this.#config;
    const size = this.#lengths[from]! * headDim;
    for (const buffer of this.#buffers) {
      for (let i = 0; i < kvHeads; i++) {
        const head = direction > 0 ? i : kvHeads - 1 - i;
        const source = (from * kvHeads + head) * this.#capacity * headDim;
        const target = (to * kvHeads + head) * capacity * headDim;
        if (source !== target) buffer.copyWithin(target, source, source + size);
      }
    }
  }
}

function stepped(length: number): number {
  const step = Math.max(STEP, STEP * Math.floor(length / (8 * STEP)));
  return Math.ceil(length / step) * step;
}
