/** Small statistics over plain arrays: means, quantiles, rank correlation, intervals by bootstrap. */
import { assert } from "./errors.ts";
import type { Random } from "./random.ts";

/** Mean of a list; 0 of an empty one. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Quantile by linear interpolation between order statistics (Hyndman & Fan 1996, type 7); NaN of an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const [a, b] = [sorted[low], sorted[Math.min(low + 1, sorted.length - 1)]];
  return a === undefined || b === undefined ? Number.NaN : a + (b - a) * (at - low);
}

/** The middle value, or the mean of the two middle ones; NaN of an empty list. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const out = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let k = from; k < to; k++) out[order[k]!] = (from + 1 + to) / 2;
    from = to;
  }
  return out;
}

/** Pearson's correlation; NaN where one side does not vary. */
export function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i]! - mx) * (y[i]! - my);
    xx += (x[i]! - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Spearman's rank correlation; NaN where one side does not vary. */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  return correlation(ranks(x), ranks(y));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap interval (Efron 1979) of a statistic of several groups of units: groups (seeds, say) are drawn
 * with replacement, then units (problems) within each; with one group only its units.
 * @param sizes units of each group
 * @param statistic of a resample: for each drawn group its number and the numbers of its drawn units
 * @param options.shared the units of all groups are the same ones (one list of problems, solved by every seed): a resample
 * draws them once for all. Drawn for each group by themselves, their chances would cancel out that in truth do not.
 * Default false
 */
export function bootstrap(
  sizes: readonly number[],
  statistic: (groups: readonly { readonly group: number; readonly units: Uint32Array }[]) => number,
  random: Random,
  { resamples = 1000, level = 0.95, shared = false } = {},
): Interval {
  assert(!shared || sizes.every((size) => size === sizes[0]), "groups that share their units have as many of them");
  const draw = (size: number): Uint32Array => Uint32Array.from({ length: size }, () => random.int(0, size - 1));
  const values = Array.from({ length: resamples }, () => {
    const common = shared ? draw(sizes[0] ?? 0) : null;
    return statistic(
      sizes.map((_, g) => {
        const group = sizes.length === 1 ? g : random.int(0, sizes.length - 1);
        return { group, units: common ?? draw(sizes[group]!) };
      }),
    );
  });
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

/** Mean of a few values, and the standard error of that mean (n − 1); NaN of fewer than two. */
export function meanError(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const middle = mean(values);
  if (values.length < 2) return { mean: middle, error: Number.NaN };
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return { mean: middle, error: Math.sqrt(variance / values.length) };
}

/** A list in at most so many parts of equal length, the last one perhaps shorter. */
export function inParts<T>(list: readonly T[], count: number): T[][] {
  return inPartsOf(list, Math.max(1, Math.ceil(list.length / count)));
}

/** A list in parts of so many, the last one perhaps shorter. */
export function inPartsOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
