/** Every measurement that is claimed: the file of bench/results, the command that makes it, and about how long it takes. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { writeFiles } from "../output.ts";
import { packageRoot } from "../package.ts";

export interface Job {
  /** The file without .json. */
  readonly name: string;
  /** What stands after `reckon bench`. */
  readonly args: readonly string[];
  /** What makes it a trial of seconds or a few minutes, whose figures mean nothing. */
  readonly quick: readonly string[];
  /** On the machine of docs/performance.md. */
  readonly minutes: number;
  /** What has no peer to stand beside. */
  readonly alone?: true;
}

const CONFIGURATIONS = ["a", "b", "c"] as const;
const THREADS = ["1", "2"] as const;

function sized(bench: "step" | "decode", rounds: number, minutes: number): Job[] {
  return CONFIGURATIONS.flatMap((config) =>
    THREADS.map((threads) => ({
      name: `${bench}-${config}-${threads}`,
      args: [bench, "--config", config, "--threads", threads, "--rounds", String(rounds)],
      quick: ["--rounds", "1", "--compile", "1"],
      minutes,
    })),
  );
}

export const JOBS: readonly Job[] = [
  ...sized("step", 7, 5),
  ...sized("decode", 5, 5),
  ...CONFIGURATIONS.map((config) => ({
    name: `profile-${config}`,
    args: ["profile", "--config", config],
    quick: ["--rounds", "1"],
    minutes: 1,
    alone: true as const,
  })),
  { name: "growth", args: ["growth"], quick: ["--points", "2", "--rounds", "1"], minutes: 15, alone: true },
  ...THREADS.map((threads) => ({
    name: `grpo-${threads}`,
    args: ["grpo", "--threads", threads, "--rounds", "5"],
    quick: ["--prompts", "2", "--samples", "8", "--new-tokens", "4", "--rounds", "1", "--try-for", "60"],
    minutes: 13,
  })),
  { name: "first-curve", args: ["first-curve"], quick: [], minutes: 3 },
];

/** Where results are kept. */
export function resultsFolder(): string {
  return join(packageRoot(), "bench", "results");
}

/** What a person types for one result. */
export function commandOf(name: string): string {
  return `npm run reckon -- bench all --only ${name}`;
}

export interface AllOptions {
  readonly jobs: readonly Job[];
  readonly folder: string;
  readonly quick: boolean;
  readonly onJob: (job: Job) => void;
}

/**
 * Runs jobs one after the other, each in a process of its own, and writes their results. What has no peer to stand beside
 * is not written, but for profile and growth, which have none.
 * @returns in words what was not written, by name
 */
export function runJobs({ jobs, folder, quick, onJob }: AllOptions): Record<string, string> {
  const failures: Record<string, string> = {};
  for (const job of jobs) {
    onJob(job);
    const args = [...process.execArgv, process.argv[1]!, "bench", ...job.args, ...(quick ? job.quick : []), "--json"];
    const { status, stdout, error } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const result = status === 0 ? documentOf(stdout) : undefined;
    if (result === undefined)
      failures[job.name] = `it ended with exit code ${status}, without a result${error ? `: ${error.message}` : ""}`;
    else if (result.peerMissing !== undefined) failures[job.name] = `there was no peer: ${result.peerMissing}`;
    else writeFiles(new Map([[join(folder, `${job.name}.json`), stdout]]), "choose another folder with --out");
  }
  return failures;
}

function documentOf(stdout: string): { readonly peerMissing?: string } | undefined {
  try {
    return JSON.parse(stdout) as { readonly peerMissing?: string };
  } catch {
    return undefined;
  }
}
