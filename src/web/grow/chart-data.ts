/** From the metrics of a run to what one chart draws. */
import type { AlignedData } from "uplot";
import type { ChartSpec, SeriesSpec } from "../../report/chart-specs.ts";
import { bucket, type Curves, smooth, thin } from "../lib/curves.ts";

/** Lines of one metric, in drawing order; each is a series of the plot. */
export const ROLES = ["high", "low", "raw", "line"] as const;
export type Role = (typeof ROLES)[number];

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface ChartData {
  /** x, then for each metric its `ROLES`. */
  readonly aligned: AlignedData;
  /** Value of each metric at each x, as the legend tells it: measured, not smoothed. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Where each metric stands at the run's end: the end of its line, so smoothed if that is, whatever is in view. */
  readonly ends: readonly (number | null)[];
  /** Whether a pixel stands for several steps. */
  readonly thinned: boolean;
  readonly x: readonly number[];
}

/** Metrics of `spec` that the run has logged. */
export function presentSeries(spec: ChartSpec, curves: Curves): SeriesSpec[] {
  return spec.series.filter((series) => curves.span(series.key) !== null);
}

/**
 * @param range steps in view
 * @param halfLife of the smoothing, in steps; 0 for none
 * @param buckets most points across
 */
export function chartData(
  series: readonly SeriesSpec[],
  curves: Curves,
  range: Range,
  halfLife: number,
  buckets: number,
): ChartData {
  const { steps } = curves;
  const thinned = thin(steps, range.from, range.to, buckets);
  const isThinned = thinned.from.length > 1 && thinned.from[1]! - thinned.from[0]! > 1;
  // A metric logged at few steps is drawn at those steps; the others must not cost it its place.
  const aligned: (number | null)[][] = [];
  const values: (number | null)[][] = [];
  const ends: (number | null)[] = [];
  for (const one of series) {
    const column = curves.column(one.key) ?? [];
    const raw = bucket(column, thinned);
    const smoothing = one.reference === true || one.sparse === true ? 0 : halfLife;
    const smoothed = smoothing > 0 ? smooth(steps, column, smoothing) : column;
    const line = smoothing > 0 ? bucket(smoothed, thinned).last : raw.mean;
    const empty = new Array<null>(raw.mean.length).fill(null);
    aligned.push(
      isThinned ? raw.high : empty,
      isThinned ? raw.low : empty,
      smoothing > 0 && !isThinned ? raw.mean : empty,
      line,
    );
    values.push(raw.mean);
    ends.push(smoothed.findLast((value) => !Number.isNaN(value)) ?? null);
  }
  return { aligned: [thinned.x, ...aligned] as AlignedData, values, ends, thinned: isThinned, x: thinned.x };
}

/** Ends of the y axis for values that reach from `low` to `high`. */
export function yRange(
  low: number | null,
  high: number | null,
  zero: boolean,
  top: number | undefined,
): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === 0 && high === 0) return [0, 1];
  const bottom = zero ? Math.min(0, low) : low;
  let span = high - bottom;
  if (span <= 0) span = Math.abs(high) || 1;
  const upper = high + span * 0.08;
  const capped = top !== undefined && upper > top && high <= top ? top * 1.02 : upper;
  return [bottom === 0 ? 0 : bottom - span * 0.08, capped];
}
