/** The rollout browser: what the model wrote, tries of the same problem beside each other. */
import { useEffect, useId, useState } from "react";
import { plural, signed } from "../../report/format.ts";
import type { FoundRollout, Rollout, RolloutPage } from "../../serve/wire.ts";
import { api } from "../lib/api.ts";
import { ListBrowser } from "../lib/list-browser.tsx";
import { SearchField } from "../lib/search-field.tsx";
import { Select } from "../lib/select.tsx";
import { useChoice } from "../lib/use-choice.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";
import type { LiveRun } from "../lib/use-run.ts";
import { RolloutDetail } from "./rollout-detail.tsx";
import { isRight } from "./rollout-parts.tsx";
import { SAMPLE_ROW, SampleRow, sameSample } from "./sample-row.tsx";

interface Filters {
  /** `latest`, `all` or a step. */
  readonly step: string;
  readonly family: string;
  readonly outcome: string;
  readonly recheck: string;
  readonly search: string;
  readonly sort: string;
}

/** Best first: where something was learned, not a group in which all tries earned the same. */
const START: Filters = { step: "latest", family: "", outcome: "", recheck: "", search: "", sort: "-advantage" };
/** Steps that the list of them offers; the arrows beside it reach every one. */
const MOST_STEPS = 200;

export function RolloutsPanel({ name, rollouts }: { readonly name: string; readonly rollouts: LiveRun["rollouts"] }) {
  const [filters, setFilters] = useState<Filters>(START);
  /** A try of the same group as the chosen one. */
  const [other, setOther] = useState<Rollout | null>(null);
  const wide = useMedia("(width >= 860px)");
  const query = { ...filters, step: filters.step === "all" ? undefined : filters.step };
  const question = JSON.stringify([name, rollouts.generation, query]);
  const pages = usePages<FoundRollout, RolloutPage>(
    question,
    (offset, limit, signal) => api.rollouts(name, { ...query, offset, limit }, signal),
    String(rollouts.total),
  );
  const choice = useChoice(pages.item, sameSample);
  const { head } = pages;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run, or a file that was cut, knows nothing of these.
  useEffect(() => {
    choice.clear();
    setOther(null);
  }, [name, rollouts.generation]);

  const set = (change: Partial<Filters>): void => setFilters((previous) => ({ ...previous, ...change }));
  const steps = head?.steps ?? [];
  // Where there is room, the first sample is open until one is chosen: nobody should have to click to see thinking.
  const shown = other ?? choice.chosen ?? (wide ? (pages.item(0) ?? null) : null);
  const selected = other ?? choice.chosen;
  const filtered = filters !== START && JSON.stringify(filters) !== JSON.stringify({ ...START, step: filters.step });
  const noneYet = rollouts.total === 0 && (head === null || steps.length === 0);

  return (
    <section aria-labelledby="rollouts-title" className="panel">
      <header className="panel-head">
        <h2 id="rollouts-title">What it writes</h2>
        <p className="panel-about">
          Every problem is tried several times. Tries better than their group become more likely.
        </p>
      </header>
      {noneYet ? (
        <p className="empty-line card">No samples yet. They come with the first steps.</p>
      ) : (
        <>
          <FilterBar filters={filters} steps={steps} families={head?.families ?? []} onChange={set} />
          <ListBrowser
            label="Samples"
            pages={pages}
            choice={choice}
            rowHeight={SAMPLE_ROW}
            question={question}
            told={(total) => plural(total, "sample", "samples")}
            none="No sample matches."
            onClear={filtered ? () => set({ ...START, step: filters.step }) : undefined}
            onChoose={() => setOther(null)}
            render={(rollout) => <SampleRow rollout={rollout} />}
          >
            {shown === null ? (
              <p className="empty-line card">Choose a sample to read how it thought, and what it earned.</p>
            ) : (
              <RolloutDetail name={name} rollout={shown} onSelect={setOther} />
            )}
          </ListBrowser>
          <p className="visually-hidden" aria-live="polite">
            {selected !== null &&
              `Sample: ${isRight(selected) ? "right" : "wrong"}, advantage ${signed(selected.advantage)}`}
          </p>
        </>
      )}
    </section>
  );
}

interface FilterBarProps {
  readonly filters: Filters;
  readonly steps: readonly number[];
  readonly families: readonly string[];
  readonly onChange: (change: Partial<Filters>) => void;
}

function FilterBar({ filters, steps, families, onChange }: FilterBarProps) {
  const id = useId();
  const current = filters.step === "latest" ? steps.length - 1 : steps.indexOf(Number(filters.step));
  const go = (index: number): void => {
    const step = steps[index];
    if (step !== undefined) onChange({ step: index === steps.length - 1 ? "latest" : String(step) });
  };
  return (
    <form className="filters" onSubmit={(event) => event.preventDefault()}>
      <div className="field">
        <label htmlFor={`${id}-step`}>Step</label>
        <div className="stepper">
          <button
            type="button"
            className="button small"
            aria-label="Earlier step"
            disabled={filters.step === "all" || current <= 0}
            onClick={() => go(current - 1)}
          >
            ‹
          </button>
          <select id={`${id}-step`} value={filters.step} onChange={(event) => onChange({ step: event.target.value })}>
            <option value="latest">latest{steps.length > 0 ? ` (${steps.at(-1)})` : ""}</option>
            <option value="all">all steps</option>
            {offered(steps, filters.step).map((step) => (
              <option key={step} value={step}>
                {step}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="button small"
            aria-label="Later step"
            disabled={filters.step === "all" || current < 0 || current >= steps.length - 1}
            onClick={() => go(current + 1)}
          >
            ›
          </button>
        </div>
      </div>
      <Select
        label="Verdict"
        value={filters.outcome}
        onChange={(outcome) => onChange({ outcome })}
        options={[
          ["", "any"],
          ["right", "right"],
          ["wrong", "wrong"],
        ]}
      />
      <Select
        label="Second look"
        value={filters.recheck}
        onChange={(recheck) => onChange({ recheck })}
        options={[
          ["", "any"],
          ["true", "with"],
          ["false", "without"],
        ]}
      />
      {families.length > 1 && (
        <Select
          label="Family"
          value={filters.family}
          onChange={(family) => onChange({ family })}
          options={[["", "all"], ...families.map((family): [string, string] => [family, family])]}
        />
      )}
      <Select
        label="Order"
        value={filters.sort}
        onChange={(sort) => onChange({ sort })}
        options={[
          ["-advantage", "best first"],
          ["newest", "as drawn"],
          ["advantage", "worst first"],
          ["-tokens", "longest first"],
          ["tokens", "shortest first"],
        ]}
      />
      <SearchField className="grow" label="Search" value={filters.search} onChange={(search) => onChange({ search })} />
    </form>
  );
}

/** The steps of a list, thinned evenly where there are too many; the chosen one always among them. */
function offered(steps: readonly number[], chosen: string): readonly number[] {
  const stride = Math.ceil(steps.length / MOST_STEPS);
  return stride <= 1 ? steps : steps.filter((step, i) => i % stride === 0 || String(step) === chosen);
}
