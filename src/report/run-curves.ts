/** The metrics of a run as curves: against steps, tokens or minutes, smoothed or not. */
import type { PlotLine } from "./plot.ts";
import { smooth } from "./smooth.ts";

/** Metrics by column; `Curves` of the studio is one. */
export interface RunCurves {
  readonly steps: readonly number[];
  /** Values of a metric, NaN where it was not logged; undefined if it never was. */
  column(key: string): readonly number[] | undefined;
}

export const AXES = ["step", "tokens", "minutes"] as const;
export type Axis = (typeof AXES)[number];

/**
 * Where each row of a run stands on an axis; NaN where that is not known (a run that did not log it).
 * Minutes are those of the steps themselves: pauses between them do not count.
 */
export function axisValues(curves: RunCurves, axis: Axis): readonly number[] {
  switch (axis) {
    case "step":
      return curves.steps;
    case "tokens":
      return running(curves, "num_tokens", (_, tokens) => tokens);
    case "minutes":
      return running(curves, "time/step", (minutes, seconds) => minutes + seconds / 60);
    default:
      axis satisfies never;
      throw new Error("unreachable");
  }
}

/** Goes on from row to row; a row that did not log the metric stands where the one before did. */
function running(curves: RunCurves, key: string, next: (before: number, value: number) => number): number[] {
  const column = curves.column(key);
  let now = 0;
  return curves.steps.map((_, i) => {
    if (column === undefined) return Number.NaN;
    if (!Number.isNaN(column[i]!)) now = next(now, column[i]!);
    return now;
  });
}

export interface MetricLines {
  /** As it was logged. */
  readonly raw: PlotLine;
  /** Smoothed; equal to `raw` without smoothing. */
  readonly line: PlotLine;
  /** Where the smoothed line ends. */
  readonly last: number;
}

/**
 * A metric of a run as lines; null if it was never logged.
 * @param smoothing half-life as a share of the run's steps, so that runs of other lengths read alike; 0 for none
 */
export function metricLines(curves: RunCurves, key: string, axis: Axis, smoothing: number): MetricLines | null {
  const y = curves.column(key);
  if (y === undefined || y.every(Number.isNaN)) return null;
  const x = axisValues(curves, axis);
  const span = (curves.steps.at(-1) ?? 0) - (curves.steps[0] ?? 0);
  const halfLife = smoothing * span;
  const smoothed = halfLife > 0 ? smooth(curves.steps, y, halfLife) : y;
  return { raw: { x, y }, line: { x, y: smoothed }, last: smoothed.findLast((value) => !Number.isNaN(value))! };
}

/** The same lines, moved along the axis. */
export function movedBy({ raw, line, last }: MetricLines, by: number): MetricLines {
  const moved = ({ x, y }: PlotLine): PlotLine => ({ x: x.map((value) => value + by), y });
  return raw === line ? { raw: moved(raw), line: moved(raw), last } : { raw: moved(raw), line: moved(line), last };
}

/** Where each run begins if each goes on where the one before it ended; one that is not known there takes no room. */
export function startsInRow(runs: readonly { readonly curves: RunCurves }[], axis: Axis): number[] {
  let at = 0;
  return runs.map(({ curves }) => {
    const start = at;
    at += axisValues(curves, axis).findLast((value) => !Number.isNaN(value)) ?? 0;
    return start;
  });
}

/**
 * The level that a metric is compared with, such as chance: that of the longest run which logged it, since runs that are
 * compared mostly share their problems; null if there is none.
 */
export function referenceLine(
  runs: readonly { readonly curves: RunCurves }[],
  spec: { readonly reference: string | null },
  axis: Axis,
): PlotLine | null {
  const { reference } = spec;
  if (reference === null) return null;
  const lines = [...runs]
    .sort((a, b) => (b.curves.steps.at(-1) ?? -1) - (a.curves.steps.at(-1) ?? -1))
    .map(({ curves }) => metricLines(curves, reference, axis, 0)?.line ?? null);
  return lines.find((line) => line !== null) ?? null;
}
