/**
 * What a command writes where it was told to: all of it, or nothing. On a disk that is full what stood there before stays,
 * and no model is left of which a part is of another.
 */
import { mkdirSync, realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { refused } from "../recipes/refused.ts";
import { isMissing, isSystemError } from "../runs/disk.ts";
import { ReckonError } from "../util/errors.ts";

/**
 * Writes files by their paths; folders that are missing are made.
 * @param elsewhere how another place is chosen, e.g. `choose another file with --out`
 * @returns how many bytes they are
 * @throws ReckonError FILE_UNWRITABLE
 */
export function writeFiles(files: ReadonlyMap<string, string | Uint8Array>, elsewhere: string): number {
  const asides = new Map<string, string>();
  const made: string[] = [];
  let bytes = 0;
  let path = "";
  try {
    for (const [named, content] of files) {
      path = resolve(named);
      const folder = mkdirSync(dirname(path), { recursive: true });
      if (folder !== undefined) made.push(folder);
      const there = statOf(path);
      // What a link leads to is written, and a device or a pipe is no file that another could take the place of.
      const place = there === undefined ? path : realpathSync(path);
      const aside = `${place}.${process.pid}.tmp`;
      const plain = there?.isFile() ?? true;
      if (plain) asides.set(aside, place);
      writeFileSync(plain ? aside : place, content);
      bytes += Buffer.byteLength(content);
    }
    for (const [aside, place] of asides) {
      path = place;
      renameSync(aside, place);
    }
    return bytes;
  } catch (error) {
    for (const aside of asides.keys()) rmSync(aside, { force: true });
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
    throw unwritable(error, path, elsewhere);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function unwritable(error: unknown, path: string, elsewhere: string): unknown {
  if (!isSystemError(error)) return error;
  const kept = "nothing was written, and what was there is as it was";
  const next = `give the same command again, or ${elsewhere}`;
  const told = refused(error, { path, what: "it", kept, next });
  if (!(told instanceof ReckonError)) {
    const help = `${elsewhere.charAt(0).toUpperCase()}${elsewhere.slice(1)}.`;
    // Of mkdir: a folder that is there is none.
    const file = error.code === "EEXIST" || error.code === "ENOTDIR";
    return new ReckonError("FILE_UNWRITABLE", `${path} cannot be written${file ? ": a file is in the way" : ""}.`, {
      ...(file ? { expected: "folders alone on the way to it, or nothing yet" } : {}),
      ...{ got: error.message, help, cause: error },
    });
  }
  const { summary, got, help } = told;
  return new ReckonError("FILE_UNWRITABLE", summary, { got: got!, help: help!, cause: error });
}
