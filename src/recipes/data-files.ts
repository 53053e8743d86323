/**
 * Files of data as a run reads them, by their content. Paths do not tell: a file that somebody rates or mends keeps its path,
 * and what stands beside a file need not be of it.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ReckonError } from "../util/errors.ts";

export interface DataFile {
  readonly path: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Lines that are not empty. */
  readonly rows: number;
}

/** What a checkpoint keeps of a file of data: a run may be moved with its files, so not its path. */
export type KnownFile = Omit<DataFile, "path">;

/** @throws ReckonError DATA_UNREADABLE */
export async function dataFiles(paths: readonly string[]): Promise<DataFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      const bytes = await dataBytes(path);
      const rows = new TextDecoder().decode(bytes).split("\n");
      return {
        path,
        sha256: createHash("sha256").update(bytes).digest("hex"),
        rows: rows.filter((row) => row.trim() !== "").length,
      };
    }),
  );
}

/** The part of a trainer's checkpoint that says what its run learns from; empty where it reads no file. */
export function knownFiles(files: readonly DataFile[]): { readonly data?: readonly KnownFile[] } {
  return files.length === 0 ? {} : { data: files.map(({ path: _, ...known }) => known) };
}

/**
 * Which trace is shown at which place depends on all of them, so a run cannot go on with other rows: what it says of itself
 * would be of neither file.
 * @param files as they are now, in the order of the recipe
 * @param trainer of the checkpoint; those of older versions do not say what they have learnt from, and are believed
 * @throws ReckonError DATA_CHANGED
 */
export function requireUnchanged(files: readonly DataFile[], trainer: Readonly<Record<string, unknown>>): void {
  const known = (trainer["data"] ?? []) as readonly KnownFile[];
  for (const [i, { path, sha256, rows }] of files.entries()) {
    const before = known[i];
    if (before === undefined || before.sha256 === sha256) continue;
    throw new ReckonError("DATA_CHANGED", `${path} is not what the run has learnt from so far.`, {
      expected: `${before.rows} rows, SHA-256 ${before.sha256}`,
      got: `${rows} rows, SHA-256 ${sha256}`,
      help: "Put the file back as it was and go on, or begin a new run to learn from it as it is now.",
    });
  }
}

/** @throws ReckonError DATA_UNREADABLE */
export async function dataBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

export function unreadable(path: string, cause: unknown): ReckonError {
  return new ReckonError("DATA_UNREADABLE", `${path} could not be read.`, {
    expected: "traces as JSON lines in UTF-8",
    got: cause instanceof Error ? cause.message : String(cause),
    help: "Check the path.",
    cause,
  });
}
