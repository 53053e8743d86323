/**
 * Power laws through measured points: y = constant · x^exponent, least squares on logarithms, with an interval, and
 * where the line bends, if it does.
 *
 * Points have no errors of their own here, so the interval says how far they are from a straight line.
 */

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
  /** Set where two lines that meet fit better (by more than 2 of BIC) than one. */
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
    bend: bend(logs, rest),
  };
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

/** Two lines that meet at one of the inner points or halfway between two points; at least two points on each side. */
function bend(logs: readonly XY[], straight: number): PowerLaw["bend"] {
  const n = logs.length;
  if (n < 5) return null;
  const xs = logs.map(({ x }) => x).sort((a, b) => a - b);
  let best: { at: number; before: number; after: number; rest: number } | undefined;
  for (let i = 1; i + 1 < n; i++) {
    for (const at of i + 2 < n ? [xs[i]!, (xs[i]! + xs[i + 1]!) / 2] : [xs[i]!]) {
      const found = hinge(logs, at);
      if (!best || found.rest < best.rest) best = { at, ...found };
    }
  }
  // Below this a residual is rounding.
  const floor = 1e-12;
  const gain = n * Math.log(Math.max(straight, floor) / Math.max(best!.rest, floor)) - 2 * Math.log(n);
  if (gain <= 2) return null;
  return { x: Math.exp(best!.at), before: best!.before, after: best!.after };
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
