/**
 * One writer at a time, also after crashes: `writer-N.lock` holds who writes. A lock whose process is gone is stale, and
 * the next writer takes number N + 1; the highest number holds, so two who find the same stale lock cannot both win.
 *
 * A process is known by machine, boot, process namespace, id and start time: ids are used again. A lock from another
 * machine or container cannot be looked up; its writer refreshes it, and a minute of silence counts as gone.
 * Left out: locks of the operating system's (flock), which Node does not offer.
 */
import { execFileSync } from "node:child_process";
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ReckonError } from "../util/errors.ts";
import { isMissing, isSystemError } from "./disk.ts";

/** Who holds a lock. */
export interface Writer {
  readonly pid: number;
  /** When the process began, in the system's own words; empty where it does not say. */
  readonly started: string;
  readonly host: string;
  readonly boot: string;
  readonly namespace: string;
}

const REFRESH_MS = 10_000;
const SILENCE_MS = 60_000;
const PATTERN = /^writer-(\d+)\.lock$/;

export class RunLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #refresh: NodeJS.Timeout;
  #released = false;

  private constructor(folder: string, number: number) {
    this.#folder = folder;
    this.#path = lockPath(folder, number);
    this.#refresh = setInterval(() => this.#touch(), REFRESH_MS);
    this.#refresh.unref();
  }

  /**
   * Takes the lock of a folder.
   * @throws ReckonError RUN_BUSY while another writer, in this process or another, holds it
   */
  static acquire(folder: string, run: string): RunLock {
    for (let attempt = 0; attempt < 20; attempt++) {
      const top = highest(folder);
      if (top > 0) {
        const holder = readWriter(folder, top);
        if (holder === "gone") continue;
        if (isAlive(holder, folder, top)) throw busy(run, holder, lockPath(folder, top));
      }
      const mine = top + 1;
      if (!claim(folder, mine)) continue;
      if (highest(folder) !== mine) {
        rmSync(lockPath(folder, mine), { force: true });
        continue;
      }
      for (let old = mine - 1; old > 0 && old >= mine - 10; old--) rmSync(lockPath(folder, old), { force: true });
      return new RunLock(folder, mine);
    }
    throw new ReckonError("RUN_BUSY", `${run} is being opened by several processes at once.`, { help: "Try again." });
  }

  /** @throws ReckonError RUN_BUSY when another writer has taken the run over, e.g. while this machine slept */
  verify(run: string): void {
    const top = highest(this.#folder);
    if (!this.#released && lockPath(this.#folder, top) === this.#path) return;
    const holder = top > 0 ? readWriter(this.#folder, top) : "gone";
    throw busy(run, holder === "gone" ? undefined : holder, lockPath(this.#folder, top));
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#refresh);
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The folder may be gone or read-only: a lock of a process that ended counts as stale anyway.
    }
  }

  #touch(): void {
    try {
      const now = new Date();
      utimesSync(this.#path, now, now);
    } catch {
      // Told at the next checkpoint, by `verify`.
    }
  }
}

/** Whether some living process writes in this folder. */
export function isLocked(folder: string): boolean {
  const top = highest(folder);
  if (top === 0) return false;
  const holder = readWriter(folder, top);
  return holder !== "gone" && isAlive(holder, folder, top);
}

const lockPath = (folder: string, number: number): string => join(folder, `writer-${number}.lock`);

function highest(folder: string): number {
  try {
    return readdirSync(folder).reduce((top, name) => Math.max(top, Number(PATTERN.exec(name)?.[1] ?? 0)), 0);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/** Makes the lock file with its content at once, if nobody has made it. */
function claim(folder: string, number: number): boolean {
  const path = lockPath(folder, number);
  const content = JSON.stringify(self());
  const aside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(aside, content);
    linkSync(aside, path);
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(error.code)) throw error;
    // No hard links here (exFAT, some network shares): a reader may see the file empty for a moment and waits then.
    try {
      writeFileSync(path, content, { flag: "wx" });
      return true;
    } catch (second) {
      if (isSystemError(second) && second.code === "EEXIST") return false;
      throw second;
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

/** The holder; undefined for content that cannot be read as one. */
function readWriter(folder: string, number: number): Writer | undefined | "gone" {
  try {
    return JSON.parse(readFileSync(lockPath(folder, number), "utf8")) as Writer;
  } catch (error) {
    if (isMissing(error)) return "gone";
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(holder: Writer | undefined, folder: string, number: number): boolean {
  const me = self();
  if (holder && holder.host === me.host && holder.boot !== me.boot) return false;
  if (holder && holder.host === me.host && holder.namespace === me.namespace) {
    const started = processStart(holder.pid);
    return started !== undefined && (started === holder.started || started === "" || holder.started === "");
  }
  try {
    return Date.now() - statSync(lockPath(folder, number)).mtimeMs < SILENCE_MS;
  } catch {
    return false;
  }
}

let me: Writer | undefined;

function self(): Writer {
  me ??= {
    pid: process.pid,
    started: processStart(process.pid) ?? "",
    host: hostname(),
    boot: readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    namespace: readOr("", () => readlinkSync("/proc/self/ns/pid")),
  };
  return me;
}

/** When a process began; empty if it lives and the system does not say; undefined if there is no such process. */
export function processStart(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(isSystemError(error) && error.code === "EPERM")) return undefined;
  }
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // Fields after the name, which may hold anything: state is the first, the start the twentieth.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    } catch (error) {
      return isMissing(error) ? undefined : "";
    }
  }
  if (process.platform === "win32") return "";
  return readOr("", () =>
    execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    }).trim(),
  );
}

function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function busy(run: string, holder: Writer | undefined, path: string): ReckonError {
  const who = holder
    ? `process ${holder.pid}${holder.host === self().host ? "" : ` on ${holder.host}`}`
    : "another process";
  return new ReckonError("RUN_BUSY", `${run} is being written by ${who}.`, {
    expected: "a run that nobody else writes",
    got: path,
    help: "Pause or end that process first, or choose another name.",
  });
}
