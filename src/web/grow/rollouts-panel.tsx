/** The rollout browser: what the model wrote, tries of the same problem beside each other. */
import { useCallback, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import type { Rollout, RolloutPage } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { count, plural, signed } from "../lib/format.ts";
import { useDetail } from "../lib/use-detail.ts";
import { useMedia } from "../lib/use-media.ts";
import type { LiveRun } from "../lib/use-run.ts";
import { RolloutDetail } from "./rollout-detail.tsx";
import { Advantage, isRight, Mark } from "./rollout-parts.tsx";

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
const PAGE = 12;

export function RolloutsPanel({ name, rollouts }: { readonly name: string; readonly rollouts: LiveRun["rollouts"] }) {
  const [filters, setFilters] = useState<Filters>(START);
  const [offset, setOffset] = useState(0);
  const [page, setPage] = useState<RolloutPage | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [selected, setSelected] = useState<Rollout | null>(null);
  const [loading, setLoading] = useState(false);
  const [detail, toDetail] = useDetail();
  const list = useRef<HTMLUListElement>(null);
  const wide = useMedia("(width >= 860px)");
  const search = useDeferredValue(filters.search);

  const load = useCallback(
    async (signal: AbortSignal): Promise<void> => {
      setLoading(true);
      const query = {
        step: filters.step === "all" ? undefined : filters.step,
        family: filters.family,
        outcome: filters.outcome,
        recheck: filters.recheck,
        sort: filters.sort,
        search,
        offset,
        limit: PAGE,
      };
      try {
        setPage(await api.rollouts(name, query, signal));
        setFailure(null);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      }
      setLoading(false);
    },
    [name, filters.step, filters.family, filters.outcome, filters.recheck, filters.sort, search, offset],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: new rollouts are the signal to look again.
  useEffect(() => {
    const left = new AbortController();
    const timer = setTimeout(() => void load(left.signal), 120);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [load, rollouts.total, rollouts.generation]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run, or a file that was cut, knows nothing of these.
  useEffect(() => {
    setSelected(null);
    setOffset(0);
  }, [name, rollouts.generation]);

  const set = (change: Partial<Filters>): void => {
    setFilters((previous) => ({ ...previous, ...change }));
    setOffset(0);
  };

  const open = (rollout: Rollout): void => {
    setSelected(rollout);
    toDetail();
  };

  const walk = (event: React.KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...(list.current?.querySelectorAll("button") ?? [])];
    const next = rows[rows.indexOf(document.activeElement as HTMLButtonElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };

  const steps = page?.steps ?? [];
  const byGroup = filters.sort === "newest";
  // Where there is room, the first sample is open until one is chosen: nobody should have to click to see thinking.
  const shown = selected ?? (wide ? (page?.items[0] ?? null) : null);
  const filtered = filters !== START && JSON.stringify(filters) !== JSON.stringify({ ...START, step: filters.step });
  const noneYet = rollouts.total === 0 && (page === null || steps.length === 0);

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
          <FilterBar filters={filters} steps={steps} families={page?.families ?? []} onChange={set} />
          {failure !== null && (
            <p className="inline-error" role="alert">
              {failure.message} {failure.help}
            </p>
          )}
          <div className="browser">
            <div className="browser-list card" aria-busy={loading}>
              <p className="browser-count" aria-live="polite">
                {page === null
                  ? "Loading…"
                  : page.total === 0
                    ? "No sample matches."
                    : `${plural(page.total, "sample", "samples")}`}
                {filtered && (
                  <button type="button" className="link" onClick={() => set({ ...START, step: filters.step })}>
                    Clear filters
                  </button>
                )}
              </p>
              <ul ref={list} onKeyDown={walk}>
                {page?.items.map((rollout, i) => (
                  <Row
                    key={rollout.id}
                    rollout={rollout}
                    headed={byGroup && !sameGroup(page.items[i - 1], rollout)}
                    showPrompt={!byGroup}
                    showStep={filters.step === "all"}
                    selected={shown?.id === rollout.id}
                    onOpen={open}
                  />
                ))}
              </ul>
              {page !== null && page.total > PAGE && (
                <nav className="pager" aria-label="Pages of samples">
                  <button
                    type="button"
                    className="button small"
                    disabled={offset === 0}
                    onClick={() => setOffset(Math.max(0, offset - PAGE))}
                  >
                    Previous
                  </button>
                  <span>
                    {count(page.offset + 1)}–{count(page.offset + page.items.length)} of {count(page.total)}
                  </span>
                  <button
                    type="button"
                    className="button small"
                    disabled={offset + PAGE >= page.total}
                    onClick={() => setOffset(offset + PAGE)}
                  >
                    Next
                  </button>
                </nav>
              )}
            </div>
            <div className="browser-detail" ref={detail}>
              {shown === null ? (
                <p className="empty-line card">Choose a sample to read how it thought, and what it earned.</p>
              ) : (
                <RolloutDetail name={name} rollout={shown} onSelect={setSelected} />
              )}
            </div>
            <p className="visually-hidden" aria-live="polite">
              {selected !== null &&
                `Sample: ${isRight(selected) ? "right" : "wrong"}, advantage ${signed(selected.advantage)}`}
            </p>
          </div>
        </>
      )}
    </section>
  );
}

interface RowProps {
  readonly rollout: Rollout;
  /** The first of its group on this page: the problem stands above it. */
  readonly headed: boolean;
  readonly showPrompt: boolean;
  readonly showStep: boolean;
  readonly selected: boolean;
  readonly onOpen: (rollout: Rollout) => void;
}

function Row({ rollout, headed, showPrompt, showStep, selected, onOpen }: RowProps) {
  return (
    <li>
      {headed && (
        <p className="row-head">
          {showStep && <span>step {rollout.step} · </span>}
          {rollout.prompt}
        </p>
      )}
      <button type="button" className="row" aria-pressed={selected} onClick={() => onOpen(rollout)}>
        <Mark right={isRight(rollout)} />
        <span className="row-answer">{rollout.answer ?? <em>no answer</em>}</span>
        <Advantage value={rollout.advantage} />
        {showPrompt && <span className="row-prompt">{rollout.prompt}</span>}
        <span className="row-about">
          <span>
            {showPrompt && showStep && `step ${rollout.step} · `}
            {rollout.family} {rollout.level} · try {rollout.index + 1} · {plural(rollout.tokens, "token", "tokens")}
          </span>
          {rollout.recheck && <span className="badge">second look</span>}
        </span>
      </button>
    </li>
  );
}

function sameGroup(a: Rollout | undefined, b: Rollout): boolean {
  return a !== undefined && a.step === b.step && a.group === b.group;
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
            {steps.map((step) => (
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
      <label className="field grow">
        <span>Search</span>
        <input
          type="search"
          value={filters.search}
          placeholder="wait, 24, check …"
          onChange={(event) => onChange({ search: event.target.value })}
        />
      </label>
    </form>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
