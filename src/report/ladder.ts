/** Held-out accuracy by family and level, as the evaluations of a run logged it. */
import type { RunCurves } from "./run-curves.ts";

export interface Rung {
  readonly level: number;
  readonly accuracy: number;
  /** Of a random legal answer; null where the run did not log it. */
  readonly chance: number | null;
  readonly problems: number | null;
  /** Accuracy at the first evaluation. */
  readonly first: number;
}

export interface LadderRow {
  readonly family: string;
  /** Over all of its levels; null if it was not logged. */
  readonly accuracy: number | null;
  readonly rungs: readonly Rung[];
}

/** A metric of one rung: its family and level. */
export const RUNG = /^eval\/([^/]+)\/(\d+)\/accuracy$/;
const FAMILY = /^eval\/([^/]+)\/accuracy$/;

/** Steps at which a run was evaluated. */
export function ladderSteps(curves: RunCurves): number[] {
  const column = curves.column("eval/accuracy") ?? [];
  return curves.steps.filter((_, i) => column[i] !== undefined && !Number.isNaN(column[i]));
}

/** The ladder at one evaluation, families by name. Runs that logged families alone have rows without rungs. */
export function ladderAt(curves: RunCurves, keys: readonly string[], step: number): LadderRow[] {
  const row = curves.steps.indexOf(step);
  const at = (key: string): number | null => {
    const value = curves.column(key)?.[row];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const first = (key: string): number => curves.column(key)!.find((value) => !Number.isNaN(value)) ?? Number.NaN;
  const families = new Map<string, Rung[]>();
  for (const key of keys) {
    const family = FAMILY.exec(key)?.[1];
    if (family !== undefined && !families.has(family)) families.set(family, []);
    const match = RUNG.exec(key);
    const accuracy = match === null ? null : at(key);
    if (match === null || accuracy === null) continue;
    const base = `eval/${match[1]}/${match[2]}`;
    const rung: Rung = {
      level: Number(match[2]),
      accuracy,
      chance: at(`${base}/chance`),
      problems: at(`${base}/problems`),
      first: first(key),
    };
    const list = families.get(match[1]!);
    if (list === undefined) families.set(match[1]!, [rung]);
    else list.push(rung);
  }
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([family, rungs]) => ({
      family,
      accuracy: at(`eval/${family}/accuracy`),
      rungs: rungs.sort((a, b) => a.level - b.level),
    }));
}
