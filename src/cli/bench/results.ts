/** Reads bench/results: all of it or a clear word about what is missing, and how old each result is. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";
import { LEFT_OUT } from "./compiled.ts";
import type { FirstCurveResult } from "./first-curve.ts";
import type { GrowthResult } from "./growth.ts";
import type { GrpoResult } from "./grpo.ts";
import { commandOf, JOBS } from "./jobs.ts";
import type { ProfileResult } from "./profile.ts";
import type { BenchResult } from "./result.ts";
import { MEASURED } from "./rounds.ts";

export interface Results {
  readonly steps: readonly BenchResult[];
  readonly decodes: readonly BenchResult[];
  readonly profiles: readonly ProfileResult[];
  readonly growth: GrowthResult;
  readonly grpo: readonly GrpoResult[];
  readonly firstCurve: FirstCurveResult;
}

export type AnyResult = BenchResult | ProfileResult | GrowthResult | GrpoResult | FirstCurveResult;

/**
 * @throws ReckonError BENCH_RESULTS_MISSING that names the commands which make what is not there, or was written by an
 * older form of the benchmark
 */
export function readResults(folder: string): Results {
  const missing: string[] = [];
  const read = new Map<string, AnyResult>();
  for (const { name } of JOBS) {
    const file = join(folder, `${name}.json`);
    const result = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as AnyResult) : undefined;
    if (result === undefined) missing.push(`${name}.json is not there: ${commandOf(name)}`);
    else if (!isPresentForm(result)) missing.push(`${name}.json is of an older form: ${commandOf(name)}`);
    else read.set(name, result);
  }
  if (missing.length > 0)
    throw new ReckonError("BENCH_RESULTS_MISSING", `${folder} does not hold every result`, {
      expected: `${JOBS.length} results`,
      got: missing.map((line) => `\n    ${line}`).join(""),
      help: "make them on an idle machine, all at once with `npm run reckon -- bench all`",
    });
  const of = <T extends AnyResult>(bench: T["bench"]): T[] =>
    [...read.values()].filter((result) => result.bench === bench) as T[];
  return {
    steps: of<BenchResult>("step"),
    decodes: of<BenchResult>("decode"),
    profiles: of<ProfileResult>("profile"),
    growth: of<GrowthResult>("growth")[0]!,
    grpo: of<GrpoResult>("grpo"),
    firstCurve: of<FirstCurveResult>("first-curve")[0]!,
  };
}

function isPresentForm(result: AnyResult): boolean {
  switch (result.bench) {
    case "step":
    case "decode":
      return (
        result.matmulRate !== undefined &&
        ((result.compiled ?? null) !== null || (result.compiledMissing ?? LEFT_OUT) !== LEFT_OUT)
      );
    case "profile":
    case "growth":
    case "grpo":
    case "first-curve":
      return true;
    default:
      result satisfies never;
      return false;
  }
}

export type Age = "present" | "older" | "changed" | "unknown";

/**
 * Whether what is measured has changed since a result was made: `changed` when it was made with changes that were in no
 * commit, `unknown` outside of a clone.
 */
export function ageOf(commit: string): Age {
  if (commit.endsWith("+changes")) return "changed";
  try {
    const since = git("rev-list", "--count", `${commit}..HEAD`, "--", ...MEASURED);
    return since === "0" ? "present" : "older";
  } catch {
    return "unknown";
  }
}

/** What was done since a commit to what is measured, the newest first; nothing where that is not known. */
export function changesSince(commit: string): readonly string[] {
  try {
    return git("log", "--format=%s", `${commit}..HEAD`, "--", ...MEASURED)
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: packageRoot(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
