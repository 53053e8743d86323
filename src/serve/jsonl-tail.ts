/**
 * Follows a JSON Lines file that another process appends to.
 *
 * Only whole lines count: a last line without its newline is still being written and waits for the next poll. A file that
 * is missing is an empty one. A resumed run cuts its files back to the checkpoint, in place or by renaming a new file over
 * the old one; both are noticed (size, inode, and a comparison of the last bytes read) and reported as a reset.
 * Left out: fs.watch, which is silent on network and container file systems; a stat call each poll costs microseconds.
 */
import { type FileHandle, open } from "node:fs/promises";

/** Where a line lies in its file, in bytes, without its newline. */
export interface LinePosition {
  /** Line number from 0, bad lines included. */
  readonly line: number;
  readonly offset: number;
  readonly length: number;
}

/** Receives what the tail finds. */
export interface TailSink {
  /** The file was cut back or replaced: forget all lines. */
  reset(): void;
  /** One parsed line. May throw: the line then counts as bad. */
  line(value: unknown, position: LinePosition): void;
}

const CHUNK = 1 << 20;
const LONGEST_LINE = 32 << 20;
const FINGERPRINT = 64;

export class JsonlTail {
  readonly #path: string;
  readonly #sink: TailSink;
  #offset = 0;
  #line = 0;
  #bad = 0;
  #inode = 0;
  #seen = "";
  #fingerprint: Uint8Array = new Uint8Array(0);
  #pending: Promise<boolean> | null = null;

  constructor(path: string, sink: TailSink) {
    this.#path = path;
    this.#sink = sink;
  }

  /** Whole lines that were not JSON or were refused by the sink. */
  get badLines(): number {
    return this.#bad;
  }

  /**
   * Reads what is new. Calls that overlap share one read.
   * @returns whether anything changed
   */
  poll(): Promise<boolean> {
    this.#pending ??= this.#read().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #read(): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "r");
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (this.#offset === 0) return false;
      this.#restart(0);
      return true;
    }
    try {
      const { size, ino, mtimeMs } = await file.stat();
      const now = `${ino}:${size}:${mtimeMs}`;
      if (now === this.#seen) return false;
      let changed = false;
      if (this.#offset > 0 && !(ino === this.#inode && size >= this.#offset && (await this.#sameEnd(file)))) {
        this.#restart(ino);
        changed = true;
      }
      this.#inode = ino;
      if (await this.#readLines(file, size)) changed = true;
      this.#seen = now;
      return changed;
    } finally {
      await file.close();
    }
  }

  async #readLines(file: FileHandle, size: number): Promise<boolean> {
    let want = CHUNK;
    let changed = false;
    while (this.#offset < size) {
      const buffer = Buffer.alloc(Math.min(want, size - this.#offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
      const end = buffer.lastIndexOf(10, bytesRead - 1);
      if (end < 0) {
        if (bytesRead < buffer.length || this.#offset + bytesRead >= size || want >= LONGEST_LINE) break;
        want *= 2;
        continue;
      }
      let start = 0;
      while (start <= end) {
        const stop = buffer.indexOf(10, start);
        this.#accept(buffer.toString("utf8", start, stop), {
          line: this.#line,
          offset: this.#offset + start,
          length: stop - start,
        });
        start = stop + 1;
      }
      this.#fingerprint = Uint8Array.prototype.slice.call(buffer, Math.max(0, end + 1 - FINGERPRINT), end + 1);
      this.#offset += end + 1;
      changed = true;
      want = CHUNK;
    }
    return changed;
  }

  #accept(text: string, position: LinePosition): void {
    this.#line++;
    if (text.trim() === "") return;
    try {
      this.#sink.line(JSON.parse(text), position);
    } catch {
      this.#bad++;
    }
  }

  /** Whether the bytes before our offset are still those that we read. */
  async #sameEnd(file: FileHandle): Promise<boolean> {
    const length = this.#fingerprint.length;
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, this.#offset - length);
    return bytesRead === length && buffer.equals(this.#fingerprint);
  }

  #restart(inode: number): void {
    this.#offset = 0;
    this.#line = 0;
    this.#bad = 0;
    this.#inode = inode;
    this.#seen = "";
    this.#fingerprint = new Uint8Array(0);
    this.#sink.reset();
  }
}

/** Whether an error of `fs` says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
