/**
 * The time-major cache of keys and values: per layer [time, rows, kvHeads · headDim] in one growing buffer each.
 *
 * Contract: `length` moments are filled; what is past is the prefix of `length · rows` rows, the next moment's place
 * follows it. Nothing is moved while decoding; only `keep` moves, when sequences leave.
 * Memory: 2 · layers · capacity · rows · kvHeads · headDim · 4 bytes; pages that are never reached are never touched.
 */
import type { Provider, Value } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { assert } from "../util/errors.ts";

export class TimeMajorCache {
  readonly #provider: Provider;
  readonly #config: ModelConfig;
  /** keys of layer 0, values of layer 0, keys of layer 1, … */
  #buffers: Float32Array[] = [];
  #rows = 0;
  #length = 0;

  constructor(provider: Provider, config: ModelConfig) {
    this.#provider = provider;
    this.#config = config;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Moments that are filled. */
  get length(): number {
    return this.#length;
  }

  /** Floats of one sequence at one moment in one buffer. */
  get width(): number {
    return this.#config.kvHeads * this.#config.headDim;
  }

  /** Empties the cache for so many rows and moments; buffers are kept between uses and grow when needed. */
  reset(rows: number, capacity: number): void {
    const size = rows * capacity * this.width;
    if ((this.#buffers[0]?.length ?? 0) < size) {
      this.#buffers = []; // let the old ones go before the new ones come
      this.#buffers = Array.from({ length: 2 * this.#config.layers }, () => new Float32Array(size));
    }
    this.#rows = rows;
    this.#length = 0;
  }

  /**
   * Fills the first moments of some rows with copies of prefilled sequences.
   * @param buffer which of the 2 · layers buffers
   * @param source [moments, sequences, width]
   * @param sequenceOf for each cache row the sequence it copies, or −1 to leave it
   */
  fill(buffer: number, source: Float32Array, moments: number, sequences: number, sequenceOf: Int32Array): void {
    const target = this.#buffers[buffer]!;
    const { width } = this;
    const rows = this.#rows;
    for (let t = 0; t < moments; t++) {
      for (let row = 0; row < rows; row++) {
        const sequence = sequenceOf[row]!;
        if (sequence < 0) continue;
        const from = (t * sequences + sequence) * width;
        const to = (t * rows + row) * width;
        for (let i = 0; i < width; i++) target[to + i] = source[from + i]!;
      }
    }
  }

  /** Declares so many moments filled. */
  advance(moments: number): void {
    this.#length += moments;
    assert(this.#length * this.#rows * this.width <= this.#buffers[0]!.length, "the cache is full");
  }

  /** What is past: a view, [length, rows · kvHeads, headDim]. */
  past(buffer: number): Value {
    const { kvHeads, headDim } = this.#config;
    const end = this.#length * this.#rows * this.width;
    return this.#provider.value(this.#buffers[buffer]!.subarray(0, end), [this.#length, this.#rows * kvHeads, headDim]);
  }

  /** Where the next moment belongs: a view, [rows, kvHeads, 1, headDim]. */
  next(buffer: number): Value {
    const { kvHeads, headDim } = this.#config;
    const size = this.#rows * this.width;
    const start = this.#length * size;
    return this.#provider.value(this.#buffers[buffer]!.subarray(start, start + size), [
      this.#rows,
      kvHeads,
      1,
      headDim,
    ]);
  }

  /** Keeps some rows, in increasing order, and closes the gaps in place. */
  keep(kept: readonly number[]): void {
    const { width } = this;
    const runs = runsOf(kept);
    const rows = this.#rows;
    for (const buffer of this.#buffers) {
      for (let t = 0; t < this.#length; t++) {
        // Rows only move towards the front, so nothing is overwritten before it has moved.
        for (const { from, to, count } of runs) {
          const source = (t * rows + from) * width;
          buffer.copyWithin((t * kept.length + to) * width, source, source + count * width);
        }
      }
    }
    this.#rows = kept.length;
  }
}

/** Consecutive rows as one move. */
function runsOf(kept: readonly number[]): { from: number; to: number; count: number }[] {
  const runs: { from: number; to: number; count: number }[] = [];
  for (const [to, from] of kept.entries()) {
    const run = runs.at(-1);
    if (run && run.from + run.count === from) run.count++;
    else runs.push({ from, to, count: 1 });
  }
  return runs;
}
