/**
 * Power laws through measured points: y = constant · x^exponent, least squares on logarithms, with an interval, and
 * where the line bends, if it does.
 *
 * Points have no errors of their own here, so the interval says how far they are from a straight line. Two lines that
 * meet always fit better than one; it is called a bend when they do so more than for 19 of 20 straight lines with noise,
 * drawn at the same x (the gain depends on neither slope nor size of the noise, so that any will do).
 */
import { Random } from "../../util/random.ts";

/** A measured point; both positive. */
export interface XY {
  readonly x: number;
  readonly y: number;
}

export interface PowerLaw {
  readonly exponent: number;
  /** 95 %, by Student's t; null for fewer than three points. */
  readonly interval: readonly [number, number] | null;
  readonly constant: number;
  /** Exponents before and after; null where there is none, or fewer than six points. */
  readonly bend: { readonly x: number; readonly before: number; readonly after: number } | null;
}

/** Student's t at 97.5 % for 1, 2, … degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** @param points at least two, with different x */
export function powerLaw(points: readonly XY[]): PowerLaw {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const n = logs.length;
  const { slope, intercept, rest, spread } = line(logs);
  const freedom = n - 2;
  const half = (STUDENT[freedom - 1] ?? 1.96) * Math.sqrt(rest / freedom / spread);
  return {
    exponent: slope,
    interval: freedom < 1 ? null : [slope - half, slope + half],
    constant: Math.exp(intercept),
    bend: bend(logs),
  };
}

/** The exponent alone. It is linear in the logarithms, so those of factors add up to that of their product. */
export function exponentOf(points: readonly XY[]): number {
  return line(points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }))).slope;
}

/** y = fixed + each · x, and how many times less of the logarithms it leaves than the power law does. */
export interface FixedPart {
  readonly fixed: number;
  readonly each: number;
  readonly gain: number;
}

/** Least squares of relative errors; null where no positive fixed part and growth come out, or for fewer than four points. */
export function fixedPart(points: readonly XY[]): FixedPart | null {
  if (points.length < 4) return null;
  const sum = (of: (point: XY) => number): number => points.reduce((total, point) => total + of(point), 0);
  const [w, wx, wxx] = [0, 1, 2].map((power) => sum(({ x, y }) => x ** power / y ** 2)) as [number, number, number];
  const [wy, wxy] = [sum(({ y }) => 1 / y), sum(({ x, y }) => x / y)];
  const determinant = w * wxx - wx * wx;
  const fixed = (wy * wxx - wxy * wx) / determinant;
  const each = (w * wxy - wx * wy) / determinant;
  if (!(fixed > 0 && each > 0)) return null;
  const rest = sum(({ x, y }) => Math.log(y / (fixed + each * x)) ** 2);
  const straight = line(points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }))).rest;
  return { fixed, each, gain: straight / Math.max(rest, EXACT) };
}

function line(logs: readonly XY[]): { slope: number; intercept: number; rest: number; spread: number } {
  const n = logs.length;
  const mx = logs.reduce((sum, { x }) => sum + x, 0) / n;
  const my = logs.reduce((sum, { y }) => sum + y, 0) / n;
  const spread = logs.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
  const slope = logs.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / spread;
  const intercept = my - slope * mx;
  const rest = logs.reduce((sum, { x, y }) => sum + (y - intercept - slope * x) ** 2, 0);
  return { slope, intercept, rest, spread };
}

const LEAST_POINTS = 6;
const DRAWS = 400;
/** Where points lie on a straight line to this many parts, what is left is rounding. */
const EXACT = 1e-20;

function bend(logs: readonly XY[]): PowerLaw["bend"] {
  if (logs.length < LEAST_POINTS || line(logs).rest < EXACT) return null;
  const best = bestHinge(logs);
  let straighter = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const random = Random.of(1, "bend", draw);
    if (bestHinge(logs.map(({ x }) => ({ x, y: random.normal() }))).gain < best.gain) straighter++;
  }
  if (straighter < 0.95 * DRAWS) return null;
  return { x: Math.exp(best.at), before: best.before, after: best.after };
}

/** Two lines that meet at an inner point or halfway between two; `gain`: how many times less is left than by one line. */
function bestHinge(logs: readonly XY[]): { at: number; before: number; after: number; gain: number } {
  const straight = line(logs).rest;
  const xs = logs.map(({ x }) => x).sort((a, b) => a - b);
  let best: { at: number; before: number; after: number; rest: number } | undefined;
  for (let i = 1; i + 1 < xs.length; i++) {
    for (const at of i + 2 < xs.length ? [xs[i]!, (xs[i]! + xs[i + 1]!) / 2] : [xs[i]!]) {
      const found = hinge(logs, at);
      if (!best || found.rest < best.rest) best = { at, ...found };
    }
  }
  return { ...best!, gain: straight / Math.max(best!.rest, EXACT) };
}

/** Least squares of y = a + b·x + c·max(0, x − at), by the normal equations. */
function hinge(logs: readonly XY[], at: number): { before: number; after: number; rest: number } {
  const rows = logs.map(({ x, y }) => ({ f: [1, x - at, Math.max(0, x - at)], y }));
  const m = [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) => rows.reduce((sum, { f }) => sum + f[i]! * f[j]!, 0)),
    rows.reduce((sum, { f, y }) => sum + f[i]! * y, 0),
  ]);
  for (let i = 0; i < 3; i++) {
    const pivot = m.slice(i).reduce((a, b) => (Math.abs(b[i]!) > Math.abs(a[i]!) ? b : a));
    const k = m.indexOf(pivot);
    [m[i], m[k]] = [m[k]!, m[i]!];
    for (let j = 0; j < 3; j++) {
      if (j === i) continue;
      const factor = m[j]![i]! / m[i]![i]!;
      m[j] = m[j]!.map((value, c) => value - factor * m[i]![c]!);
    }
  }
  const [a, b, c] = [0, 1, 2].map((i) => m[i]![3]! / m[i]![i]!) as [number, number, number];
  const rest = rows.reduce((sum, { f, y }) => sum + (y - a - b * f[1]! - c * f[2]!) ** 2, 0);
  return { before: b, after: b + c, rest };
}
