/**
 * `reckon bench first-curve`: seconds from a fresh clone to the first point of a training curve.
 *
 * Ours: the working folder's commit is cloned, `npm start` is called in it as a newcomer would, with an empty
 * cache, and the first line of metrics and the first step of training are waited for. TRL: from starting Python, with
 * everything installed, to the end of the first step (bench grpo's job); its installation is told beside it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";
import { footprint } from "./footprint.ts";
import { trlFirstStep } from "./grpo.ts";
import { load, type Machine, machine, roundTo } from "./rounds.ts";

export interface FirstCurveResult extends Machine {
  readonly name: "first-curve";
  readonly bench: "first-curve";
  readonly threads: 2;
  readonly load: readonly [number, number];
  /** Seconds since `git clone` began. */
  readonly ours: {
    readonly cloned: number;
    readonly installed: number;
    /** The studio answers. */
    readonly ready: number;
    /** The first line of metrics: how good the base is. */
    readonly firstPoint: number;
    readonly firstStep: number;
  };
  /** Seconds of installing; then, from the start of Python, until TRL's first step is done. */
  readonly peer: { readonly install: number | null; readonly firstStep: number } | null;
  readonly peerMissing?: string;
  /** TRL's installation and first step over our way from the clone to the first step. */
  readonly ratio: number | null;
  readonly rounds: readonly [];
}

/** The longest that anything may take, in seconds. */
const PATIENCE = 900;

export async function benchFirstCurve(onProgress: (what: string) => void = () => undefined): Promise<FirstCurveResult> {
  const before = load();
  onProgress("a clone of ours");
  const ours = await ourFirstCurve(onProgress);
  onProgress("TRL");
  const theirs = await trlFirstStep(2);
  const install = footprint().peerInstallSeconds;
  const peer = typeof theirs === "string" ? null : { install, firstStep: theirs.seconds };
  const { versions, ...where } = machine();
  return {
    name: "first-curve",
    bench: "first-curve",
    threads: 2,
    ...where,
    versions: typeof theirs === "string" ? versions : { ...versions, ...theirs.versions },
    load: [before, load()],
    ours,
    peer,
    ...(typeof theirs === "string" ? { peerMissing: theirs } : {}),
    ratio: peer === null || install === null ? null : roundTo((install + peer.firstStep) / ours.firstStep, 2),
    rounds: [],
  };
}

async function ourFirstCurve(onProgress: (what: string) => void): Promise<FirstCurveResult["ours"]> {
  const folder = mkdtempSync(join(tmpdir(), "reckon-first-"));
  const clone = join(folder, "reckon");
  const runs = join(folder, "runs");
  const began = performance.now();
  const seconds = (): number => roundTo((performance.now() - began) / 1000, 1);
  let child: ChildProcess | undefined;
  try {
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", packageRoot(), clone]);
    const cloned = seconds();
    const { RECKON_LAUNCHED: _, ...inherited } = process.env;
    // As TRL's installation: everything is downloaded.
    const env = { ...inherited, npm_config_cache: join(folder, "npm") };
    // A group of its own, so that what npm started can be ended with it.
    const started = spawn("npm", ["start", "--", "--port", "0", "--runs", runs], { cwd: clone, env, detached: true });
    child = started;
    let output = "";
    for (const stream of [started.stdout, started.stderr])
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    let failed: string | undefined;
    started.on("error", (error) => {
      failed = error.message;
    });
    started.on("exit", (code) => {
      failed = `npm start ended with code ${code}: ${output.trim().split("\n").at(-1)}`;
    });
    const until = async (what: string, reached: () => boolean): Promise<number> => {
      onProgress(what);
      while (!reached()) {
        if (failed !== undefined || seconds() > PATIENCE)
          throw new ReckonError("BENCH_START", `npm start in a clone did not come to: ${what}`, {
            got: failed ?? `nothing after ${PATIENCE} s`,
          });
        await sleep(50);
      }
      return seconds();
    };
    const metrics = join(runs, "first-growth", "metrics.jsonl");
    const lines = (): number => (existsSync(metrics) ? readFileSync(metrics, "utf8").split("\n").length - 1 : 0);
    const installed = await until("packages installed", () => output.includes("packages installed"));
    const ready = await until("the studio is ready", () => output.includes("studio is ready"));
    const firstPoint = await until("the first line of metrics", () => lines() > 0);
    const firstStep = await until("the first step", () => lines() > 1);
    return { cloned, installed, ready, firstPoint, firstStep };
  } finally {
    if (child?.pid !== undefined) await endGroup(child, child.pid);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function endGroup(child: ChildProcess, pid: number): Promise<void> {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  signal("SIGINT");
  for (let i = 0; i < 200 && child.exitCode === null && child.signalCode === null; i++) await sleep(50);
  signal("SIGKILL");
}
