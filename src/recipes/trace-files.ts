/**
 * Files of traces, as fine-tuning and reward models read them: a file with broken rows is refused and they are named by their
 * lines, or they are left out and that is told.
 */
import { getTask, isHeldOut, readTraces, type Trace, type TraceFault } from "../tasks/index.ts";
import { overallRating } from "../train/reward-data.ts";
import { ReckonError } from "../util/errors.ts";
import { dataBytes, unreadable } from "./data-files.ts";

/** Broken rows that an error and a warning name. */
const NAMED_FAULTS = { error: 5, warning: 20 } as const;

export interface TraceFile {
  readonly traces: readonly Trace[];
  /** What was left out, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Reads a file.
 * @param broken what becomes of broken rows; default `refuse`
 * @throws ReckonError DATA_UNREADABLE; DATA_ROWS for broken rows, unless they are skipped
 */
export async function readTraceFile(path: string, broken: "refuse" | "skip" = "refuse"): Promise<TraceFile> {
  const { traces, faults } = await readRows(path);
  if (faults.length === 0) return { traces, warnings: [] };
  if (broken === "skip") {
    const named = namesOf(faults, NAMED_FAULTS.warning);
    return { traces, warnings: [`${faults.length} rows of ${path} were left out: ${named}`] };
  }
  throw new ReckonError("DATA_ROWS", `${faults.length} rows of ${path} are broken.`, {
    expected: 'JSON lines such as {"prompt":"Add 1 + 2.","thinking":"1+2=3","answer":"3"}',
    got: namesOf(faults, NAMED_FAULTS.error),
    help: 'Mend these rows, or leave them out with broken: "skip" (--skip-broken).',
  });
}

/**
 * The traces of a file whose overall rating is at least `least`: the good ones among those that somebody has rated. A `score`
 * is no rating: what a model has sampled and a verifier found right has one.
 * @throws ReckonError DATA_UNRATED where none is rated
 */
export function wellRated({ traces, warnings }: TraceFile, path: string, least: number): TraceFile {
  const ratings = traces.map((trace) => trace.ratings && overallRating(trace.ratings));
  const unrated = ratings.filter((rating) => rating === undefined).length;
  if (traces.length > 0 && unrated === traces.length) {
    throw new ReckonError("DATA_UNRATED", `no row of ${path} has ratings, of which least: ${least} wants the best.`, {
      expected: 'rows with "ratings":{"correctness":5,"clarity":4}',
      got: `${traces.length} rows without ratings`,
      help: "Rate them in the studio (npm start -- --label FILE), or leave least out.",
    });
  }
  const kept = traces.filter((_, i) => (ratings[i] ?? 0) >= least);
  const below = traces.length - unrated - kept.length;
  const reasons = [
    ...(below > 0 ? [`${below} are rated below ${least}`] : []),
    ...(unrated > 0 ? [`${unrated} are not rated`] : []),
  ];
  if (reasons.length === 0) return { traces, warnings };
  const left = `${below + unrated} of ${traces.length} traces of ${path} were left out: ${reasons.join(", ")}`;
  return { traces: kept, warnings: [...warnings, left] };
}

/** Whether a trace is of a held-out problem of a built-in family; undefined where it does not say of which problem it is. */
export function heldOutTrace({ family, facts }: Pick<Trace, "family" | "facts">): boolean | undefined {
  if (family === undefined || facts === undefined) return undefined;
  try {
    return isHeldOut(getTask(family), facts);
  } catch {
    // A family of somebody's own.
    return undefined;
  }
}

/** The traces that may be learnt from: none of a held-out problem. */
export function withoutHeldOut({ traces, warnings }: TraceFile, path: string): TraceFile {
  const kept = traces.filter((trace) => heldOutTrace(trace) !== true);
  const left = traces.length - kept.length;
  if (left === 0) return { traces, warnings };
  const why = "their problems are held out, and nobody is to learn from them";
  return {
    traces: kept,
    warnings: [...warnings, `${left} of ${traces.length} traces of ${path} were left out: ${why}`],
  };
}

/** Broken rows by their lines, the first so many of them. */
export function namesOf(faults: readonly TraceFault[], most: number): string {
  const first = faults.slice(0, most).map(({ line, reason }) => `line ${line}: ${reason}`);
  return first.join("; ") + (faults.length > most ? `; and ${faults.length - most} more` : "");
}

async function readRows(path: string): Promise<ReturnType<typeof readTraces>> {
  const bytes = await dataBytes(path);
  try {
    return readTraces(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
