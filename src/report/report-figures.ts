/** The figures of a report: a line for each run, from where it began to where it stands. */
import { count, duration, number, percent } from "./format.ts";
import { html, type Markup } from "./html.ts";
import type { ReportRun } from "./report-run.ts";
import { axisValues } from "./run-curves.ts";

interface Span {
  readonly first: number;
  readonly last: number;
}

/** @param look the run's line, as markup */
export function figuresTable(runs: readonly ReportRun[], look: (name: string) => Markup): Markup {
  return html`<section class="wide"><table class="figures">
<thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Held-out accuracy</th><th scope="col">Guessing</th>
<th scope="col">Format</th><th scope="col">Tokens an answer</th><th scope="col">Second looks</th><th scope="col">Tokens learned from</th>
<th scope="col">Training time</th></tr></thead>
<tbody>${runs.map((run) => figuresRow(run, look))}</tbody></table></section>`;
}

function figuresRow(run: ReportRun, look: (name: string) => Markup): Markup {
  const { state, curves } = run;
  const error = standardError(run);
  const accuracy = span(run, "eval/accuracy");
  const chance = span(run, "eval/chance");
  const length = span(run, "eval/mean_length") ?? span(run, "completions/mean_length");
  const tokens = axisValues(curves, "tokens").at(-1) ?? Number.NaN;
  const minutes = axisValues(curves, "minutes").at(-1) ?? Number.NaN;
  const where = state === null ? "not known" : `${state.words}, step ${count(state.step)} of ${count(state.steps)}`;
  return html`<tr><th scope="row">${look(run.name)}</th><td>${where}</td>
<td>${change(accuracy, percent)}${error === null ? "" : html` <small>± ${percent(error)}</small>`}</td>
<td>${chance === null ? "–" : percent(chance.last)}</td>
<td>${change(span(run, "eval/format") ?? span(run, "rewards/format/mean"), percent)}</td>
<td>${change(length, (value) => number(Math.round(value)))}</td>
<td>${change(span(run, "eval/recheck_share") ?? span(run, "recheck_share"), percent)}</td>
<td>${Number.isNaN(tokens) ? "–" : count(tokens)}</td><td>${Number.isNaN(minutes) ? "–" : duration(minutes * 60)}</td></tr>`;
}

function change(value: Span | null, format: (value: number) => string): Markup {
  if (value === null) return html`–`;
  return html`<b>${format(value.last)}</b> <small>from ${format(value.first)}</small>`;
}

function span({ curves }: ReportRun, key: string): Span | null {
  const values = (curves.column(key) ?? []).filter((value) => !Number.isNaN(value));
  return values.length === 0 ? null : { first: values[0]!, last: values.at(-1)! };
}

/** Of the last held-out accuracy, over problems; null where their number was not logged. */
function standardError(run: ReportRun): number | null {
  const accuracy = span(run, "eval/accuracy");
  const keys = run.curves.keys().filter((key) => /^eval\/[^/]+\/\d+\/problems$/.test(key));
  const problems = keys.reduce((sum, key) => sum + (span(run, key)?.last ?? 0), 0);
  if (accuracy === null || problems < 2) return null;
  return Math.sqrt((accuracy.last * (1 - accuracy.last)) / (problems - 1));
}
