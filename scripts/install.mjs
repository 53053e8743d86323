/**
 * Installs the locked dependencies of a clone when they are missing, incomplete or out of date.
 *
 * Works from what is on disk, without a stamp of its own: npm writes `node_modules/.package-lock.json` as the last act
 * of an install, so an interrupted one is seen, and so is a lock file that has moved on. Plain JavaScript for Node 18.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ownNodeIsNewEnough, RUNTIME_PACKAGES } from "../bin/runtime.mjs";
import { withLock } from "./lock.mjs";

/** A message for the user; shown without a stack. */
export class SetupError extends Error {
  /** @param {string} message @param {number} [exitCode] */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * What is wrong with the installed packages, in words, or null when nothing is.
 * @param {string} root folder of the clone
 */
export function findStale(root) {
  const wanted = readLock(join(root, "package-lock.json"));
  if (wanted === null) throw new SetupError(`cannot read ${join(root, "package-lock.json")}: is the clone complete?`);
  const modules = join(root, "node_modules");
  if (!existsSync(modules)) return "packages are not installed yet";
  const present = readLock(join(modules, ".package-lock.json"));
  if (present === null) return "an earlier installation was interrupted";
  // The one optional package without which nothing runs, unless this Node can stand in for it.
  const runtime = ownNodeIsNewEnough()
    ? null
    : `node_modules/${RUNTIME_PACKAGES[`${process.platform}-${process.arch}`]}`;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || ((entry.optional || entry.peer) && path !== runtime)) continue;
    if (present[path]?.version !== entry.version) return `${nameOf(path)} should be at ${entry.version}`;
    if (!existsSync(join(root, path, "package.json"))) return `${nameOf(path)} is missing`;
  }
  return null;
}

function nameOf(path) {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

/**
 * Makes sure that the packages are those of the lock file.
 * @param {string} root folder of the clone
 */
export async function ensureInstalled(root) {
  if (findStale(root) === null) return;
  await withLock(
    join(root, ".install.lock"),
    async () => {
      const reason = findStale(root); // Again: whoever held the lock may have done it.
      if (reason !== null) await install(root, reason);
    },
    (holder) => say(`another command (process ${holder}) is installing packages here; waiting for it`),
  );
}

async function install(root, reason) {
  say(`setting up: ${reason}; installing from the npm registry (about 300 MB, once)`);
  const started = Date.now();
  const stopTicking = tick(() => `installing packages, ${seconds(started)} s`);
  const { code, signal, output } = await npm(root, [
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retry-mintimeout=2000",
    "--fetch-retry-maxtimeout=10000",
  ]);
  stopTicking();
  if (signal !== null || code === 130) {
    throw new SetupError("installation interrupted; the next start repairs it", 130);
  }
  if (code !== 0) throw new SetupError(explain(output, code));
  say(`packages installed in ${seconds(started)} s`);
}

/** npm, run as the npm that started us if there is one, with its output kept for an error message. */
function npm(root, args) {
  const path = process.env.npm_execpath;
  const [command, first] = path?.endsWith("npm-cli.js") ? [process.execPath, [path]] : ["npm", []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: command === "npm" && process.platform === "win32",
    });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const passOn = (signal) => child.kill(signal);
    process.on("SIGINT", passOn).on("SIGTERM", passOn);
    const done = () => process.off("SIGINT", passOn).off("SIGTERM", passOn);
    child.once("error", (error) => {
      done();
      reject(
        new SetupError(`cannot run npm: ${error.message}\n  help:     install npm 10 or newer (it comes with Node)`),
      );
    });
    child.once("close", (code, signal) => {
      done();
      resolve({ code, signal, output });
    });
  });
}

const NO_NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b/;

function explain(output, code) {
  const network = NO_NETWORK.exec(output);
  if (network) {
    return [
      `packages could not be downloaded: the npm registry cannot be reached (${network[1]}).`,
      "  help:     check the network (or proxy: npm config get proxy https-proxy registry), then start again",
    ].join("\n");
  }
  if (/\bENOSPC\b/.test(output)) return "packages could not be installed: the disk is full (about 1 GB is needed).";
  if (/\b(EACCES|EPERM)\b/.test(output)) {
    return `packages could not be installed: no permission to write here.\n${tail(output)}`;
  }
  return `npm ci failed (exit code ${code}):\n${tail(output)}`;
}

function tail(output) {
  return output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-15)
    .map((line) => `  ${line}`)
    .join("\n");
}

function say(text) {
  process.stderr.write(`reckon: ${text}\n`);
}

/** A line that is rewritten every second on a terminal; nothing elsewhere. */
function tick(text) {
  if (!process.stderr.isTTY) return () => {};
  const draw = () => process.stderr.write(`\r\x1b[2Kreckon: ${text()}`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[2K");
  };
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
