/** One problem through training: how it went each time it was posed, and the answers themselves. */
import { useState } from "react";
import { count, plural } from "../../report/format.ts";
import { rungNames } from "../../report/rungs.ts";
import type { ProblemPage, ProblemSummary } from "../../serve/wire.ts";
import { api } from "../lib/api.ts";
import { ListBrowser } from "../lib/list-browser.tsx";
import { useChoice } from "../lib/use-choice.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";
import { ProblemStory } from "./problem-story.tsx";
import type { ComparedRun } from "./use-compared.ts";

const ROW = 66;
type Source = "heldout" | "training";

export function Problems({
  names,
  runs,
}: {
  readonly names: readonly string[];
  readonly runs: readonly ComparedRun[];
}) {
  const [wanted, setWanted] = useState<Source>("heldout");
  const [family, setFamily] = useState("");
  const wide = useMedia("(width >= 860px)");
  // Runs of older versions kept no answers to held-out problems.
  const none = runs.length > 0 && runs.every(({ detail }) => !detail.heldOutAnswers);
  const source: Source = none ? "training" : wanted;
  const query = { runs: names.join(","), source, family };
  const question = JSON.stringify(query);
  const pages = usePages<ProblemSummary, ProblemPage>(question, (offset, limit, signal) =>
    api.problems({ ...query, offset, limit }, signal),
  );
  const { head } = pages;
  const choice = useChoice(pages.item, (a, b) => a.id === b.id);
  const shown = choice.chosen ?? (wide ? pages.item(0) : undefined);
  return (
    <section aria-labelledby="problems-title" className="panel">
      <header className="panel-head">
        <h2 id="problems-title">One problem through training</h2>
        <p className="panel-about">
          {none
            ? "These runs kept no answers to held-out problems. Problems of training seldom come back."
            : "Held-out problems are posed again at every test: read how the answers change."}
        </p>
      </header>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <label className="field">
          <span>Problems</span>
          <select
            value={source}
            disabled={none}
            onChange={(event) => {
              setWanted(event.target.value as Source);
              choice.clear();
            }}
          >
            <option value="heldout">held-out</option>
            <option value="training">of training</option>
          </select>
        </label>
        <label className="field">
          <span>Family</span>
          <select
            value={family}
            onChange={(event) => {
              setFamily(event.target.value);
              choice.clear();
            }}
          >
            <option value="">all</option>
            {(head?.families ?? []).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </form>
      {source === "heldout" && head !== null && <Unanswered runs={runs} head={head} />}
      <ListBrowser
        label="Problems"
        pages={pages}
        choice={choice}
        rowHeight={ROW}
        question={question}
        told={(total) => plural(total, "problem", "problems")}
        none="No problems have been kept."
        render={(problem) => <ProblemRow problem={problem} />}
      >
        {shown === undefined ? (
          <p className="empty-line card">Choose a problem to follow it through training.</p>
        ) : (
          <ProblemStory key={`${question} ${shown.id}`} names={names} source={source} problem={shown} />
        )}
      </ListBrowser>
    </section>
  );
}

/** Rungs whose problems are not in the list: a test keeps the answers to a few of its problems only. */
function Unanswered({ runs, head }: { readonly runs: readonly ComparedRun[]; readonly head: ProblemPage }) {
  const all = [...new Set(runs.flatMap(({ detail, curves }) => rungNames(detail.recipe, curves.keys())))];
  const there = new Set(head.rungs.map(({ family, level }) => `${family} ${level}`));
  const none = all.filter((rung) => !there.has(rung));
  if (none.length === 0) return null;
  return (
    <details className="more unanswered">
      <summary>
        {count(none.length)} of {plural(all.length, "rung has", "rungs have")} no answers here
      </summary>
      <p className="panel-about">
        A test keeps the answers to a few of its problems only, and may have had none of these: {none.join(", ")}.
      </p>
    </details>
  );
}

function ProblemRow({ problem }: { readonly problem: ProblemSummary }) {
  const { prompt, family, level, right, answers } = problem;
  return (
    <div className="problem-row">
      <span className="problem-prompt">{prompt}</span>
      <span className="row-about">
        {family} {level} · {right} of {answers} right
      </span>
    </div>
  );
}
