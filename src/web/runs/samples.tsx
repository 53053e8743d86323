/** Searches what the chosen runs wrote: by reward, length, problem, verdict, words and step. */
import { useState } from "react";
import { plural } from "../../report/format.ts";
import type { FoundRollout, Rollout, RolloutPage } from "../../serve/wire.ts";
import { RolloutDetail } from "../grow/rollout-detail.tsx";
import { SAMPLE_ROW, SampleRow, sameSample } from "../grow/sample-row.tsx";
import { api } from "../lib/api.ts";
import { ListBrowser } from "../lib/list-browser.tsx";
import { useChoice } from "../lib/use-choice.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";
import { RunSwatch } from "./run-label.tsx";
import { NO_FILTERS, SampleFilterForm, type SampleFilters } from "./sample-filters.tsx";

/** A page, and whether it answers to tests: the form may be ahead of it. */
type Found = RolloutPage & { readonly heldOut: boolean };

export interface SamplesProps {
  readonly names: readonly string[];
  /** Changes when the runs go on. */
  readonly version: string;
}

export function Samples({ names, version }: SamplesProps) {
  const [filters, setFilters] = useState<SampleFilters>(NO_FILTERS);
  /** A try of the same group as the chosen one. */
  const [other, setOther] = useState<Rollout | null>(null);
  const wide = useMedia("(width >= 860px)");
  const query = { runs: names.join(","), ...filters };
  const question = JSON.stringify(query);
  const pages = usePages<FoundRollout, Found>(
    question,
    async (offset, limit, signal) => ({
      ...(await api.search({ ...query, offset, limit }, signal)),
      heldOut: query.source === "heldout",
    }),
    version,
  );
  const { head } = pages;
  const heldOut = head?.heldOut === true;
  // Of filters that are set at least the fields stay, whatever else is asked.
  const forced = head?.forced === true || filters.own !== "" || filters.forced !== "";
  const choice = useChoice(pages.item, sameSample);
  const shown = choice.chosen ?? (wide ? pages.item(0) : undefined);
  const change = (next: Partial<SampleFilters>): void => {
    setFilters((before) => ({ ...before, ...next }));
    choice.clear();
    setOther(null);
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
        forced={forced}
        onChange={change}
      />
      <ListBrowser
        label="Samples found"
        pages={pages}
        choice={choice}
        rowHeight={SAMPLE_ROW}
        question={question}
        told={(total) => plural(total, "sample", "samples")}
        none="No sample matches."
        onClear={JSON.stringify(filters) === JSON.stringify(NO_FILTERS) ? undefined : () => change(NO_FILTERS)}
        onChoose={() => setOther(null)}
        render={(rollout) => (
          <SampleRow rollout={rollout} heldOut={heldOut}>
            <RunSwatch name={rollout.run} />
            <span className="visually-hidden">{rollout.run}</span>
          </SampleRow>
        )}
      >
        {shown === undefined ? (
          <p className="empty-line card">Choose a sample to read how it thought.</p>
        ) : (
          <RolloutDetail name={shown.run} rollout={other ?? shown} heldOut={heldOut} onSelect={setOther} named />
        )}
      </ListBrowser>
    </section>
  );
}
