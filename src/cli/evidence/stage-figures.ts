/** Figures of the parts over stages, from records alone. */
import { type Interval, mean } from "../../util/statistics.ts";
import { type Pair, pairedDifference, rate } from "./figures.ts";
import type { Measurement } from "./record.ts";

/** The value of a problem in a measurement; null where it has none. */
export type Value = (measurement: Measurement, problem: number) => number | null;

export const language: Value = ({ traits }, problem) => traits!.language[problem]!;
export const format: Value = ({ traits }, problem) => traits!.format[problem]!;
export const thinking: Value = ({ traits }, problem) => traits!.thinking[problem]!;
export const spent: Value = ({ tokens }, problem) => tokens[problem]!;
/** Of a measurement of instructions. */
export const followed: Value = ({ traits }, problem) => traits!.followed![problem]!;

/** Mean over the problems that have the value; NaN where none has. */
export function meanValue(measurement: Measurement, value: Value, at?: readonly number[]): number {
  const places = at ?? [...measurement.right.keys()];
  const known = places.flatMap((problem) => value(measurement, problem) ?? []);
  return known.length === 0 ? Number.NaN : mean(known);
}

export interface Difference {
  readonly a: number;
  readonly b: number;
  readonly low: number;
  readonly high: number;
}

/** How two measurements of the same problems differ, seed by seed, on the problems that have the value in all of them. */
export function difference(
  seeds: readonly (readonly [a: Measurement, b: Measurement])[],
  value: Value,
  key: string,
  at?: readonly number[],
): Difference {
  const places = at ?? [...(seeds[0]?.[0].right.keys() ?? [])];
  const known = places.filter((problem) => seeds.every((pair) => pair.every((m) => value(m, problem) !== null)));
  if (known.length === 0) return { a: Number.NaN, b: Number.NaN, low: Number.NaN, high: Number.NaN };
  const pairs = seeds.map(
    ([a, b]): Pair => ({ a: (problem) => value(a, problem)!, b: (problem) => value(b, problem)! }),
  );
  const { a, b, interval } = pairedDifference(known, pairs, key);
  return { a, b, ...interval };
}

/** Mean over the problems that have the value in all seeds, with its 95 % interval by bootstrap over seeds and problems. */
export function meanInterval(
  seeds: readonly Measurement[],
  value: Value,
  key: string,
  at?: readonly number[],
): { readonly mean: number } & Interval {
  const places = at ?? [...(seeds[0]?.right.keys() ?? [])];
  const known = places.filter((problem) => seeds.every((m) => value(m, problem) !== null));
  if (known.length === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  const pairs = seeds.map((m): Pair => ({ a: (problem) => value(m, problem)!, b: () => 0 }));
  const { a, interval } = pairedDifference(known, pairs, key);
  return { mean: a, ...interval };
}

/** Standard error of the difference between two measurements' shares of right answers, paired by problem. */
export function pairedError(a: Measurement, b: Measurement): number {
  const gaps = a.right.map((_, problem) => rate(a, problem) - rate(b, problem));
  const middle = mean(gaps);
  const variance = mean(gaps.map((gap) => (gap - middle) ** 2));
  return Math.sqrt(variance / Math.max(1, gaps.length - 1));
}

/** A figure with its sign, to one digit; a dash where there is none. */
export const signed = (x: number): string =>
  Number.isFinite(x) ? `${x >= 0 ? "+" : "−"}${Math.abs(x).toFixed(1)}` : "–";

export const points = (x: number): string => signed(100 * x);

/** A difference in points with its interval. */
export function pointsWithInterval({ a, b, low, high }: Difference): string {
  return `${points(a - b)} (${points(low)} to ${points(high)})`;
}

/** Operations for people, and a dash where they are not known. */
export const operations = (flops: number): string => (Number.isFinite(flops) ? flops.toExponential(2) : "–");
