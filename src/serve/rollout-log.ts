/**
 * A file of rollouts, indexed: a few numbers a line in memory (`rollout-columns.ts`), the texts read from the file when
 * somebody wants them. The index follows the file as it grows.
 *
 * A search for words reads the candidate lines once; which lines it has looked at, and which of them matched, is kept for
 * the last few searches, so that other filters, other orders, further pages and new lines cost nothing again.
 */
import { type FileHandle, open } from "node:fs/promises";
import { isMissing, JsonlTail } from "./jsonl-tail.ts";
import { RolloutColumns, type RolloutFilter } from "./rollout-columns.ts";
import { parseRollout, rolloutSchema, textMatches } from "./rollout-line.ts";
import type { Rollout } from "./wire.ts";

/** Bytes read at once, and the widest gap between two wanted lines that is read over. */
const BLOCK = 4 << 20;
const GAP = 65_536;

/** Searches whose findings are kept. */
const MOST_SEARCHES = 4;
const UNSEEN = 0;
const MISS = 1;
const HIT = 2;

/** Logs made so far: numbers them, whatever files they are of. */
let logs = 0;

export class RolloutLog {
  readonly path: string;
  readonly #tail: JsonlTail;
  #columns = new RolloutColumns();
  /** For each search for words: what is known of each row. */
  #searches = new Map<string, Uint8Array>();
  #generation = 0;
  #bytesRead = 0;
  readonly #number = logs++;

  constructor(path: string) {
    this.path = path;
    this.#tail = new JsonlTail(path, {
      reset: () => {
        this.#generation++;
        this.#columns = new RolloutColumns();
        this.#searches = new Map();
      },
      line: (value, position) => this.#columns.append(rolloutSchema.parse(value), position),
    });
  }

  /** Reads what is new; returns whether anything changed. */
  poll(): Promise<boolean> {
    return this.#tail.poll();
  }

  /** Rollouts known. */
  get length(): number {
    return this.#columns.rows;
  }

  /** Goes up whenever rows that were there are no more. */
  get generation(): number {
    return this.#generation;
  }

  /** Equal versions hold equal rows; no other log ever has the same. */
  get version(): string {
    return `${this.#number}.${this.#generation}.${this.length}`;
  }

  get badLines(): number {
    return this.#tail.badLines;
  }

  get lastStep(): number | null {
    return this.#columns.steps.at(-1) ?? null;
  }

  get columns(): RolloutColumns {
    return this.#columns;
  }

  /** Bytes of texts read so far, the index's own reading apart. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * Rows that pass, in file order.
   * @param text plain, case-insensitive, anywhere in prompt, completion, answer or verdict; empty for any
   * @param own leaves out of completions what was forced into them
   */
  async select(filter: RolloutFilter, text = "", own = false): Promise<Uint32Array> {
    const columns = this.#columns;
    const rows = columns.select(filter);
    const needle = text.trim().toLowerCase();
    if (needle === "" || rows.length === 0) return rows;
    const known = this.#findings(`${own ? "own" : "all"} ${needle}`, columns.rows);
    const unseen = rows.filter((row) => known[row] === UNSEEN);
    await this.#readLines(columns, unseen, (row, json) => {
      known[row] = textMatches(json, needle, own) ? HIT : MISS;
    });
    return rows.filter((row) => known[row] === HIT);
  }

  /** The rollouts of some rows, by row; what can no longer be read is left out. */
  async read(rows: Iterable<number>): Promise<Map<number, Rollout>> {
    const columns = this.#columns;
    const { line } = columns.table;
    const out = new Map<number, Rollout>();
    await this.#readLines(columns, Uint32Array.from(rows).sort(), (row, json) => {
      const rollout = parseRollout(json, line[row]!);
      if (rollout !== null) out.set(row, rollout);
    });
    return out;
  }

  /** What is known of a search; the least recently used one gives way. */
  #findings(search: string, rows: number): Uint8Array {
    const before = this.#searches.get(search);
    let known = before ?? new Uint8Array(rows);
    if (known.length < rows) {
      known = new Uint8Array(rows);
      known.set(before!);
    }
    this.#searches.delete(search);
    this.#searches.set(search, known);
    for (const oldest of this.#searches.keys()) {
      if (this.#searches.size <= MOST_SEARCHES) break;
      this.#searches.delete(oldest);
    }
    return known;
  }

  /** Calls `visit` with the text of each row's line; rows ascend. Neighbours are read in one block. */
  async #readLines(
    { table }: RolloutColumns,
    rows: Uint32Array,
    visit: (row: number, text: string) => void,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { offset, length } = table;
    const endOf = (row: number): number => offset[row]! + length[row]!;
    let file: FileHandle;
    try {
      file = await open(this.path, "r");
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      let first = 0;
      while (first < rows.length) {
        const start = offset[rows[first]!]!;
        let last = first;
        while (
          last + 1 < rows.length &&
          endOf(rows[last + 1]!) - start <= BLOCK &&
          offset[rows[last + 1]!]! - endOf(rows[last]!) < GAP
        )
          last++;
        const buffer = Buffer.allocUnsafe(endOf(rows[last]!) - start);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
        this.#bytesRead += bytesRead;
        for (let i = first; i <= last; i++) {
          const row = rows[i]!;
          const from = offset[row]! - start;
          const to = from + length[row]!;
          if (to <= bytesRead) visit(row, buffer.toString("utf8", from, to));
        }
        first = last + 1;
      }
    } finally {
      await file.close();
    }
  }
}
