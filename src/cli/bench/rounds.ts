/** Fair timing: everything that is compared takes turns in one run, and what is reported are medians of the rounds. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ReckonError } from "../../util/errors.ts";
import { median } from "../../util/statistics.ts";
import { packageRoot, packageVersion } from "../package.ts";
import { processor } from "../processor.ts";
import type { Timing } from "./peer.ts";

/** The folders whose code a benchmark measures. */
export const MEASURED: readonly string[] = ["graph", "model", "generate", "train", "runs"].map((room) => `src/${room}`);

/** One thing that takes its turn in every round. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Timing>;
}

/** By contestant: the timings of all rounds, in order. */
export type Rounds = Readonly<Record<string, Timing>>[];

/** Warms every contestant up, then gives each one turn a round. */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  onRound: (done: number) => void = () => undefined,
): Promise<Rounds> {
  for (const contestant of contestants) await contestant.run();
  const out: Record<string, Timing>[] = [];
  for (let round = 0; round < rounds; round++) {
    const timings: Record<string, Timing> = {};
    for (const contestant of contestants) {
      // Threads of the one before may still spin for some milliseconds.
      await new Promise((resolve) => setTimeout(resolve, 20));
      timings[contestant.name] = await contestant.run();
    }
    out.push(timings);
    onRound(round + 1);
  }
  return out;
}

/** Times work of this process, its worker threads included. */
export async function timed(work: () => Promise<unknown>): Promise<Timing> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}

/** Medians of one contestant over the rounds, rounded to a hundredth of a millisecond. */
export function medianTiming(rounds: Rounds, name: string): Timing {
  const of = (key: keyof Timing): number => roundTo(median(rounds.map((round) => round[name]![key])), 2);
  return { wall: of("wall"), cpu: of("cpu") };
}

export function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

export interface Machine {
  readonly commit: string;
  readonly cpu: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function machine(): Machine {
  return {
    commit: commit(),
    cpu: `${processor()}, ${availableParallelism()} cores`,
    versions: { reckon: packageVersion(), node: process.versions.node, "onnxruntime-node": engineVersion() },
  };
}

/** Processes that wanted a core during the last minute; about 0 before a run on a quiet machine. */
export function load(): number {
  return roundTo(loadavg()[0]!, 2);
}

/** Above this load a machine is busy with something else. */
const QUIET = 0.5;

/**
 * Waits until the machine is quiet.
 * @param seconds the longest wait
 * @throws ReckonError BENCH_BUSY
 */
export async function untilQuiet(seconds: number, onWait: (load: number) => void): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const busy = load();
    if (busy <= QUIET) return;
    if (performance.now() > end)
      throw new ReckonError("BENCH_BUSY", "the machine is not quiet, so its figures would mean little", {
        expected: `a load of at most ${QUIET} during the last minute`,
        got: `${busy} after ${seconds} s of waiting`,
        help: "end what else is running, or measure anyway with --busy",
      });
    onWait(busy);
    await sleep(5000);
  }
}

function engineVersion(): string {
  const file = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** The commit of a clone, marked where what is measured differs from it; "none" elsewhere. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: packageRoot(), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ...MEASURED) !== "";
    return git("rev-parse", "--short=10", "HEAD") + (changed ? "+changes" : "");
  } catch {
    return "none";
  }
}
