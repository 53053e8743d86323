/**
 * A report on one run or several: one HTML file that needs nothing else. There is no script in it and its own rules forbid
 * any, as well as every request, so that what a model wrote can do no harm even where it looks like markup.
 */
import { count, plural } from "./format.ts";
import { html, type Markup } from "./html.ts";
import { curvesSection, type Looks, ladderSection, runLabel } from "./report-charts.ts";
import { figuresTable } from "./report-figures.ts";
import { eventsSection, lineageSection, samplesSection, settingsSection } from "./report-parts.ts";
import type { ReportRun } from "./report-run.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { runLooks } from "./run-colors.ts";

export interface ReportOptions {
  /** When it was made. */
  readonly made: Date;
  /** Of Reckon. */
  readonly version: string;
}

/** The document's text. Runs keep their order; colours are given in it. */
export function reportDocument(runs: readonly ReportRun[], options: ReportOptions): string {
  const looks: Looks = runLooks(runs.map(({ name }) => name));
  const names = runs.map(({ name }) => name).join(", ");
  const page = html`<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${names} · Reckon report</title>
<style>${REPORT_STYLE}</style></head>
<body><main><header><h1>${runs.length === 1 ? names : plural(runs.length, "run", "runs")}</h1>
<p class="lede">${summary(runs)}</p></header>
<section><h2>Figures</h2>${figuresTable(runs, (name) => runLabel(name, looks))}</section>
${curvesSection(runs, looks)}
${ladderSection(runs, looks)}
${settingsSection(runs, looks)}
${lineageSection(runs, looks)}
${eventsSection(runs, looks)}
${samplesSection(runs, looks)}
<footer>Made by Reckon ${options.version} on ${options.made.toISOString().slice(0, 16).replace("T", " ")} UTC from the runs' own folders.</footer>
</main></body></html>`;
  return `<!doctype html>\n${page.text}\n`;
}

function summary(runs: readonly ReportRun[]): Markup {
  if (runs.length > 1) return html`${runs.map(({ name }) => name).join(", ")}`;
  const { state, startedAt } = runs[0]!;
  const begun = startedAt === null ? "" : `, begun ${startedAt.slice(0, 16).replace("T", " ")} UTC`;
  return html`${state === null ? "Its state is not known" : `${state.words}, step ${count(state.step)} of ${count(state.steps)}`}${begun}.`;
}
