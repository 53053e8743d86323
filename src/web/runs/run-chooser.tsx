/** Which runs are compared, and what is missing in them. */
import { useState } from "react";
import { count } from "../../report/format.ts";
import { MOST_RUNS } from "../../report/most-runs.ts";
import type { RunSummary } from "../../serve/wire.ts";
import { STATUS_WORDS, shownStatus } from "../lib/headline.ts";
import { told } from "../lib/told.ts";
import { RunSwatch } from "./run-label.tsx";
import type { Compared } from "./use-compared.ts";

/** More runs than this and a field to filter them appears. */
const MANY = 12;

export interface ChooserProps {
  /** All runs, newest first. */
  readonly runs: readonly RunSummary[];
  readonly chosen: readonly string[];
  readonly compared: Compared;
  readonly onChange: (chosen: readonly string[]) => void;
}

export function Chooser({ runs, chosen, compared, onChange }: ChooserProps) {
  const [filter, setFilter] = useState("");
  const words = filter.trim().toLowerCase();
  const shown = runs.filter(({ name }) => chosen.includes(name) || name.toLowerCase().includes(words));
  const gone = chosen.filter((name) => !runs.some((run) => run.name === name));
  const toggle = (name: string): void =>
    onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  const full = chosen.length >= MOST_RUNS;
  return (
    <section className="chooser card" aria-label="Runs to compare">
      <div className="chooser-head">
        {runs.length > MANY && (
          <input
            type="search"
            aria-label="Find a run"
            placeholder={`Find among ${runs.length} runs`}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        )}
        <button
          type="button"
          className="button small"
          disabled={full || shown.every(({ name }) => chosen.includes(name))}
          onClick={() => onChange([...new Set([...chosen, ...shown.map(({ name }) => name)])].slice(0, MOST_RUNS))}
        >
          Choose all
        </button>
        <button type="button" className="button small" disabled={chosen.length === 0} onClick={() => onChange([])}>
          None
        </button>
      </div>
      <ul className="chooser-runs">
        {shown.map(({ name, state }) => (
          <li key={name}>
            <label className="chip">
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                disabled={full && !chosen.includes(name)}
                onChange={() => toggle(name)}
              />
              <RunSwatch name={name} />
              <span className="run-name">{name}</span>
              <small>
                {state === null ? "state unknown" : STATUS_WORDS[shownStatus(state)].toLowerCase()}
                {state !== null && `, step ${state.step}`}
              </small>
            </label>
          </li>
        ))}
        {gone.map((name) => (
          <li key={name}>
            <button type="button" className="chip" onClick={() => toggle(name)}>
              <span className="run-name">{name}</span> <small>is not here; remove</small>
            </button>
          </li>
        ))}
      </ul>
      {full && runs.length > MOST_RUNS && (
        <p className="chooser-full" role="status">
          {MOST_RUNS} of {count(runs.length)} runs are chosen: more cannot be compared and searched at once. Let some go
          to choose others.
        </p>
      )}
      <Flaws compared={compared} />
    </section>
  );
}

function Flaws({ compared }: { readonly compared: Compared }) {
  const flawed = compared.runs.filter(({ detail }) => detail.flaws.length > 0);
  const failed = [...compared.failures].filter(([, failure]) => failure.code !== "RUN_UNKNOWN");
  if (flawed.length === 0 && failed.length === 0) return null;
  return (
    <ul className="flaws" aria-label="What is missing">
      {flawed.map(({ name, detail }) => (
        <li key={name}>
          <b>{name}</b> is shown as far as it goes:{" "}
          {detail.flaws.map(({ file, problem }) => `${file} ${problem}`).join("; ")}.
        </li>
      ))}
      {failed.map(([name, failure]) => (
        <li key={name} className="told">
          <b>{name}</b>: {told(failure)}
        </li>
      ))}
    </ul>
  );
}
