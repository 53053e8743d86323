/**
 * What is told where a disk takes nothing more. A run tells it itself of its checkpoints and logs (runs/run-directory.ts);
 * here it is told of what else is written: locks, records of stages, data, files of other kinds.
 */
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { type DiskTrouble, diskError, isMissing, isSystemError, type SystemError } from "../runs/disk.ts";
import { ReckonError } from "../util/errors.ts";

/** What a disk says when it takes no more. */
const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS"]);
/** What it says of a file or folder that is somebody else's. */
const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);

export interface Refusal extends Omit<DiskTrouble, "run"> {
  /** What to do when there is room, e.g. `give the same command again`. */
  readonly next: string;
}

/** RUN_DISK of a disk's refusal to write in `refusal.path`, with what is safe and what to do; anything else as it is. */
export function refused(thrown: unknown, refusal: Refusal): unknown {
  const { path, next } = refusal;
  const error = reasonOf(thrown);
  // A folder that cannot be made is refused by the name of one above it.
  const denied = isDenied(error) && (error.path.startsWith(path) || path.startsWith(error.path));
  if (!isNoRoom(error) && !denied) return thrown;
  const told = diskError(error, { ...refusal, run: "" }) as ReckonError;
  return new ReckonError(told.code, told.summary, {
    expected: told.expected!,
    got: told.got!,
    help: `${remedyOf(error.code)}, then ${next}.`,
    cause: thrown,
  });
}

/**
 * The same of an error of which nothing more is known: told where failures are explained, so that no full disk and no file
 * of somebody else's passes for a fault in the code.
 * @param next what to do when there is room
 * @param unnamed what could not be written, where the system does not say it, as of a file that is open already
 */
export function refusedSomewhere(thrown: unknown, next: string, unnamed = "A file"): unknown {
  const error = reasonOf(thrown);
  if (isDenied(error)) {
    return new ReckonError("FILE_DENIED", `${error.path} cannot be opened or changed: permission is denied.`, {
      got: error.message,
      help: `Give yourself the right to it, then ${next}.`,
      cause: error,
    });
  }
  if (!isNoRoom(error)) return thrown;
  const path = "path" in error && typeof error.path === "string" ? error.path : unnamed;
  const { code, summary, help } = refused(error, { path, what: "it", kept: "", next }) as ReckonError;
  return new ReckonError(code, summary, { got: error.message, help: help!, cause: error });
}

/** The same of what a run has told of itself already, where something else is to be done about it. */
export function retold(error: unknown, refusal: Refusal): unknown {
  const cause = error instanceof ReckonError && error.code === "RUN_DISK" ? error.cause : error;
  const told = refused(cause, refusal);
  return told === cause ? error : told;
}

/**
 * Where a folder cannot be made with those above it, Node says no more than that it is missing, also on a file system that is
 * read-only: what stands above it says why.
 */
function reasonOf(error: unknown): unknown {
  if (!isSystemError(error) || error.code !== "ENOENT" || error.syscall !== "mkdir" || !("path" in error)) return error;
  for (let at = String(error.path); dirname(at) !== at; ) {
    at = dirname(at);
    try {
      accessSync(at, constants.W_OK);
      return error;
    } catch (reason) {
      if (!isMissing(reason)) return reason;
    }
  }
  return error;
}

function isNoRoom(error: unknown): error is SystemError {
  // What cannot be read, e.g. from a terminal that is gone, is not for want of room.
  return isSystemError(error) && NO_ROOM.has(error.code) && error.syscall !== "read";
}

function isDenied(error: unknown): error is SystemError & { readonly path: string } {
  return isSystemError(error) && DENIED.has(error.code) && "path" in error && typeof error.path === "string";
}

function remedyOf(code: string): string {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "Free some space";
    case "EFBIG":
      return "Let files grow larger";
    case "EIO":
      return "Mend the disk";
    default:
      return "Make it writable";
  }
}
