/** The words of a report: settings, lineage, events and samples. */
import { compareSettings } from "./config-diff.ts";
import { thoughtPieces } from "./forced-text.ts";
import { clock, count, number, plural, sentence, signed } from "./format.ts";
import { html, type Markup } from "./html.ts";
import { type Looks, runLabel } from "./report-charts.ts";
import type { ReportEvent, ReportRun, ReportSample } from "./report-run.ts";

/** Events that are written out; a run of days may have thousands. */
const MOST_EVENTS = 100;
/** Characters of a sample's thinking: some never end. */
const LONGEST = 4000;
const RIGHT = 0.999;

export function settingsSection(runs: readonly ReportRun[], looks: Looks): Markup {
  const different = runs.length > 1 ? settingsTable(runs, looks, true) : null;
  const all = settingsTable(runs, looks, false);
  const unknown = runs.filter(({ recipe }) => recipe === null).map(({ name }) => name);
  return html`<section><h2>Settings</h2>
${unknown.length === 0 ? "" : html`<p class="note">Not known of ${unknown.join(", ")}: no recipe can be read.</p>`}
${runs.length === 1 ? "" : (different ?? html`<p>All of them are the same: what differs between these runs is chance.</p>`)}
${all === null ? "" : html`<details><summary>All settings</summary>${all}</details>`}</section>`;
}

function settingsTable(runs: readonly ReportRun[], looks: Looks, onlyDifferent: boolean): Markup | null {
  const rows = compareSettings(runs, onlyDifferent);
  if (rows.length === 0) return null;
  return html`<div class="wide"><table class="settings"><thead><tr><th scope="col">Setting</th>${runs.map(
    ({ name }) => html`<th scope="col">${runLabel(name, looks)}</th>`,
  )}<th scope="col">default</th></tr></thead><tbody>${rows.map(
    ({ key, values, standard }) =>
      html`<tr><th scope="row">${key}</th>${values.map((value) => html`<td>${value ?? "–"}</td>`)}<td class="faint">${standard ?? "–"}</td></tr>`,
  )}</tbody></table></div>`;
}

/** Where each run's model comes from, oldest first. */
export function lineageSection(runs: readonly ReportRun[], looks: Looks): Markup {
  return html`<section><h2>Lineage</h2>${runs.map(({ name, lineage }) => {
    const chain = ancestors(lineage);
    const about = chain.map((one) => html`<li>${describe(one)}</li>`);
    return html`<h3>${runLabel(name, looks)}</h3>${
      chain.length === 0
        ? html`<p class="note">No checkpoint can be read: it is not known.</p>`
        : html`<ol class="lineage">${about}</ol>`
    }`;
  })}</section>`;
}

type Ancestor = Readonly<Record<string, unknown>>;

/** A parent may name its parent, and so on; longer chains than anybody makes are cut. */
function ancestors(lineage: unknown): Ancestor[] {
  const chain: Ancestor[] = [];
  let now = lineage;
  while (typeof now === "object" && now !== null && chain.length < 50) {
    chain.unshift(now as Ancestor);
    now = (now as Ancestor)["parent"];
  }
  return chain;
}

function describe(one: Ancestor): Markup {
  const known = (key: string, word: string): string => {
    const value = one[key];
    return typeof value === "number" ? `${word} ${count(value)}` : "";
  };
  const parts = [
    typeof one["stage"] === "string" ? one["stage"] : "",
    known("step", "step"),
    known("tokens", "tokens"),
    known("seed", "seed"),
  ].filter((part) => part !== "");
  const description = one["description"];
  return html`<b>${String(one["recipe"] ?? "unknown")}</b> ${parts.join(", ")}${
    typeof description === "string" ? html`<br><span class="faint">${description}</span>` : ""
  }`;
}

/** Warnings and errors in the open, notes to unfold; and what is missing in the runs' folders. */
export function eventsSection(runs: readonly ReportRun[], looks: Looks): Markup {
  return html`<section><h2>Events</h2>${runs.map(({ name, events, flaws }) => {
    const loud = events.filter(({ level }) => level !== "info");
    const quiet = events.filter(({ level }) => level === "info");
    return html`<h3>${runLabel(name, looks)}</h3>
${flaws.length === 0 ? "" : html`<ul class="flaws">${flaws.map(({ file, problem }) => html`<li>${file} ${sentence(problem).toLowerCase()}</li>`)}</ul>`}
${loud.length === 0 ? html`<p class="note">No warnings.</p>` : eventList(loud)}
${quiet.length === 0 ? "" : html`<details><summary>${plural(quiet.length, "note", "notes")}</summary>${eventList(quiet)}</details>`}`;
  })}</section>`;
}

function eventList(events: readonly ReportEvent[]): Markup {
  const shown = events.slice(-MOST_EVENTS);
  return html`<ul class="events">${shown.map(
    ({ level, code, step, message, help, time }) => html`<li class="${level}"><b>${level}</b> <code>${code}</code>
${step === null ? "" : html`step ${count(step)}`} ${time === null ? "" : html`<small>${clock(time)}</small>`}<br>${sentence(message)} ${
      help === null ? "" : sentence(help)
    }</li>`,
  )}</ul>${shown.length < events.length ? html`<p class="note">The last ${shown.length} of ${events.length}.</p>` : ""}`;
}

export function samplesSection(runs: readonly ReportRun[], looks: Looks): Markup {
  const written = runs.filter(({ samples }) => samples.length > 0);
  if (written.length === 0) return html``;
  return html`<section><h2>What it wrote</h2>
<p class="note">Of the first, a middle and the last step that were kept: the tries that did best and worst within their groups.</p>
${written.map(
  ({ name, samples }) =>
    html`<h3>${runLabel(name, looks)}</h3>${samples.map(
      ({ step, answers }) => html`<h4>Step ${count(step)}</h4><div class="samples">${answers.map(sampleCard)}</div>`,
    )}`,
)}</section>`;
}

function sampleCard(sample: ReportSample): Markup {
  const { family, level, prompt, answer, reason, reward, advantage, tokens, score } = sample;
  const right = score >= RIGHT;
  return html`<article class="${right ? "right" : "wrong"}"><header><b>${right ? "✓ right" : "✗ wrong"}</b>
<small>${family} ${level} · ${plural(tokens, "token", "tokens")} · reward ${number(reward)} · advantage ${signed(advantage)}</small></header>
<p>${prompt}</p><pre>${thought(sample)}</pre>
<p><b class="answer">${answer ?? "no answer in the agreed form"}</b> <span class="faint">${sentence(reason)}</span></p></article>`;
}

/** What it thought, as far as there is room. */
function thought(sample: ReportSample): Markup[] {
  const out: Markup[] = [];
  let room = LONGEST;
  for (const { text, forced } of thoughtPieces(sample)) {
    if (room === 0) return [...out, html` …`];
    const part = text.slice(0, room);
    out.push(forced ? html`<mark>${part}<small> forced</small></mark>` : html`${part}`);
    room -= text.length;
    if (room < 0) return [...out, html` …`];
  }
  return out;
}
