/** Searches what the chosen runs wrote: by reward, length, problem, verdict, words and step. */
import { useState } from "react";
import type { FoundRollout, Rollout, RolloutPage } from "../../serve/wire.ts";
import { RolloutDetail } from "../grow/rollout-detail.tsx";
import { Advantage, isRight, Mark } from "../grow/rollout-parts.tsx";
import { api } from "../lib/api.ts";
import { number, plural } from "../lib/format.ts";
import { useDetail } from "../lib/use-detail.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";
import { VirtualList } from "../lib/virtual-list.tsx";
import { RunSwatch } from "./run-label.tsx";
import { NO_FILTERS, SampleFilterForm, type SampleFilters } from "./sample-filters.tsx";

const ROW = 66;

export function Samples({ names }: { readonly names: readonly string[] }) {
  const [filters, setFilters] = useState<SampleFilters>(NO_FILTERS);
  const [active, setActive] = useState(-1);
  const [other, setOther] = useState<Rollout | null>(null);
  const [detail, toDetail] = useDetail();
  const wide = useMedia("(width >= 860px)");
  const query = { runs: names.join(","), ...filters };
  const question = JSON.stringify(query);
  const pages = usePages<FoundRollout, RolloutPage>(question, (offset, limit, signal) =>
    api.search({ ...query, offset, limit }, signal),
  );
  const { head } = pages;
  const shownIndex = active >= 0 ? active : wide ? 0 : -1;
  const shown = shownIndex < 0 ? undefined : pages.item(shownIndex);
  const choose = (index: number): void => {
    setActive(index);
    setOther(null);
  };
  const change = (next: Partial<SampleFilters>): void => {
    setFilters((before) => ({ ...before, ...next }));
    choose(-1);
  };
  return (
    <section aria-labelledby="samples-title" className="panel">
      <header className="panel-head">
        <h2 id="samples-title">What they wrote</h2>
        <p className="panel-about">Everything that the runs have kept of their tries, and of their tests.</p>
      </header>
      <SampleFilterForm
        filters={filters}
        families={head?.families ?? []}
        levels={head?.levels ?? []}
        onChange={change}
      />
      {pages.failure !== null && (
        <p className="inline-error" role="alert">
          {pages.failure.message} {pages.failure.help}
        </p>
      )}
      <div className="browser">
        <div className="browser-list card" aria-busy={pages.loading}>
          <p className="browser-count" aria-live="polite">
            {head === null
              ? "Loading…"
              : head.total === 0
                ? "No sample matches."
                : plural(head.total, "sample", "samples")}
            {JSON.stringify(filters) !== JSON.stringify(NO_FILTERS) && (
              <button type="button" className="link" onClick={() => change(NO_FILTERS)}>
                Clear filters
              </button>
            )}
          </p>
          <VirtualList
            onOpen={toDetail}
            label="Samples found"
            total={head?.total ?? 0}
            rowHeight={ROW}
            item={pages.item}
            active={active}
            onActive={choose}
            onRange={pages.show}
            question={question}
            render={(rollout) => <SampleRow rollout={rollout} heldOut={filters.source === "heldout"} />}
          />
        </div>
        <div className="browser-detail" ref={detail}>
          {shown === undefined ? (
            <p className="empty-line card">Choose a sample to read how it thought.</p>
          ) : (
            <RolloutDetail
              name={shown.run}
              rollout={other ?? shown}
              heldOut={filters.source === "heldout"}
              onSelect={setOther}
            />
          )}
        </div>
      </div>
    </section>
  );
}

function SampleRow({ rollout, heldOut }: { readonly rollout: FoundRollout; readonly heldOut: boolean }) {
  const { run, step, family, level, tokens, reward, answer, prompt, advantage } = rollout;
  return (
    <div className="sample-row">
      <Mark right={isRight(rollout)} />
      <span className="row-answer">{answer ?? <em>no answer</em>}</span>
      {heldOut ? <span /> : <Advantage value={advantage} />}
      <span className="row-prompt">{prompt}</span>
      <span className="row-about">
        <RunSwatch name={run} />
        <span>
          step {step} · {family} {level} · {plural(tokens, "token", "tokens")} · reward {number(reward)} · {run}
        </span>
      </span>
    </div>
  );
}
