/** One metric of several runs in one frame: smoothed lines, what was logged faint behind them, and a legend with values. */
import { memo, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { MetricSpec } from "../../report/chart-specs.ts";
import { axisNumbers, count, number } from "../../report/format.ts";
import { layOutPlot, nearest, type Plot } from "../../report/plot.ts";
import {
  type Axis,
  type MetricLines,
  metricLines,
  movedBy,
  referenceLine,
  startsInRow,
} from "../../report/run-curves.ts";
import { RunLabel, useLook } from "./run-label.tsx";
import type { ComparedRun } from "./use-compared.ts";

const HEIGHT = 196;

export interface OverlayChartProps {
  readonly spec: MetricSpec;
  readonly runs: readonly ComparedRun[];
  /** Changes with the data of the runs. */
  readonly version: string;
  readonly axis: Axis;
  /** Half-life as a share of the run; 0 for none. */
  readonly smoothing: number;
  /** Each run goes on where the one before it ended, instead of over it. */
  readonly inRow: boolean;
}

export const OverlayChart = memo(function OverlayChart(props: OverlayChartProps) {
  const { spec, runs, version, axis, smoothing, inRow } = props;
  const [box, width] = useWidth();
  const titleId = useId();
  const [cursor, setCursor] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: curves change in place, `version` says when.
  const starts = useMemo(() => (inRow ? startsInRow(runs, axis) : []), [runs, version, axis, inRow]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const drawn = useMemo(
    () =>
      runs.map(({ name, curves }, i) => {
        const lines = metricLines(curves, spec.key, axis, spec.sparse ? 0 : smoothing);
        return { name, lines: lines && movedBy(lines, starts[i] ?? 0) };
      }),
    [runs, version, spec, axis, smoothing, starts],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  const references = useMemo(() => {
    if (!inRow || spec.reference === null) return [referenceLine(runs, spec, axis)].filter((line) => line !== null);
    const own = runs.map(({ curves }) => metricLines(curves, spec.reference!, axis, 0));
    return own.flatMap((lines, i) => (lines === null ? [] : [movedBy(lines, starts[i]!).line]));
  }, [runs, version, spec, axis, inRow, starts]);
  const present = drawn.filter((one): one is Drawn => one.lines !== null);
  const plot = useMemo(() => {
    const logged = drawn.flatMap(({ lines }) => (lines === null ? [] : [lines.raw]));
    return width === 0 ? null : layOutPlot(logged, { width, height: HEIGHT, zero: spec.zero, top: spec.top });
  }, [drawn, width, spec]);

  const move = (event: React.KeyboardEvent): void => {
    if (plot === null) return;
    const size = plot.right - plot.left;
    const here = cursor ?? plot.right;
    const next = {
      ArrowLeft: here - size / 100,
      ArrowDown: here - size / 100,
      ArrowRight: here + size / 100,
      ArrowUp: here + size / 100,
      PageDown: here - size / 10,
      PageUp: here + size / 10,
      Home: plot.left,
      End: plot.right,
    }[event.key];
    if (event.key === "Escape") setCursor(null);
    if (next === undefined) return;
    event.preventDefault();
    setCursor(Math.min(plot.right, Math.max(plot.left, next)));
  };

  const at = plot === null || cursor === null ? null : plot.fromX(cursor);
  const readings = drawn.map(({ name, lines }) => ({ name, text: reading(lines, at, spec, inRow) }));
  const where = at === null ? "at the end" : `${AXIS_WORDS[axis]} ${axis === "step" ? count(at) : number(at)}`;
  return (
    <section className="chart overlay card" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>{spec.title}</h3>
        <p className="overlay-where" aria-hidden="true">
          {where}
        </p>
        {spec.about !== "" && <p className="chart-about">{spec.about}</p>}
      </header>
      <div ref={box} className="overlay-box">
        {plot === null && width > 0 && (
          <div className="chart-empty">
            {present.length === 0 ? "None of these runs has logged it." : `It has no values by ${AXIS_WORDS[axis]}.`}
          </div>
        )}
        {plot !== null && (
          <div
            className="overlay-plot"
            role="slider"
            tabIndex={0}
            aria-labelledby={titleId}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={cursor === null ? 100 : Math.round(((cursor - plot.left) / (plot.right - plot.left)) * 100)}
            aria-valuetext={`${where}: ${readings.map(({ name, text }) => `${name} ${text}`).join(", ")}`}
            onKeyDown={move}
            onBlur={() => setCursor(null)}
            onPointerMove={(event) => {
              const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
              setCursor(Math.min(plot.right, Math.max(plot.left, x)));
            }}
            onPointerLeave={() => setCursor(null)}
          >
            <svg width={width} height={HEIGHT} aria-hidden="true">
              <Axes plot={plot} share={spec.top === 1} />
              {references.map((line) => (
                <path key={line.x[0]} className="plot-reference" d={plot.path(line)} />
              ))}
              {present.map(({ name, lines }) => (
                <RunLine key={name} name={name} lines={lines} plot={plot} dots={spec.sparse} />
              ))}
              {cursor !== null && (
                <line className="plot-cursor" x1={cursor} x2={cursor} y1={plot.upper} y2={plot.lower} />
              )}
            </svg>
          </div>
        )}
      </div>
      <ul className="overlay-legend" aria-hidden="true">
        {readings.map(({ name, text }) => (
          <li key={name}>
            <RunLabel name={name} /> <b>{text}</b>
          </li>
        ))}
      </ul>
    </section>
  );
});

interface Drawn {
  readonly name: string;
  readonly lines: MetricLines;
}

const AXIS_WORDS: Readonly<Record<Axis, string>> = { step: "step", tokens: "tokens", minutes: "minutes" };

/** The value at a place of the axis, or at the end of the line. */
function reading(lines: MetricLines | null, at: number | null, spec: MetricSpec, inRow: boolean): string {
  if (lines === null) return "not logged";
  if (at === null) return spec.format(lines.last);
  const { x } = lines.line;
  // Beyond its ends another one stands there.
  if (inRow && (at < x[0]! || at > x.at(-1)!)) return "–";
  const index = nearest(lines.line, at);
  return index < 0 ? "–" : spec.format(lines.line.y[index]!);
}

function RunLine({ name, lines, plot, dots }: Drawn & { readonly plot: Plot; readonly dots: boolean }) {
  const { color, dash } = useLook(name);
  const raw = useMemo(() => (lines.raw.y === lines.line.y ? "" : plot.path(lines.raw)), [lines, plot]);
  const line = useMemo(() => plot.path(lines.line), [lines, plot]);
  const { x, y } = lines.line;
  const logged = x.flatMap((_, i) => (Number.isNaN(y[i]!) || Number.isNaN(x[i]!) ? [] : [i]));
  const marked = logged.length === 1 || (dots && logged.length <= 60) ? logged : [];
  return (
    <g className={`run-${color}`}>
      {raw !== "" && <path className="plot-raw" d={raw} />}
      <path className="plot-line" d={line} strokeDasharray={dash} />
      {marked.map((i) => (
        <circle key={i} className="plot-dot" cx={plot.toX(x[i]!)} cy={plot.toY(y[i]!)} r="2.5" />
      ))}
    </g>
  );
}

function Axes({ plot, share }: { readonly plot: Plot; readonly share: boolean }) {
  const values = plot.yMarks.map(({ value }) => (share ? value * 100 : value));
  const texts = axisNumbers(values).map((text) => (share ? `${text}%` : text));
  const under = axisNumbers(plot.xMarks.map(({ value }) => value));
  return (
    <g className="plot-axes">
      {plot.yMarks.map(({ value, at }, i) => (
        <g key={value}>
          <line x1={plot.left} x2={plot.right} y1={at} y2={at} />
          <text x={plot.left - 7} y={at} textAnchor="end" dominantBaseline="central">
            {texts[i]}
          </text>
        </g>
      ))}
      {plot.xMarks.map(({ value, at }, i) => (
        <text key={value} x={at} y={plot.lower + 17} textAnchor="middle">
          {under[i]}
        </text>
      ))}
    </g>
  );
}

/** The width of an element in whole pixels, kept up to date; 0 before it is known. */
function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => setWidth(Math.floor(element.clientWidth));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
