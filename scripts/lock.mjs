/**
 * A lock between processes, so that two commands started at once in one clone do not install or build over each other.
 *
 * The holder touches its file every second; a file not touched for 20 seconds, or whose process is gone from this
 * machine, is stale and may be taken over. Plain JavaScript for Node 18 or newer.
 */
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const STALE_MS = 20_000;

/**
 * Runs `work` while holding the lock file `path`.
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {(holder: string) => void} onWait called once when another process holds the lock
 * @returns {Promise<T>}
 * @template T
 */
export async function withLock(path, work, onWait = () => {}) {
  const token = `${process.pid} ${hostname()} ${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
  for (let waited = false; !tryTake(path, token); ) {
    if (removeIfStale(path, token)) continue;
    if (!waited) onWait(read(path)?.split(" ")[0] ?? "?");
    waited = true;
    await sleep(300);
  }
  const heartbeat = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch {
      // The file was removed by hand: the work goes on, only the protection is gone.
    }
  }, 1000);
  const release = () => {
    if (read(path) === token) rmSync(path, { force: true });
  };
  process.on("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}

function tryTake(path, token) {
  try {
    writeFileSync(path, token, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Renames a stale lock away; should it have changed hands meanwhile, puts it back. */
function removeIfStale(path, token) {
  const holder = read(path);
  if (holder === null) return true;
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    if (age < STALE_MS && !(age > 1000 && isGone(holder))) return false;
    const aside = `${path}.${token.replaceAll(/\W+/g, "-")}`;
    renameSync(path, aside);
    const taken = read(aside);
    rmSync(aside, { force: true });
    if (taken !== null && taken !== holder) tryTake(path, taken);
    return true;
  } catch {
    return true; // Somebody else removed it first.
  }
}

function isGone(holder) {
  const [pid, host] = holder.split(" ");
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
