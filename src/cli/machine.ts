/**
 * What `reckon doctor` looks at: each check says what it found and, where that is a problem, what to do.
 *
 * Checks use the real parts (the engine multiplies matrices) and never throw: a fault is their finding.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { arch, availableParallelism, platform, release, totalmem } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Graph, matmul, type Provider } from "../graph/index.ts";
import { Random } from "../util/random.ts";
import { processor } from "./processor.ts";
import { formatBytes } from "./ui.ts";

export interface Finding {
  readonly check: string;
  /** `warning`: something optional is missing or scarce; `failed`: Reckon does not work like this. */
  readonly status: "ok" | "warning" | "failed";
  readonly detail: string;
  readonly help?: string;
}

export type Check = () => Finding | Promise<Finding>;

const MINIMUM_NODE = 24;
/** Reinforcing the shipped model on two cores takes up to 2.4 GB; below this the machine starts to swap. */
const LITTLE_MEMORY = 3e9;
/** A run writes a few hundred megabytes of checkpoints and rollouts. */
const LITTLE_DISK = 1e9;

export function checkNode(version: string = process.versions.node): Finding {
  const ok = Number.parseInt(version, 10) >= MINIMUM_NODE;
  const detail = `Node ${version} at ${process.execPath}`;
  if (ok) return { check: "node", status: "ok", detail };
  return { check: "node", status: "failed", detail, help: `Install Node ${MINIMUM_NODE} or newer.` };
}

export function checkMachine(): Finding {
  const threads = availableParallelism();
  return {
    check: "machine",
    status: "ok",
    detail: `${platform()} ${release()} ${arch()}, ${processor()}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
  };
}

const SIDE = 37;

/** Multiplies two matrices of small whole numbers, whose product is exact, through the engine. */
export async function checkEngine(): Promise<Finding> {
  const check = "engine";
  try {
    const { cpuProvider } = await import("../graph/node.ts");
    const provider = await cpuProvider();
    const random = Random.of(1, "doctor");
    const draw = () => Float32Array.from({ length: SIDE * SIDE }, () => random.int(-9, 9));
    const [a, b] = [draw(), draw()];
    const got = await multiply(provider, a, b, SIDE, 1);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        let want = 0;
        for (let i = 0; i < SIDE; i++) want += a[row * SIDE + i]! * b[i * SIDE + column]!;
        if (got[row * SIDE + column] === want) continue;
        return {
          check,
          status: "failed",
          detail: `ONNX Runtime multiplied matrices wrongly: ${got[row * SIDE + column]} in place of ${want}`,
          help: "Reinstall onnxruntime-node (npm ci); if it stays, report it with the machine line above.",
        };
      }
    }
    return {
      check,
      status: "ok",
      detail: `ONNX Runtime ${await engineVersion()} (${provider.name}) multiplies matrices exactly`,
    };
  } catch (error) {
    const [detail = "", ...rest] = (error instanceof Error ? error.message : String(error)).split("\n");
    const got = rest.find((line) => line.trim().startsWith("got:"))?.trim() ?? "";
    return {
      check,
      status: "failed",
      detail: `${detail} ${got}`.trim(),
      help: "Reinstall with `npm ci`. On Linux, onnxruntime-node needs glibc 2.28 or newer (not musl); on macOS, an Apple processor.",
    };
  }
}

const SPEED_SIDE = 512;

/** Measures what threads bring on this machine right now. */
export async function checkSpeed(): Promise<Finding> {
  const check = "speed";
  try {
    const { cpuProvider } = await import("../graph/node.ts");
    const provider = await cpuProvider();
    const random = Random.of(2, "doctor");
    const data = Float32Array.from({ length: SPEED_SIDE * SPEED_SIDE }, () => random.next());
    const rates: string[] = [];
    const threads = availableParallelism();
    for (const count of threads === 1 ? [1] : [1, threads]) {
      const seconds = await timeMultiply(provider, data, SPEED_SIDE, count);
      rates.push(
        `${((2 * SPEED_SIDE ** 3) / seconds / 1e9).toFixed(0)} GFLOP/s with ${count} thread${count === 1 ? "" : "s"}`,
      );
    }
    return { check, status: "ok", detail: rates.join(", ") };
  } catch (error) {
    return {
      check,
      status: "warning",
      detail: `not measured: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function prepare(provider: Provider, side: number, threads: number) {
  const graph = new Graph();
  graph.output("y", matmul(graph.input("a", [side, side]), graph.input("b", [side, side])));
  const session = await provider.session(graph, { threads });
  const y = new Float32Array(side * side);
  return {
    y,
    run: (a: Float32Array, b: Float32Array) =>
      session.run(
        { a: provider.value(a, [side, side]), b: provider.value(b, [side, side]) },
        { y: provider.value(y, [side, side]) },
      ),
    release: () => session.release(),
  };
}

async function multiply(provider: Provider, a: Float32Array, b: Float32Array, side: number, threads: number) {
  const product = await prepare(provider, side, threads);
  await product.run(a, b);
  await product.release();
  return product.y;
}

/** Seconds for one product: the best of a few, which is the least disturbed. */
async function timeMultiply(provider: Provider, data: Float32Array, side: number, threads: number): Promise<number> {
  const product = await prepare(provider, side, threads);
  await product.run(data, data);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await product.run(data, data);
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  await product.release();
  return best;
}

async function engineVersion(): Promise<string> {
  const ort = (await import("onnxruntime-node")) as unknown as {
    env?: { versions?: { node?: string; common?: string } };
  };
  return ort.env?.versions?.node ?? ort.env?.versions?.common ?? "";
}

export function checkMemory(available: number = process.availableMemory()): Finding {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const detail = `${formatBytes(available)} of ${formatBytes(total)} free`;
  if (available >= LITTLE_MEMORY) return { check: "memory", status: "ok", detail };
  return {
    check: "memory",
    status: "warning",
    detail,
    help: `Close other programs: training wants ${formatBytes(LITTLE_MEMORY)} or more.`,
  };
}

/** Whether runs can be written below `folder`, and how much room there is. */
export function checkFolder(folder: string = process.cwd()): Finding[] {
  const runs = resolve(folder, "runs");
  const place = existsSync(runs) ? runs : resolve(folder);
  return [checkWriting(place), checkDisk(place)];
}

function checkWriting(place: string): Finding {
  const check = "writing";
  try {
    const probe = mkdtempSync(join(place, ".reckon-doctor-"));
    try {
      writeFileSync(join(probe, "probe"), "");
    } finally {
      rmSync(probe, { recursive: true, force: true });
    }
    return { check, status: "ok", detail: `can write to ${place}` };
  } catch (error) {
    const detail = `cannot write to ${place}: ${error instanceof Error ? error.message : String(error)}`;
    return { check, status: "failed", detail, help: "Change to a folder that is yours: runs are written to ./runs." };
  }
}

function checkDisk(place: string): Finding {
  const check = "disk";
  try {
    const { bavail, bsize } = statfsSync(place);
    const free = bavail * bsize;
    const detail = `${formatBytes(free)} free at ${place}`;
    if (free >= LITTLE_DISK) return { check, status: "ok", detail };
    return {
      check,
      status: "warning",
      detail,
      help: `Make room: a run wants ${formatBytes(LITTLE_DISK)}; old ones are in runs/.`,
    };
  } catch (error) {
    return { check, status: "warning", detail: `not known: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The models that came with the package or the clone. */
export function checkModels(folder: string = fileURLToPath(new URL("../../models", import.meta.url))): Finding {
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "config.json")))
    : [];
  if (names.length > 0) return { check: "models", status: "ok", detail: `shipped: ${names.join(", ")}` };
  return {
    check: "models",
    status: "warning",
    detail: `none in ${folder}`,
    help: "Train one, or get the complete package.",
  };
}

const CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const CHROMIUM_PATHS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

export function checkChromium(path: string = process.env["PATH"] ?? ""): Finding {
  const check = "chromium";
  const folders = [...path.split(delimiter), "/usr/bin"];
  const candidates = [
    ...folders.flatMap((folder) => CHROMIUM_NAMES.map((name) => join(folder, name))),
    ...CHROMIUM_PATHS,
  ];
  const found = candidates.find((candidate) => dirname(candidate) !== "." && isExecutable(candidate));
  if (found !== undefined) return { check, status: "ok", detail: `${found} (for the browser tests)` };
  return {
    check,
    status: "ok",
    detail: "not found; only the browser tests of a clone need it (apt-get install chromium)",
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
