/**
 * A log of JSON objects, one a line, that only grows, by one writer.
 *
 * A line that the disk refuses waits in memory and goes first at the next write, so that order and content survive a full
 * disk. Going back means cutting the end off in place: that needs no space and cannot tear.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync } from "node:fs";
import { appendBytes, isMissing, isSystemError } from "./disk.ts";

const BLOCK = 1 << 20;
const NEWLINE = 10;

export class JsonLines {
  readonly path: string;
  /** Bytes that the disk has not taken yet, oldest first. */
  #waiting: Uint8Array[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Bytes that wait in memory for the disk. */
  get waiting(): number {
    return this.#waiting.reduce((n, bytes) => n + bytes.length, 0);
  }

  /** Adds records and tries to write; returns what the disk said if it refused. */
  append(records: readonly object[]): unknown {
    if (records.length > 0) {
      this.#waiting.push(Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join("")));
    }
    return this.flush();
  }

  /** Tries to write what waits; returns what the disk said if it refused. */
  flush(): unknown {
    while (this.#waiting.length > 0) {
      const bytes = this.#waiting[0]!;
      const { written, error } = appendBytes(this.path, bytes);
      if (written === bytes.length) {
        this.#waiting.shift();
        continue;
      }
      // The first part of a line may be on disk already: only the rest is tried again.
      this.#waiting[0] = bytes.subarray(written);
      if (!isSystemError(error)) throw error;
      return error;
    }
    return undefined;
  }

  /** All records on disk; none where there is no file. */
  read(): unknown[] {
    try {
      const text = readFileSync(this.path, "utf8");
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Waits until the disk holds all lines. */
  sync(): void {
    this.#edit((file) => fsyncSync(file));
  }

  /**
   * Cuts everything after the last whole line that `keep` accepts, torn ends included. Lines are looked at from the end;
   * what stands before the last accepted one stays.
   */
  cutAfter(keep: (record: Record<string, unknown>) => boolean): void {
    this.#waiting = [];
    this.#edit((file) => {
      const { size } = fstatSync(file);
      const end = endOfLast(file, size, keep);
      if (end === size) return;
      ftruncateSync(file, end);
      fsyncSync(file);
    });
  }

  #edit(edit: (file: number) => void): void {
    let file: number;
    try {
      file = openSync(this.path, "r+");
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      edit(file);
    } finally {
      closeSync(file);
    }
  }
}

/** Byte after the last whole line that is an object and accepted; 0 if there is none. */
function endOfLast(file: number, size: number, keep: (record: Record<string, unknown>) => boolean): number {
  let start = size;
  let text: Uint8Array = new Uint8Array(0);
  let end = size;
  while (end > 0) {
    // The newline before the line that ends at `end`.
    const newline = end - start >= 2 ? text.lastIndexOf(NEWLINE, end - start - 2) : -1;
    if (newline < 0 && start > 0) {
      const length = Math.min(Math.max(BLOCK, text.length), start);
      const block = new Uint8Array(length + text.length);
      start -= readFully(file, block.subarray(0, length), start - length);
      block.set(text, length);
      text = block;
      continue;
    }
    const line = text.subarray(newline + 1, end - start);
    if (line.at(-1) === NEWLINE && accepts(line, keep)) return end;
    end = start + newline + 1;
    text = text.subarray(0, newline + 1);
  }
  return 0;
}

function readFully(file: number, target: Uint8Array, position: number): number {
  let read = 0;
  while (read < target.length) {
    const count = readSync(file, target, read, target.length - read, position + read);
    if (count === 0) throw new Error("internal: a log became shorter while it was read");
    read += count;
  }
  return read;
}

function accepts(line: Uint8Array, keep: (record: Record<string, unknown>) => boolean): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(line).toString("utf8"));
    return typeof value === "object" && value !== null && keep(value as Record<string, unknown>);
  } catch {
    return false;
  }
}
