/**
 * Lines of any number of runs in one frame, as the attributes of an SVG: scales, marks of the axes, paths. Pure arithmetic,
 * so that the studio draws with it in React and a report in plain text.
 *
 * A path never has more than a few points a pixel: of the values that fall on one column of pixels the first, the least, the
 * greatest and the last are kept, so that no spike vanishes. Left out: interaction, and any library.
 */

export interface PlotLine {
  /** Ascending; NaN where a value has no place on the axis. */
  readonly x: readonly number[];
  /** NaN where nothing was logged. */
  readonly y: readonly number[];
}

export interface PlotShape {
  readonly width: number;
  readonly height: number;
  /** The y axis begins at zero unless the values go below. */
  readonly zero: boolean;
  /** Greatest value the y axis may end at, for shares. */
  readonly top?: number | undefined;
}

export interface Mark {
  readonly value: number;
  /** Pixels along its axis. */
  readonly at: number;
}

export interface Plot {
  /** The frame in which lines are drawn, in pixels from the top left. */
  readonly left: number;
  readonly right: number;
  readonly upper: number;
  readonly lower: number;
  readonly toX: (value: number) => number;
  readonly toY: (value: number) => number;
  /** The value of the x axis at a pixel. */
  readonly fromX: (pixel: number) => number;
  readonly xMarks: readonly Mark[];
  readonly yMarks: readonly Mark[];
  /** `d` of a path. */
  path(line: PlotLine): string;
}

const LEFT = 46;
const RIGHT = 10;
const UPPER = 8;
const LOWER = 24;

/** Lays out a plot in which all of `lines` are wholly seen; null if none of them has a point. */
export function layOutPlot(lines: readonly PlotLine[], shape: PlotShape): Plot | null {
  const x = extent(lines.map((line) => line.x.filter((value, i) => !Number.isNaN(value) && has(line, i))));
  const y = extent(lines.map((line) => line.y.filter((_, i) => has(line, i))));
  if (x === null || y === null) return null;
  const [low, high] = yEnds(y, shape);
  const [first, last] = x[1] > x[0] ? x : [x[0] - 0.5, x[0] + 0.5];
  const [left, right, upper, lower] = [LEFT, shape.width - RIGHT, UPPER, shape.height - LOWER];
  const toX = (value: number): number => left + ((value - first) / (last - first)) * (right - left);
  const toY = (value: number): number => lower - ((value - low) / (high - low)) * (lower - upper);
  const marks = (values: readonly number[], to: (value: number) => number): Mark[] =>
    values.map((value) => ({ value, at: to(value) }));
  return {
    left,
    right,
    upper,
    lower,
    toX,
    toY,
    fromX: (pixel) => first + ((pixel - left) / (right - left)) * (last - first),
    xMarks: marks(niceMarks(first, last, Math.max(2, Math.floor((right - left) / 70))), toX),
    yMarks: marks(niceMarks(low, high, Math.max(2, Math.floor((lower - upper) / 26))), toY),
    path: (line) => pathOf(line, toX, toY),
  };
}

/** Round values between two ends (1, 2 or 5 times a power of ten apart), at most about `most`. */
export function niceMarks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const gap = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999) ?? power * 10;
  const marks: number[] = [];
  for (let i = Math.ceil(low / gap - 1e-9); i * gap <= high + gap * 1e-9; i++)
    marks.push(Number((i * gap).toPrecision(12)) + 0);
  return marks;
}

/** Index of the point of a line that is nearest to `x`; -1 if it has none. */
export function nearest(line: PlotLine, x: number): number {
  let best = -1;
  let distance = Number.POSITIVE_INFINITY;
  for (let i = 0; i < line.x.length; i++) {
    if (!has(line, i)) continue;
    const away = Math.abs(line.x[i]! - x);
    if (away > distance) break;
    best = i;
    distance = away;
  }
  return best;
}

function has(line: PlotLine, i: number): boolean {
  return !Number.isNaN(line.y[i]!) && !Number.isNaN(line.x[i]!);
}

function extent(lists: readonly (readonly number[])[]): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

function yEnds([low, high]: readonly [number, number], { zero, top }: PlotShape): [number, number] {
  const bottom = zero ? Math.min(0, low) : low;
  const span = high - bottom || Math.abs(high) || 1;
  const upper = high + span * 0.06;
  const end = top !== undefined && upper > top && high <= top ? top : upper;
  return [bottom === 0 ? 0 : bottom - span * 0.06, end];
}

function pathOf(line: PlotLine, toX: (value: number) => number, toY: (value: number) => number): string {
  const out: string[] = [];
  const put = (i: number): void => {
    out.push(`${out.length === 0 ? "M" : "L"}${toX(line.x[i]!).toFixed(1)} ${toY(line.y[i]!).toFixed(1)}`);
  };
  let column: number[] = [];
  let pixel = Number.NaN;
  const flush = (): void => {
    if (column.length <= 4) column.forEach(put);
    else {
      const y = (i: number): number => line.y[i]!;
      const least = column.reduce((a, b) => (y(b) < y(a) ? b : a));
      const greatest = column.reduce((a, b) => (y(b) > y(a) ? b : a));
      const kept = new Set([column[0]!, least, greatest, column.at(-1)!]);
      for (const i of [...kept].sort((a, b) => a - b)) put(i);
    }
    column = [];
  };
  for (let i = 0; i < line.x.length; i++) {
    if (!has(line, i)) continue;
    const at = Math.floor(toX(line.x[i]!));
    if (at !== pixel) flush();
    pixel = at;
    column.push(i);
  }
  flush();
  return out.join("");
}
