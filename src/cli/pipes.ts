/**
 * What happens when standard output or standard error takes no more: nobody reads it (`reckon tasks sample … | head`), or it
 * goes into a file and the disk is full.
 */
import { fstatSync, writeSync } from "node:fs";
import { refusedSomewhere } from "../recipes/refused.ts";

type Output = typeof process.stdout | typeof process.stderr;

interface Handling {
  readonly action: () => void;
  /** What to do when a full disk has room again. */
  readonly next: string;
}

/** A reader that has seen enough is no failure. */
let broken: Handling = { action: () => process.exit(), next: "give the same command again" };

/**
 * Watches both streams; called once, by the program's entrance.
 * @param explain makes the text for standard error of an error
 */
export function watchPipes(explain: (error: unknown) => string): void {
  for (const stream of [process.stdout, process.stderr]) {
    writeWhole(stream);
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // Other than of a pipe without a reader, and of a closed terminal.
      if (error.code !== "EPIPE" && error.code !== "EIO") {
        const told = refusedSomewhere(error, broken.next, "Standard output");
        if (told === error) throw error;
        // Once: each line that is not taken is an error of its own.
        if (stream === process.stdout && process.exitCode !== 1) process.stderr.write(explain(told));
        process.exitCode = 1;
      }
      broken.action();
    });
  }
}

/**
 * Does `action` instead of ending at once, for work that must not be lost. It may be called more than once.
 * @param next what is told to do when the disk was full, e.g. `go on with it`
 * @returns a function that brings back what was before
 */
export function onBrokenPipe(action: () => void, next?: string): () => void {
  const before = broken;
  broken = { action, next: next ?? before.next };
  return () => {
    broken = before;
  };
}

/**
 * Node writes to a file once and takes what went in for all of it: on a disk that becomes full the end would be missing
 * without a word.
 */
function writeWhole(stream: Output): void {
  if (!isFile(stream.fd)) return;
  stream._write = (chunk: string | Uint8Array, encoding, done) => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(stream.fd, bytes, written);
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // It may be closed.
  }
}
