/**
 * Where a curve of the growth bends: the exponents between neighbouring points beside that of the whole fit.
 *
 * It bends where the two differ by more than `CLEAR` and by more than twice what the noise allows. Noise of the time is
 * that of a point's rounds, pooled over the curve; of the memory, what the empty processes differ by. Neighbouring pieces
 * that differ to the same side are one bend. The causes are found in growth-causes.ts.
 */
import { exponentOf, type PowerLaw } from "./fit.ts";
import { type GrowthPoint, type GrowthResult, memoryOf } from "./growth.ts";

/** From one point to the next. */
export interface Piece {
  readonly from: GrowthPoint;
  readonly to: GrowthPoint;
  readonly time: LocalExponent;
  readonly memory: LocalExponent;
}

export interface LocalExponent {
  readonly exponent: number;
  /** −1 or 1 where it is clearly below or above the fit's, 0 where it is not; null where there are too few rounds to say. */
  readonly side: -1 | 0 | 1 | null;
}

export type Quantity = "time" | "memory";

export interface Bend {
  readonly of: Quantity;
  readonly from: GrowthPoint;
  readonly to: GrowthPoint;
  /** Exponents between these points, and of the whole curve. */
  readonly exponent: number;
  readonly fit: number;
}

export interface Curve {
  readonly kind: GrowthPoint["kind"];
  readonly axis: GrowthPoint["axis"];
  readonly time: PowerLaw;
  readonly memory: PowerLaw;
  readonly points: readonly GrowthPoint[];
  readonly pieces: readonly Piece[];
  readonly bends: readonly Bend[];
}

/** A smaller difference of exponents is not called a bend, however sure it is. */
export const CLEAR = 0.15;
/** Standard error of a median over that of a mean, for many values. */
const MEDIAN = Math.sqrt(Math.PI / 2);
/** Deviations that a noise is taken from, at least. */
const LEAST_FREEDOM = 3;

export function curvesOf(growth: GrowthResult): Curve[] {
  return growth.fits.map(({ kind, axis, time, memory }) => {
    const points = growth.ours.filter((point) => point.kind === kind && point.axis === axis);
    const noise = { time: timeNoise(points), memory: memoryNoise(growth.ours) };
    const pieces = points.slice(1).map((to, i): Piece => {
      const from = points[i]!;
      return {
        from,
        to,
        time: local([from, to], quantity("time"), time.exponent, noise.time),
        memory: local([from, to], quantity("memory"), memory.exponent, noise.memory),
      };
    });
    const bends = [...bendsOf("time", pieces, time.exponent), ...bendsOf("memory", pieces, memory.exponent)];
    return { kind, axis, time, memory, points, pieces, bends };
  });
}

export function quantity(of: Quantity): (point: GrowthPoint) => number {
  return of === "time" ? ({ ms }) => ms : memoryOf;
}

/** The exponent by which something grows from one point to another. */
export function between(points: readonly GrowthPoint[], of: (point: GrowthPoint) => number): number {
  return exponentOf(points.map((point) => ({ x: point.x, y: of(point) })));
}

/** Relative standard error of a point; null where it is not known. */
type Noise = ((point: GrowthPoint) => number) | null;

function local(
  points: readonly [GrowthPoint, GrowthPoint],
  of: (point: GrowthPoint) => number,
  fit: number,
  noise: Noise,
): LocalExponent {
  const exponent = between(points, of);
  if (noise === null) return { exponent, side: null };
  const [from, to] = points;
  const error = Math.hypot(noise(from), noise(to)) / Math.log(to.x / from.x);
  const apart = exponent - fit;
  return { exponent, side: Math.abs(apart) > Math.max(CLEAR, 2 * error) ? (apart < 0 ? -1 : 1) : 0 };
}

function timeNoise(points: readonly GrowthPoint[]): Noise {
  let [squares, freedom] = [0, 0];
  for (const { rounds } of points) {
    const logs = rounds.map((wall) => Math.log(wall));
    squares += squaresOf(logs);
    freedom += Math.max(0, logs.length - 1);
  }
  if (freedom < LEAST_FREEDOM) return null;
  const deviation = Math.sqrt(squares / freedom);
  return ({ rounds }) => (rounds.length > 2 ? MEDIAN : 1) * (deviation / Math.sqrt(rounds.length));
}

/** A point's memory is one measurement, of two peaks in whole MiB. */
function memoryNoise(every: readonly GrowthPoint[]): Noise {
  if (every.length - 1 < LEAST_FREEDOM) return null;
  const deviation = Math.max(1, Math.sqrt(squaresOf(every.map((point) => point.baseMiB)) / (every.length - 1)));
  return (point) => (Math.SQRT2 * deviation) / memoryOf(point);
}

function squaresOf(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function bendsOf(of: Quantity, pieces: readonly Piece[], fit: number): Bend[] {
  const runs: Piece[][] = [];
  let last: LocalExponent["side"] = 0;
  for (const piece of pieces) {
    const { side } = piece[of];
    if (side === -1 || side === 1) {
      if (side === last) runs.at(-1)!.push(piece);
      else runs.push([piece]);
    }
    last = side;
  }
  return runs.map((run) => {
    const [from, to] = [run[0]!.from, run.at(-1)!.to];
    return { of, from, to, exponent: between([from, to], quantity(of)), fit };
  });
}
