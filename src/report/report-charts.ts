/** Curves and ladders of a report: SVG and tables that need no script. */
import { comparedMetrics, type MetricSpec } from "./chart-specs.ts";
import { forcesWaits } from "./forced-text.ts";
import { axisNumbers, count, percent } from "./format.ts";
import { html, type Markup } from "./html.ts";
import { ladderAt, ladderSteps, type Rung } from "./ladder.ts";
import { layOutPlot, type Plot, type PlotLine } from "./plot.ts";
import type { ReportRun } from "./report-run.ts";
import type { RunLook } from "./run-colors.ts";
import { type MetricLines, metricLines, referenceLine } from "./run-curves.ts";

const WIDTH = 380;
const HEIGHT = 190;
/** Half-life of the smoothing, as a share of a run. */
const SMOOTHING = 0.02;
/** Characters that all curves together may take. */
const BUDGET = 1_200_000;

export type Looks = ReadonlyMap<string, RunLook>;

/** A run's line and name. */
export function runLabel(name: string, looks: Looks): Markup {
  const { color, dash } = looks.get(name) ?? { color: 0, dash: "" };
  return html`<span class="label"><svg class="run-${color}" width="22" height="8" aria-hidden="true"><path d="M1 4h20" stroke-dasharray="${dash}"/></svg>${name}</span>`;
}

/** All metrics of the runs over each other: the first ones open, the others to unfold, as many as there is room for. */
export function curvesSection(runs: readonly ReportRun[], looks: Looks): Markup {
  const keys = [...new Set(runs.flatMap(({ curves }) => curves.keys()))].sort();
  const { main, more } = comparedMetrics(
    keys,
    runs.some(({ recipe }) => forcesWaits(recipe)),
  );
  const first = main.map((spec) => chart(spec, runs, looks, true));
  let room = BUDGET - first.reduce((sum, one) => sum + one.text.length, 0);
  const rest: Markup[] = [];
  const leftOut: string[] = [];
  for (const spec of more) {
    const one = chart(spec, runs, looks, false);
    if (one.text.length > room) leftOut.push(spec.title);
    else rest.push(one);
    room -= one.text.length;
  }
  return html`<section><h2>Curves</h2>
<p class="note">By step. The plain line is smoothed, with a half-life of ${SMOOTHING * 100} % of a run; the faint one is what was logged. Tests are not smoothed.</p>
<div class="charts">${first}</div>
${rest.length === 0 ? "" : html`<details><summary>All other curves (${rest.length})</summary><div class="charts">${rest}</div></details>`}
${leftOut.length === 0 ? "" : html`<p class="note">Left out, to keep this file small: ${leftOut.join(", ")}.</p>`}</section>`;
}

function chart(spec: MetricSpec, runs: readonly ReportRun[], looks: Looks, raw: boolean): Markup {
  const drawn = runs.map(({ name, curves }) => ({
    name,
    lines: metricLines(curves, spec.key, "step", spec.sparse ? 0 : SMOOTHING),
  }));
  const lines = drawn.flatMap((one) => (one.lines === null ? [] : [{ ...one, lines: one.lines }]));
  const shape = { width: WIDTH, height: HEIGHT, zero: spec.zero, top: spec.top };
  const plot = layOutPlot(
    lines.map((one) => one.lines.raw),
    shape,
  );
  if (plot === null) return html``;
  const reference = referenceLine(runs, spec, "step");
  return html`<figure><figcaption><b>${spec.title}</b> ${spec.about}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spec.title}: ${told(drawn, spec)}">
${axes(plot, spec.top === 1)}${reference === null ? "" : html`<path class="reference" d="${plot.path(reference)}"/>`}
${lines.map(({ name, lines: one }) => runLines(one, plot, looks.get(name)!, raw, spec.sparse))}</svg>
<ul>${drawn.map(({ name, lines: one }) => html`<li>${runLabel(name, looks)} <b>${one === null ? "not logged" : spec.format(one.last)}</b></li>`)}</ul></figure>`;
}

function told(
  drawn: readonly { readonly name: string; readonly lines: MetricLines | null }[],
  spec: MetricSpec,
): string {
  return drawn
    .map(({ name, lines }) => `${name} ${lines === null ? "not logged" : spec.format(lines.last)}`)
    .join(", ");
}

function runLines(lines: MetricLines, plot: Plot, look: RunLook, raw: boolean, dots: boolean): Markup {
  const points = dots || lines.line.y.length === 1 ? dotsOf(lines.line, plot) : [];
  return html`<g class="run-${look.color}">${raw && lines.raw.y !== lines.line.y ? html`<path class="raw" d="${plot.path(lines.raw)}"/>` : ""}<path d="${plot.path(lines.line)}" stroke-dasharray="${look.dash}"/>${points}</g>`;
}

function dotsOf({ x, y }: PlotLine, plot: Plot): Markup[] {
  const logged = [...y.keys()].filter((i) => !Number.isNaN(y[i]!) && !Number.isNaN(x[i]!));
  if (logged.length > 60) return [];
  return logged.map(
    (i) => html`<circle cx="${plot.toX(x[i]!).toFixed(1)}" cy="${plot.toY(y[i]!).toFixed(1)}" r="2.4"/>`,
  );
}

function axes(plot: Plot, share: boolean): Markup {
  const left = axisNumbers(plot.yMarks.map(({ value }) => (share ? value * 100 : value)));
  const under = axisNumbers(plot.xMarks.map(({ value }) => value));
  const at = (value: number): string => value.toFixed(1);
  return html`<g class="axes">${plot.yMarks.map(
    (mark, i) =>
      html`<path d="M${plot.left} ${at(mark.at)}H${plot.right}"/><text x="${plot.left - 7}" y="${at(mark.at + 4)}" text-anchor="end">${left[i]}${share ? "%" : ""}</text>`,
  )}${plot.xMarks.map((mark, i) => html`<text x="${at(mark.at)}" y="${plot.lower + 17}" text-anchor="middle">${under[i]}</text>`)}</g>`;
}

/** Held-out accuracy by family and level at the last evaluation of each run. */
export function ladderSection(runs: readonly ReportRun[], looks: Looks): Markup {
  const tables = runs.map((run) => ladder(run, looks));
  if (tables.every((table) => table === null)) return html``;
  return html`<section><h2>The ladder</h2>
<p class="note">Share of held-out problems solved at the last test, by family and level, with the first test and what guessing gives.</p>
<div class="ladders">${tables}</div></section>`;
}

function ladder({ name, curves }: ReportRun, looks: Looks): Markup | null {
  const step = ladderSteps(curves).at(-1);
  if (step === undefined) return null;
  const rows = ladderAt(curves, curves.keys(), step);
  if (rows.length === 0) return null;
  const levels = [...new Set(rows.flatMap(({ rungs }) => rungs.map(({ level }) => level)))].sort((a, b) => a - b);
  return html`<div class="wide"><table class="ladder"><caption>${runLabel(name, looks)} <small>at step ${count(step)}</small></caption>
<thead><tr><th scope="col">Family</th>${levels.map((level) => html`<th scope="col">level ${level}</th>`)}<th scope="col">all</th></tr></thead>
<tbody>${rows.map(
    ({ family, rungs, accuracy }) =>
      html`<tr><th scope="row">${family}</th>${levels.map((level) =>
        cell(rungs.find((one) => one.level === level)),
      )}<td class="all">${accuracy === null ? "–" : percent(accuracy)}</td></tr>`,
  )}</tbody></table></div>`;
}

function cell(rung: Rung | undefined): Markup {
  if (rung === undefined) return html`<td class="none"></td>`;
  const { accuracy, first, chance, problems } = rung;
  return html`<td class="rung" style="--heat:${Math.round(accuracy * 100)}%"><b>${percent(accuracy)}</b><span>from ${percent(first)}</span>${
    chance === null ? "" : html`<span>chance ${percent(chance)}${problems === null ? "" : `, n ${problems}`}</span>`
  }</td>`;
}
