/**
 * A run's `metrics.jsonl` in memory, by column: 100,000 steps of 40 metrics are 32 MB of Float64Array, where as many
 * objects would be several times that. Absent values are NaN inside and never leave as such.
 *
 * A row whose step is not beyond the last one rewinds: the run was resumed from an earlier step without its file being
 * cut, so the later row is the true one (plotting both makes the zigzag that other dashboards are known for).
 */
import { JsonlTail } from "./jsonl-tail.ts";
import type { MetricColumns, MetricRow } from "./wire.ts";

const MOST_KEYS = 1000;

export class MetricsLog {
  readonly #tail: JsonlTail;
  readonly #steps = new Column();
  readonly #columns = new Map<string, Column>();
  #generation = 0;

  constructor(path: string) {
    this.#tail = new JsonlTail(path, { reset: () => this.#truncate(0), line: (value) => this.#append(value) });
  }

  /** Reads what is new; returns whether anything changed. */
  poll(): Promise<boolean> {
    return this.#tail.poll();
  }

  /** Lines that could not be read. */
  get badLines(): number {
    return this.#tail.badLines;
  }

  /** Rows known. */
  get length(): number {
    return this.#steps.length;
  }

  /** Goes up whenever rows that were readable before are no more. */
  get generation(): number {
    return this.#generation;
  }

  get lastStep(): number | null {
    return this.length === 0 ? null : this.#steps.data[this.length - 1]!;
  }

  /** Index of the first row whose step is greater than `step`. */
  indexAfter(step: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#steps.data[middle]! <= step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rows from index `from` (inclusive) to `to` (exclusive), as they were logged; `keys` picks metrics (default: all). */
  rows(from: number, keys?: readonly string[], to: number = this.length): MetricRow[] {
    const columns = this.#pick(keys);
    const out: MetricRow[] = [];
    for (let i = from; i < Math.min(to, this.length); i++) {
      const row: Record<string, number> & { step: number } = { step: this.#steps.data[i]! };
      for (const [key, column] of columns) {
        const value = column.data[i]!;
        if (!Number.isNaN(value)) row[key] = value;
      }
      out.push(row);
    }
    return out;
  }

  /** Columns from index `from`, values rounded to seven significant digits (a plot has three). */
  columns(from: number, keys?: readonly string[]): MetricColumns {
    const columns: Record<string, (number | null)[]> = {};
    for (const [key, column] of this.#pick(keys)) {
      const values: (number | null)[] = [];
      for (let i = from; i < this.length; i++) {
        const value = column.data[i]!;
        values.push(Number.isNaN(value) ? null : Math.fround(value) === value ? value : Number(value.toPrecision(7)));
      }
      columns[key] = values;
    }
    return { steps: Array.from(this.#steps.data.subarray(from, this.length)), columns };
  }

  /**
   * The same in bytes, which costs a long run neither printing nor parsing: a little-endian uint32 with the length of a
   * JSON header `{ rows, keys }`, the header padded with blanks to a multiple of 8 bytes in all, `rows` float64 steps, then
   * for each key `rows` float32 values, NaN where nothing was logged. `src/web/lib/curves.ts` reads it.
   */
  packed(from: number, keys?: readonly string[]): Uint8Array<ArrayBuffer> {
    const picked = this.#pick(keys);
    const rows = this.length - from;
    const header = new TextEncoder().encode(JSON.stringify({ rows, keys: picked.map(([key]) => key) }));
    const start = Math.ceil((4 + header.length) / 8) * 8;
    const buffer = new ArrayBuffer(start + rows * (8 + 4 * picked.length));
    new DataView(buffer).setUint32(0, start - 4, true);
    new Uint8Array(buffer, 0, start).fill(32, 4).set(header, 4);
    new Float64Array(buffer, start, rows).set(this.#steps.data.subarray(from, this.length));
    picked.forEach(([, column], i) => {
      new Float32Array(buffer, start + rows * (8 + 4 * i), rows).set(column.data.subarray(from, this.length));
    });
    return new Uint8Array(buffer);
  }

  #pick(keys: readonly string[] | undefined): [string, Column][] {
    const all = [...this.#columns];
    return keys === undefined ? all : all.filter(([key]) => keys.some((wanted) => matches(wanted, key)));
  }

  #append(value: unknown): void {
    if (typeof value !== "object" || value === null || !("step" in value)) throw new TypeError("not a metrics row");
    const step = value.step;
    if (typeof step !== "number" || !Number.isFinite(step)) throw new TypeError("a metrics row without a step");
    const last = this.lastStep;
    if (last !== null && step <= last) this.#truncate(this.indexAfter(step - 1));
    const index = this.length;
    this.#steps.set(index, step);
    for (const [key, number] of Object.entries(value)) {
      if (key === "step" || typeof number !== "number") continue;
      let column = this.#columns.get(key);
      if (column === undefined) {
        if (this.#columns.size >= MOST_KEYS) continue;
        column = new Column();
        this.#columns.set(key, column);
      }
      column.set(index, number);
    }
    for (const column of this.#columns.values()) if (column.length <= index) column.set(index, Number.NaN);
  }

  #truncate(length: number): void {
    if (length === this.length) return;
    this.#generation++;
    this.#steps.length = length;
    for (const column of this.#columns.values()) column.length = Math.min(column.length, length);
  }
}

// `wanted` is a key, or a pattern with one star, as in eval / * / accuracy without the blanks.
function matches(wanted: string, key: string): boolean {
  const star = wanted.indexOf("*");
  if (star < 0) return wanted === key;
  const head = wanted.slice(0, star);
  const rest = wanted.slice(star + 1);
  return key.length >= head.length + rest.length && key.startsWith(head) && key.endsWith(rest);
}

/** Growing Float64Array; a gap before `index` is NaN. */
class Column {
  data = new Float64Array(256).fill(Number.NaN);
  length = 0;

  set(index: number, value: number): void {
    if (index >= this.data.length) {
      const grown = new Float64Array(Math.max(this.data.length * 2, index + 1)).fill(Number.NaN);
      grown.set(this.data.subarray(0, this.length));
      this.data = grown;
    }
    for (let i = this.length; i < index; i++) this.data[i] = Number.NaN;
    this.data[index] = value;
    this.length = index + 1;
  }
}
