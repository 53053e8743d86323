/**
 * The metrics of a run in the browser: full resolution in columns, thinned only for drawing.
 *
 * Two faults of other dashboards are avoided on purpose. Thinning by picking points lets spikes vanish and curves differ at
 * each look: here each pixel's worth of steps keeps its mean, least and greatest value. Smoothing what was already thinned
 * gives another curve at another zoom: here it is computed on all steps first.
 */
import type { MetricRow, PackedHeader } from "../../serve/wire.ts";

export { smooth } from "../../report/smooth.ts";

/** Means over answers: zero says that there was none, and is no value. */
const NEVER_ZERO: ReadonlySet<string> = new Set(["completions/mean_length_right", "completions/mean_length_wrong"]);

export class Curves {
  #steps: number[] = [];
  #columns = new Map<string, number[]>();
  /** Changes with the data. */
  version = 0;

  get steps(): readonly number[] {
    return this.#steps;
  }

  get length(): number {
    return this.#steps.length;
  }

  get lastStep(): number {
    return this.#steps.at(-1) ?? -1;
  }

  keys(): string[] {
    return [...this.#columns.keys()].sort();
  }

  /** Values of a metric, NaN where it was not logged; undefined if it never was. */
  column(key: string): readonly number[] | undefined {
    return this.#columns.get(key);
  }

  /** First, last and number of the logged values of a metric. */
  span(key: string): { first: number; last: number; firstStep: number; lastStep: number; count: number } | null {
    const column = this.#columns.get(key);
    if (column === undefined) return null;
    let first = -1;
    let last = -1;
    let count = 0;
    for (let i = 0; i < column.length; i++) {
      if (Number.isNaN(column[i]!)) continue;
      if (first < 0) first = i;
      last = i;
      count++;
    }
    if (first < 0) return null;
    return {
      first: column[first]!,
      last: column[last]!,
      firstStep: this.#steps[first]!,
      lastStep: this.#steps[last]!,
      count,
    };
  }

  /** Mean of the last `n` logged values; null if there are none. */
  recent(key: string, n: number): number | null {
    const column = this.#columns.get(key);
    if (column === undefined) return null;
    let sum = 0;
    let count = 0;
    for (let i = column.length - 1; i >= 0 && count < n; i--) {
      const value = column[i]!;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count === 0 ? null : sum / count;
  }

  /** Replaces everything by what `GET …/metrics?format=packed` sent (its layout: src/serve/metrics-log.ts). */
  load(packed: ArrayBuffer): void {
    const length = new DataView(packed).getUint32(0, true);
    const { rows, keys } = JSON.parse(new TextDecoder().decode(new Uint8Array(packed, 4, length))) as PackedHeader;
    const start = 4 + length;
    this.#steps = Array.from(new Float64Array(packed, start, rows));
    this.#columns = new Map(
      keys.map((key, i) => {
        const values = Array.from(new Float32Array(packed, start + rows * (8 + 4 * i), rows));
        return [key, NEVER_ZERO.has(key) ? values.map((value) => value || Number.NaN) : values];
      }),
    );
    this.version++;
  }

  /** Adds rows; those that are known already (a reconnection sends some twice) are left out. */
  append(rows: readonly MetricRow[]): void {
    for (const row of rows) {
      if (row.step <= this.lastStep) continue;
      const index = this.#steps.length;
      this.#steps.push(row.step);
      for (const [key, value] of Object.entries(row)) {
        if (key === "step") continue;
        let column = this.#columns.get(key);
        if (column === undefined) {
          column = new Array<number>(index).fill(Number.NaN);
          this.#columns.set(key, column);
        }
        column.push(value === 0 && NEVER_ZERO.has(key) ? Number.NaN : value);
      }
      for (const column of this.#columns.values()) if (column.length === index) column.push(Number.NaN);
    }
    this.version++;
  }
}

export interface Thinned {
  /** Last step of each bucket. */
  readonly x: number[];
  /** Index range of rows of each bucket: `from[i]` inclusive to `from[i + 1]` exclusive. */
  readonly from: number[];
}

/** Cuts the rows with steps in [low, high] (and one neighbour on each side) into at most `buckets` runs of rows. */
export function thin(steps: readonly number[], low: number, high: number, buckets: number): Thinned {
  const first = Math.max(0, lowerBound(steps, low) - 1);
  const end = Math.min(steps.length, lowerBound(steps, high) + 2);
  const rows = Math.max(0, end - first);
  const size = Math.max(1, Math.ceil(rows / Math.max(1, buckets)));
  const x: number[] = [];
  const from: number[] = [];
  // Buckets are aligned to the row number, not to the view, so that they stand still while the run goes on.
  for (let start = first - (first % size); start < end; start += size) {
    from.push(start);
    x.push(steps[Math.min(start + size, steps.length) - 1]!);
  }
  from.push(Math.min(steps.length, from.length === 0 ? 0 : from.at(-1)! + size));
  return { x, from };
}

export interface Bucketed {
  readonly mean: (number | null)[];
  readonly low: (number | null)[];
  readonly high: (number | null)[];
  /** Last value of each bucket. */
  readonly last: (number | null)[];
}

/** Mean, least, greatest and last value of each bucket; null where nothing was logged. */
export function bucket(values: readonly number[], thinned: Thinned): Bucketed {
  const out: Bucketed = { mean: [], low: [], high: [], last: [] };
  for (let b = 0; b < thinned.x.length; b++) {
    let sum = 0;
    let count = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let last = Number.NaN;
    for (let i = thinned.from[b]!; i < thinned.from[b + 1]!; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
      last = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    out.mean.push(count === 0 ? null : sum / count);
    out.low.push(count === 0 ? null : low);
    out.high.push(count === 0 ? null : high);
    out.last.push(count === 0 ? null : last);
  }
  return out;
}

/** Index of the first element that is not less than `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
