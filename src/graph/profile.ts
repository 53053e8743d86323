/**
 * Where the time of a graph goes: reads the profile that ONNX Runtime writes (`SessionOptions.profile`; a JSON array of
 * Chrome trace events) and adds up the time inside operators' kernels, by operator or by the scope that built them.
 * Operators that ONNX Runtime made itself by fusing others stand under its own names. Left out: memory figures.
 */
import { ReckonError } from "../util/errors.ts";

export interface ProfileRow {
  /** An operator's type, or a scope. */
  readonly name: string;
  /** Kernel calls. */
  readonly count: number;
  readonly milliseconds: number;
  /** Of the time in all kernels, 0..1. */
  readonly share: number;
}

export interface Profile {
  /** Runs of the session that were counted. */
  readonly runs: number;
  /** Time in kernels, all runs together. */
  readonly kernelMilliseconds: number;
  /** Time in the session, all runs together: kernels and what lies between them. */
  readonly totalMilliseconds: number;
  /** Most expensive first. */
  readonly rows: readonly ProfileRow[];
}

export interface ProfileOptions {
  /** Default: operator. */
  readonly by?: "operator" | "scope";
  /** Runs left out at the start: the first one allocates memory. Default 0. */
  readonly warmup?: number;
}

interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const KERNEL = "_kernel_time";

/**
 * @param text content of the profile file
 * @throws ReckonError PROFILE_INVALID for a text that is no such file, or is cut off (the session was not released)
 */
export function readProfile(text: string, options: ProfileOptions = {}): Profile {
  const { by = "operator", warmup = 0 } = options;
  const found = new Map<string, { count: number; milliseconds: number }>();
  let runs = 0;
  let total = 0;
  for (const { cat, name, dur, args } of parseEvents(text)) {
    // A run's event follows those of its kernels.
    if (cat === "Session" && name === "model_run") {
      if (runs++ >= warmup) total += dur / 1000;
    } else if (cat === "Node" && name.endsWith(KERNEL) && runs >= warmup) {
      const key = by === "operator" ? (args?.op_name ?? "unknown") : scopeOf(name.slice(0, -KERNEL.length));
      const row = found.get(key) ?? { count: 0, milliseconds: 0 };
      found.set(key, { count: row.count + 1, milliseconds: row.milliseconds + dur / 1000 });
    }
  }
  const kernels = [...found.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = [...found].map(([name, row]) => ({
    name,
    ...row,
    share: kernels === 0 ? 0 : row.milliseconds / kernels,
  }));
  return {
    runs: Math.max(0, runs - warmup),
    kernelMilliseconds: kernels,
    totalMilliseconds: total,
    rows: rows.sort((a, b) => b.milliseconds - a.milliseconds || (a.name < b.name ? -1 : 1)),
  };
}

/** A profile as a table for a terminal; times are per run. */
export function formatProfile(profile: Profile): string {
  const { runs, rows, kernelMilliseconds, totalMilliseconds } = profile;
  const perRun = (value: number): string => (value / Math.max(1, runs)).toFixed(3);
  const width = Math.max(8, ...rows.map(({ name }) => name.length));
  const line = (name: string, ms: string, count: string, share: string): string =>
    `${name.padEnd(width)} ${ms.padStart(10)} ${count.padStart(7)} ${share.padStart(7)}`;
  return [
    line("", "ms a run", "calls", "share"),
    ...rows.map(({ name, milliseconds, count, share }) =>
      line(name, perRun(milliseconds), String(count), `${(100 * share).toFixed(1)} %`),
    ),
    line("kernels", perRun(kernelMilliseconds), "", ""),
    line("all", perRun(totalMilliseconds), "", `${runs} ${runs === 1 ? "run" : "runs"}`),
    "",
  ].join("\n");
}

function scopeOf(node: string): string {
  const at = node.lastIndexOf("/");
  return at < 0 ? "(no scope)" : node.slice(0, at);
}

function parseEvents(text: string): TraceEvent[] {
  const invalid = (got: string, cause?: unknown): ReckonError =>
    new ReckonError("PROFILE_INVALID", "this is not a profile of ONNX Runtime", {
      expected: "a JSON array of trace events with cat, name and dur",
      got,
      help: "release the session before reading its profile: only then is the file whole",
      cause,
    });
  let events: unknown;
  try {
    events = JSON.parse(text);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : "no JSON", cause);
  }
  if (!Array.isArray(events)) throw invalid(typeof events);
  // Other kinds of events (api, metadata) have other fields.
  const kept = events.filter((event) => event?.cat === "Node" || event?.cat === "Session");
  const bad = kept.find((event) => typeof event.name !== "string" || !Number.isFinite(event.dur));
  if (kept.length === 0 || bad !== undefined) throw invalid(JSON.stringify(bad ?? events.slice(0, 1)).slice(0, 200));
  return kept;
}
