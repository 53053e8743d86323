/** The data that a stage has made: what was kept and what was left out, and every row to read. */
import { useState } from "react";
import { count, percent, plural } from "../../report/format.ts";
import type { PipelineDetail, TraceItem, TracePage } from "../../serve/wire.ts";
import { api } from "../lib/api.ts";
import { ListBrowser } from "../lib/list-browser.tsx";
import { routeHash } from "../lib/route.ts";
import { Select } from "../lib/select.tsx";
import { useChoice } from "../lib/use-choice.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";
import { DataFilterForm, type DataFilters, NO_FILTERS } from "./data-filters.tsx";
import { meanRating, TraceDetail } from "./trace-detail.tsx";

const ROW = 66;

export function Data({ detail, stage }: { readonly detail: PipelineDetail; readonly stage: string | null }) {
  const made = detail.stageList.filter(({ makes, run }) => makes === "data" && run !== null);
  const shown = made.find(({ name }) => name === stage) ?? made[0];
  return (
    <section aria-labelledby="data-title" className="panel">
      <header className="panel-head">
        <h2 id="data-title">Data</h2>
        <p className="panel-about">What stages wrote for later ones to learn from.</p>
      </header>
      {shown === undefined || shown.run === null ? (
        <p className="empty-line card">No stage has made data so far.</p>
      ) : (
        <>
          {made.length > 1 && (
            <div className="filters">
              <Select
                label="Stage"
                value={shown.name}
                options={made.map(({ name, kind }): [string, string] => [name, `${name} (${kind})`])}
                onChange={(next) =>
                  window.location.assign(routeHash({ view: "stages", run: detail.name, tab: "data", stage: next }))
                }
              />
            </div>
          )}
          <Traces
            key={shown.run}
            run={shown.run}
            version={`${shown.status} ${shown.result?.what === "data" ? shown.result.rows : 0}`}
          />
        </>
      )}
    </section>
  );
}

interface TracesProps {
  readonly run: string;
  /** Changes when the data may have. */
  readonly version: string;
}

function Traces({ run, version }: TracesProps) {
  const [filters, setFilters] = useState<DataFilters>(NO_FILTERS);
  const wide = useMedia("(width >= 860px)");
  const question = JSON.stringify([run, filters]);
  const pages = usePages<TraceItem, TracePage>(
    question,
    (offset, limit, signal) => api.traces(run, { ...filters, offset, limit }, signal),
    version,
  );
  const { head } = pages;
  const choice = useChoice(pages.item, (a, b) => a.id === b.id);
  const shown = choice.chosen ?? (wide ? pages.item(0) : undefined);
  const change = (next: Partial<DataFilters>): void => {
    setFilters((before) => ({ ...before, ...next }));
    choice.clear();
  };
  const filtered = JSON.stringify(filters) !== JSON.stringify(NO_FILTERS);
  return (
    <>
      {head !== null && (
        <Counts counts={head.counts} chosen={filters.family} onChoose={(family) => change({ family })} />
      )}
      {head !== null && Object.keys(head.aspects).length > 0 && <Ratings means={head.aspects} filtered={filtered} />}
      <DataFilterForm filters={filters} page={head} onChange={change} />
      <ListBrowser
        label="Rows of data"
        pages={pages}
        choice={choice}
        rowHeight={ROW}
        question={question}
        told={(total) => plural(total, "row", "rows")}
        none={head?.rows === 0 ? "It has written nothing yet." : "No row matches."}
        onClear={filtered ? () => change(NO_FILTERS) : undefined}
        render={(trace) => <TraceRow trace={trace} aspect={filters.aspect} />}
      >
        {shown === undefined ? (
          <p className="empty-line card">Choose a row to read it.</p>
        ) : (
          <TraceDetail trace={shown} />
        )}
      </ListBrowser>
      {head !== null && head.broken > 0 && (
        <p className="flaws">{plural(head.broken, "row", "rows")} cannot be read and are left out.</p>
      )}
    </>
  );
}

function TraceRow({ trace, aspect }: { readonly trace: TraceItem; readonly aspect: string }) {
  const { prompt, answer, family, level, language, score, ratings } = trace;
  const rating = aspect === "" ? meanRating(ratings) : (ratings[aspect] ?? null);
  return (
    <div className="row trace-row">
      <span className="row-answer">{answer}</span>
      <span className="trace-rating">{rating === null ? "" : `rated ${rating.toFixed(1)}`}</span>
      <span className="row-prompt">{prompt}</span>
      <span className="row-about">
        <span className="row-where">
          {family} {level} {language !== null && `· ${language}`}
          {score !== null && score < 1 && " · wrong"}
        </span>
      </span>
    </div>
  );
}

/** Reasons in words; one that is not known here stands by its name. */
const REASONS: Readonly<Record<string, string>> = {
  sampled: "answers",
  right: "right",
  repetitive: "repetitive",
  mixed: "in two languages",
  long: "too long",
  "held-out": "met a held-out problem",
  duplicate: "duplicates",
  surplus: "surplus of a prompt",
  unbalanced: "surplus of a family",
  kept: "kept",
};

interface CountsProps {
  readonly counts: TracePage["counts"];
  readonly chosen: string;
  readonly onChoose: (family: string) => void;
}

/** What became of all answers, by family: a row chooses its family. */
function Counts({ counts, chosen, onChoose }: CountsProps) {
  const families = Object.entries(counts);
  if (families.length === 0) return null;
  const total = new Map<string, number>();
  for (const [, own] of families)
    for (const [reason, n] of Object.entries(own)) total.set(reason, (total.get(reason) ?? 0) + n);
  // A column of zeros says nothing.
  const reasons = [...total].flatMap(([reason, n]) => (n > 0 || reason === "kept" ? [reason] : []));
  const cells = (own: Readonly<Record<string, number>>) =>
    reasons.map((reason) => (
      <td key={reason}>
        {count(own[reason] ?? 0)}
        {reason === "kept" && own["sampled"] ? <small>{percent((own[reason] ?? 0) / own["sampled"])}</small> : null}
      </td>
    ));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-box card counts" tabIndex={0} aria-label="What became of the answers">
      <table className="stage-table">
        <thead>
          <tr>
            <th scope="col">Family</th>
            {reasons.map((reason) => (
              <th key={reason} scope="col">
                {REASONS[reason] ?? reason}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {families.length > 1 && (
            <tr>
              <th scope="row">all</th>
              {cells(Object.fromEntries(total))}
            </tr>
          )}
          {families.map(([family, own]) => (
            <tr key={family} className={family === chosen ? "part chosen" : "part"}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  aria-pressed={family === chosen}
                  onClick={() => onChoose(family === chosen ? "" : family)}
                >
                  {family}
                </button>
              </th>
              {cells(own)}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Ratings({ means, filtered }: { readonly means: TracePage["aspects"]; readonly filtered: boolean }) {
  return (
    <dl className="ratings card">
      {Object.entries(means).map(([aspect, mean]) => (
        <div key={aspect}>
          <dt>
            {aspect} <small>{filtered ? "mean of these" : "mean of all"}</small>
          </dt>
          <dd>
            {mean.toFixed(2)} <small>of 5</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
