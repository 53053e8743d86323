/** One chart: title, what it means, a legend that tells the values under the cursor, the plot. */
import { memo, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import type { ChartSpec, SeriesSpec, Stroke } from "../../report/chart-specs.ts";
import { axisNumbers, count } from "../../report/format.ts";
import { type Curves, lowerBound } from "../lib/curves.ts";
import type { Theme } from "../lib/theme.ts";
import { chartData, presentSeries, type Range, ROLES, yRange } from "./chart-data.ts";

export interface ChartProps {
  readonly spec: ChartSpec;
  readonly curves: Curves;
  /** Changes with the data of `curves`. */
  readonly version: number;
  /** Steps in view; null for all. */
  readonly range: Range | null;
  /** Half-life of the smoothing in steps. */
  readonly halfLife: number;
  readonly theme: Theme;
  readonly onZoom: (range: Range | null) => void;
}

const HEIGHT = 172;
const DASHES: Readonly<Record<Stroke, number[]>> = {
  main: [],
  right: [],
  wrong: [7, 4],
  quiet: [3, 4],
  second: [7, 4],
  third: [2, 3],
  fourth: [9, 3, 2, 3],
};

export const Chart = memo(function Chart({ spec, curves, version, range, halfLife, theme, onZoom }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const titleId = useId();
  const aboutId = useId();
  const [cursor, setCursor] = useState<number | null>(null);
  const [width, setWidth] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `curves` changes in place, `version` says when.
  const series = useMemo(() => presentSeries(spec, curves), [spec, curves, version]);
  const shape = series.map((one) => one.key).join(" ");
  const first = curves.steps[0] ?? 0;
  const last = Math.max(first + 1, curves.lastStep);
  const from = range?.from ?? first;
  const to = range?.to ?? last;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const data = useMemo(
    () => chartData(series, curves, { from, to }, halfLife, Math.max(60, Math.floor(width / 1.5))),
    [shape, curves, version, from, to, halfLife, width],
  );
  const latest = useRef({ data, from, to });
  latest.current = { data, from, to };

  const empty = series.length === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box is there once there is something to draw.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => observer.disconnect();
  }, [empty]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot only when its lines or colours change.
  useEffect(() => {
    const element = box.current;
    if (element === null || series.length === 0 || width === 0) return;
    const options = plotOptions(
      element,
      spec,
      series,
      width,
      () => latest.current,
      setCursor,
      (next) => zoom.current(next),
    );
    const made = new uPlot(options, latest.current.data.aligned, element);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [spec, shape, theme, width === 0]);

  useEffect(() => {
    plot.current?.setData(data.aligned, true);
  }, [data]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);

  const at = cursor === null || cursor >= data.x.length ? null : cursor;
  const main = series[0];
  const span = main === undefined ? null : curves.span(main.key);
  const readings = series.map((one, i) => {
    const value = at === null ? (data.ends[i] ?? null) : near(data.values[i]!, at, one.sparse === true);
    return { one, text: value === null ? "–" : spec.format(value) };
  });
  const stepText = at === null ? (curves.length === 0 ? "" : `step ${curves.lastStep}`) : `step ${data.x[at]}`;

  const move = (event: React.KeyboardEvent): void => {
    const size = data.x.length;
    if (size === 0) return;
    const here = at ?? size - 1;
    const page = Math.max(1, Math.round(size / 10));
    const next = {
      ArrowLeft: here - 1,
      ArrowRight: here + 1,
      ArrowDown: here - 1,
      ArrowUp: here + 1,
      PageDown: here - page,
      PageUp: here + page,
      Home: 0,
      End: size - 1,
    }[event.key];
    if (next === undefined) {
      if (event.key === "Escape") clear();
      return;
    }
    event.preventDefault();
    const index = Math.min(size - 1, Math.max(0, next));
    setCursor(index);
    const u = plot.current;
    if (u !== null) u.setCursor({ left: u.valToPos(data.x[index]!, "x"), top: 0 });
  };
  const clear = (): void => {
    setCursor(null);
    plot.current?.setCursor({ left: -10, top: -10 });
  };

  return (
    <section className="chart card" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>{spec.title}</h3>
        {span !== null && (
          <p className="chart-now">
            <strong>{spec.format(data.ends[0] ?? span.last)}</strong>
            {span.count > 1 && <span className="chart-was"> from {spec.format(span.first)}</span>}
          </p>
        )}
        {spec.about !== "" && (
          <p className="chart-about" id={aboutId}>
            {spec.about}
          </p>
        )}
      </header>
      {empty ? (
        <div className="chart-empty">Not measured so far.</div>
      ) : (
        <div
          className="chart-plot"
          role="slider"
          tabIndex={0}
          aria-labelledby={titleId}
          aria-describedby={aboutId}
          aria-valuemin={data.x[0] ?? 0}
          aria-valuemax={data.x.at(-1) ?? 0}
          aria-valuenow={at === null ? (data.x.at(-1) ?? 0) : data.x[at]!}
          aria-valuetext={`${stepText}: ${readings.map(({ one, text }) => `${one.label} ${text}`).join(", ")}`}
          onKeyDown={move}
          onBlur={clear}
          data-points={span?.count ?? 0}
        >
          <div ref={box} />
          {at !== null && (
            <span className="chart-step" aria-hidden="true" style={{ left: chipPosition(plot.current, data.x[at]!) }}>
              {count(data.x[at]!)}
            </span>
          )}
        </div>
      )}
      {!empty && (
        <ul className="legend" aria-hidden="true">
          {readings.map(({ one, text }) => (
            <li key={one.key}>
              <Swatch stroke={one.stroke} />
              {one.label} <b>{text}</b>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
});

/** Where the step of the cursor is told: below it, inside the plot. */
function chipPosition(u: uPlot | null, step: number): number {
  if (u === null) return 0;
  const left = (u.over.offsetLeft || 0) + u.valToPos(step, "x");
  return Math.min(u.width - 28, Math.max(28, left));
}

function Swatch({ stroke }: { readonly stroke: Stroke }) {
  return (
    <svg className={`swatch stroke-${stroke}`} width="20" height="8" aria-hidden="true">
      <line x1="1" y1="4" x2="19" y2="4" strokeDasharray={DASHES[stroke].join(" ")} />
    </svg>
  );
}

/** The value at an index; for a metric logged now and then, the last one before. */
function near(values: readonly (number | null)[], index: number, sparse: boolean): number | null {
  for (let i = index; i >= 0; i--) {
    const value = values[i] ?? null;
    if (value !== null || !sparse) return value;
  }
  return null;
}

/** A colour of the style sheet, as the canvas needs it. */
function color(element: HTMLElement, name: string, alpha = 1): string {
  const probe = document.createElement("span");
  probe.style.color = `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function plotOptions(
  element: HTMLElement,
  spec: ChartSpec,
  series: readonly SeriesSpec[],
  width: number,
  now: () => { readonly data: ReturnType<typeof chartData>; readonly from: number; readonly to: number },
  onCursor: (index: number | null) => void,
  onZoom: (range: Range | null) => void,
): uPlot.Options {
  const ink = color(element, "--ink-faint");
  const grid = color(element, "--rule");
  const font = `11.5px ${getComputedStyle(element).fontFamily}`;
  const axisTexts = (marks: readonly number[]): string[] =>
    spec.top === 1 ? axisNumbers(marks.map((mark) => mark * 100)).map((text) => `${text}%`) : axisNumbers(marks);
  const lines: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const one of series) {
    const base = lines.length;
    const stroke = `--line-${one.stroke}`;
    const strong = color(element, stroke);
    const faint = color(element, stroke, 0.3);
    bands.push({ series: [base, base + 1], fill: color(element, stroke, 0.14) });
    const points: uPlot.Series.Points = {
      show: (u, index) => index === base + 3 && one.reference !== true && shown(u, index) <= 60,
      size: 5,
      fill: strong,
      stroke: strong,
    };
    const none: uPlot.Series.Points = { show: false };
    lines.push(
      { width: 0, stroke: "transparent", points: none },
      { width: 0, stroke: "transparent", points: none },
      { width: 1, stroke: faint, points: none, spanGaps: true },
      { width: one.reference ? 1.5 : 2, stroke: strong, dash: DASHES[one.stroke], points, spanGaps: true },
    );
  }
  return {
    width,
    height: HEIGHT,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    series: lines,
    bands,
    scales: {
      x: { time: false, range: () => [now().from, now().to] },
      y: { range: (_u, low, high) => yRange(low, high, spec.zero, spec.top) },
    },
    axes: [
      {
        stroke: ink,
        font,
        grid: { show: false },
        values: (_u, splits) => axisNumbers(splits),
        ticks: { show: false },
        size: 28,
        gap: 6,
        space: 60,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000],
      },
      {
        stroke: ink,
        font,
        grid: { stroke: grid, width: 1 },
        ticks: { show: false },
        size: (_u, values) => 14 + 6.8 * Math.max(4, ...(values ?? []).map((text) => text.length)),
        gap: 6,
        space: 28,
        values: (_u, splits) => axisTexts(splits),
      },
    ],
    cursor: {
      sync: { key: "reckon", setSeries: false, scales: ["x", null] },
      y: false,
      // Only the last line of each metric gets a dot.
      points: { size: (_u, index) => (index % ROLES.length === 0 ? 8 : 0), width: 0 },
      drag: { x: true, y: false, setScale: false },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    hooks: {
      setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          const from = Math.floor(u.posToVal(u.select.left, "x"));
          const to = Math.ceil(u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          const { x } = now().data;
          if (to > from && lowerBound(x, to) - lowerBound(x, from) >= 1) onZoom({ from, to });
        },
      ],
      ready: [(u) => u.over.addEventListener("dblclick", () => onZoom(null))],
    },
  };
}

function shown(u: uPlot, index: number): number {
  let count = 0;
  for (const value of u.data[index]!) if (value !== null && value !== undefined) count++;
  return count;
}
