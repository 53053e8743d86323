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
}

/** @throws ReckonError DATA_UNREADABLE */
export async function dataFiles(paths: readonly string[]): Promise<DataFile[]> {
  return Promise.all(
    paths.map(async (path) => ({
      path,
      sha256: createHash("sha256")
        .update(await dataBytes(path))
        .digest("hex"),
    })),
  );
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
