/** Small plots as SVG, several beside each other, for documents: points and lines on logarithmic or plain axes. */
import { escaped, FAINT, svg } from "../svg.ts";

export interface Series {
  readonly label: string;
  readonly color: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Default: logarithmic from the least to the largest value; linear goes from 0 to `top`. */
  readonly linear?: { readonly top: number };
  readonly series: readonly Series[];
}

const PANEL = { width: 320, height: 250, left: 58, right: 14, top: 46, bottom: 42 };

/** Panels in rows of `columns`, on white, so that it reads on any page. */
export function plot(panels: readonly Panel[], columns: number): string {
  const width = PANEL.width * Math.min(columns, panels.length);
  const height = PANEL.height * Math.ceil(panels.length / columns);
  const drawn = panels.map((panel, i) => {
    const at = `${PANEL.width * (i % columns)},${PANEL.height * Math.floor(i / columns)}`;
    return `<g transform="translate(${at})">${draw(panel)}</g>`;
  });
  const title = panels.map((panel) => panel.title).join(", ");
  return svg({ title, width, height, fontSize: 11 }, drawn);
}

function draw({ title, x, y, linear, series }: Panel): string {
  const points = series.flatMap((one) => one.points);
  const across = logarithmic(points.map((point) => point.x));
  const up = linear ? plain(linear.top) : logarithmic(points.map((point) => point.y));
  const right = PANEL.width - PANEL.right;
  const bottom = PANEL.height - PANEL.bottom;
  const px = (value: number): number => PANEL.left + across.at(value) * (right - PANEL.left);
  const py = (value: number): number => bottom - up.at(value) * (bottom - PANEL.top);
  const out = [`<text x="${PANEL.left}" y="16" font-weight="600">${escaped(title)}</text>`];
  for (const tick of across.ticks)
    out.push(
      line(px(tick), PANEL.top, px(tick), bottom, FAINT),
      `<text x="${fixed(px(tick))}" y="${bottom + 14}" text-anchor="middle">${short(tick)}</text>`,
    );
  for (const tick of up.ticks)
    out.push(
      line(PANEL.left, py(tick), right, py(tick), FAINT),
      `<text x="${PANEL.left - 5}" y="${fixed(py(tick) + 4)}" text-anchor="end">${short(tick)}</text>`,
    );
  out.push(
    `<text x="${(PANEL.left + right) / 2}" y="${PANEL.height - 8}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(12,${(PANEL.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
  );
  let legend = PANEL.left;
  for (const { label, color, points: own } of series) {
    const path = own.map((point) => `${fixed(px(point.x))},${fixed(py(point.y))}`).join(" ");
    out.push(`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>`);
    for (const point of own)
      out.push(`<circle cx="${fixed(px(point.x))}" cy="${fixed(py(point.y))}" r="2.5" fill="${color}"/>`);
    out.push(
      `<circle cx="${legend + 4}" cy="30" r="3.5" fill="${color}"/>`,
      `<text x="${legend + 11}" y="34">${escaped(label)}</text>`,
    );
    legend += 24 + 6 * label.length;
  }
  return out.join("\n");
}

interface Axis {
  /** 0..1 along the axis. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

function logarithmic(values: readonly number[]): Axis {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const room = Math.max(0.05, 0.04 * (high - low));
  const [from, to] = [low - room, high + room];
  const inside = (tick: number): boolean => Math.log10(tick) >= from && Math.log10(tick) <= to;
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, i) => 10 ** (Math.floor(from) + i));
  const steps = to - from > 2.2 ? [1] : to - from > 1.1 ? [1, 3] : [1, 2, 5];
  const ticks = decades.flatMap((decade) => steps.map((step) => step * decade)).filter(inside);
  return { at: (value) => (Math.log10(value) - from) / (to - from), ticks };
}

function plain(top: number): Axis {
  const step = top <= 2 ? 0.25 : top / 4;
  const ticks = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) => i * step);
  return { at: (value) => value / top, ticks };
}

function line(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${color}" stroke-width="0.7"/>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

/** 1500000 → 1.5M */
function short(value: number): string {
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  return String(Number(value.toPrecision(3)));
}
