/**
 * Files that survive: written aside, synced and renamed; and what to say when a disk does not play along.
 *
 * A killed process loses nothing that `write` has returned for; a power cut nothing that was synced. So logs are synced
 * with each checkpoint, and checkpoints before they get their name.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ReckonError } from "../util/errors.ts";

/** An error of the operating system's, as `node:fs` throws it. */
export interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
}

/** Whether something thrown is the operating system's word, and not a fault in code. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;
}

/** Whether a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return isSystemError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EFBIG: "the file would grow beyond the largest size allowed",
  EIO: "the disk reports a hardware error",
  EROFS: "the file system is read-only",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  ENOENT: "the run's folder is gone",
};

/** What the user is told when a run cannot be written. */
export interface DiskTrouble {
  /** The file or folder that could not be written. */
  readonly path: string;
  /** What was to be written, e.g. `the checkpoint of step 40`. */
  readonly what: string;
  readonly bytes?: number;
  /** What is safe, e.g. `the checkpoint of step 30 is intact`. */
  readonly kept: string;
  /** Name of the run, for the command that goes on with it. */
  readonly run: string;
}

/** RUN_DISK from an error of the operating system's; anything else comes back as it is. */
export function diskError(error: unknown, trouble: DiskTrouble): unknown {
  if (!isSystemError(error)) return error;
  const free = freeBytes(trouble.path);
  const cause = CAUSES[error.code] ?? error.message;
  const full = error.code === "ENOSPC" || error.code === "EDQUOT";
  return new ReckonError("RUN_DISK", `${trouble.path} cannot be written: ${cause}.`, {
    expected: `room for ${trouble.what}${trouble.bytes === undefined ? "" : `, ${formatBytes(trouble.bytes)}`}`,
    got: `${error.code}${free === undefined ? "" : `, ${formatBytes(free)} free`}; ${trouble.kept}`,
    help: `${full ? "Free some space" : "Make the folder writable"}, then go on with --resume ${trouble.run}.`,
    cause: error,
  });
}

/** Bytes that this user may still write where `path` is or would be; undefined where the system does not say. */
export function freeBytes(path: string): number | undefined {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

/** e.g. `3.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Replaces a small file in one step: a reader sees the old content or the new. Synced when `durable` is set. */
export function replaceFile(path: string, content: string, options: { readonly durable?: boolean } = {}): void {
  const aside = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(aside, "w");
    try {
      writeFileSync(file, content);
      if (options.durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    // On a full disk what was begun must not keep the little that is left.
    rmSync(aside, { force: true });
    throw error;
  }
  if (options.durable) syncFolderNow(dirname(path));
}

function syncFolderNow(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // As in `syncFolder`.
  } finally {
    closeSync(folder);
  }
}

/** Makes names in a folder durable. Windows cannot, and needs not: it journals names itself. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    if (process.platform === "win32") return;
    throw error;
  }
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems refuse to sync folders; their own order of writes has to do.
    if (process.platform !== "win32" && !(isSystemError(error) && error.code === "EINVAL")) throw error;
  } finally {
    await folder.close();
  }
}

/** Writes a new file and syncs it. */
export async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const file = await open(join(folder, name), "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes all bytes at the end of a file; returns how many went in before an error, and the error. */
export function appendBytes(path: string, bytes: Uint8Array): { readonly written: number; readonly error?: unknown } {
  let written = 0;
  try {
    const file = openSync(path, "a");
    try {
      while (written < bytes.length) written += writeSync(file, bytes, written);
    } finally {
      closeSync(file);
    }
    return { written };
  } catch (error) {
    return { written, error };
  }
}
