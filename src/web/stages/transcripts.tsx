/** One problem through all stages: what each model thought and answered when it was measured, and what that earned. */

import { useEffect, useState } from "react";
import { plural, sentence } from "../../report/format.ts";
import type { FoundRollout, PipelineDetail, ProblemSummary, StageProblems } from "../../serve/wire.ts";
import { Earned, isRight, Mark } from "../grow/rollout-parts.tsx";
import { ApiFailure, api } from "../lib/api.ts";
import { ListBrowser } from "../lib/list-browser.tsx";
import { routeHash } from "../lib/route.ts";
import { Select } from "../lib/select.tsx";
import { Failure } from "../lib/status-parts.tsx";
import { useChoice } from "../lib/use-choice.ts";
import { useMedia } from "../lib/use-media.ts";
import { usePages } from "../lib/use-pages.ts";

const ROW = 54;
const NO_FILTERS = { family: "", level: "" };

export function Transcripts({ detail }: { readonly detail: PipelineDetail }) {
  const { name, table, stageList } = detail;
  const [filters, setFilters] = useState(NO_FILTERS);
  const wide = useMedia("(width >= 860px)");
  const question = JSON.stringify([name, filters]);
  const measured = table.filter((row) => row.answers).map((row) => row.name);
  const pages = usePages<ProblemSummary, StageProblems>(
    question,
    (offset, limit, signal) => api.stageProblems(name, { ...filters, offset, limit }, signal),
    measured.join(","),
  );
  const { head } = pages;
  const choice = useChoice(pages.item, (a, b) => a.id === b.id);
  const shown = choice.chosen ?? (wide ? pages.item(0) : undefined);
  const set = (change: Partial<typeof NO_FILTERS>): void => {
    setFilters((before) => ({ ...before, ...change }));
    choice.clear();
  };
  const runs = stageList.flatMap(({ run, makes }) => (run !== null && makes === "model" ? [run] : []));
  return (
    <section aria-labelledby="transcripts-title" className="panel">
      <header className="panel-head">
        <h2 id="transcripts-title">One problem through all stages</h2>
        <p className="panel-about">
          Every model was asked the same held-out problems, and instructions: read how thinking and answers change.
        </p>
      </header>
      {measured.length === 0 ? (
        <p className="empty-line card">
          The answers come with the table, when all stages are done; <code>reckon eval runs/{name} --stages</code> asks
          for them now.{" "}
          {runs.length > 0 && (
            <a href={routeHash({ view: "runs", tab: "problems", runs })}>Read the stages' own tests meanwhile</a>
          )}
        </p>
      ) : (
        <>
          <form className="filters" onSubmit={(event) => event.preventDefault()}>
            <Select
              label="Family"
              value={filters.family}
              onChange={(family) => set({ family })}
              options={[["", "all"], ...(head?.families ?? []).map((one): [string, string] => [one, one])]}
            />
            <Select
              label="Level"
              value={filters.level}
              onChange={(level) => set({ level })}
              options={[["", "all"], ...(head?.levels ?? []).map((one): [string, string] => [`${one}`, `${one}`])]}
            />
          </form>
          <ListBrowser
            label="Problems"
            pages={pages}
            choice={choice}
            rowHeight={ROW}
            question={question}
            told={(total) => plural(total, "problem", "problems")}
            none="No problem matches."
            onClear={filters.family === "" && filters.level === "" ? undefined : () => set(NO_FILTERS)}
            render={(problem) => <ProblemRow problem={problem} models={head?.models ?? []} />}
          >
            {shown === undefined ? (
              <p className="empty-line card">Choose a problem to follow it through the stages.</p>
            ) : (
              <Transcript key={shown.id} pipeline={name} problem={shown} models={measured} />
            )}
          </ListBrowser>
        </>
      )}
    </section>
  );
}

/** A problem, and a mark for each model in the order of the stages. */
function ProblemRow({ problem, models }: { readonly problem: ProblemSummary; readonly models: readonly string[] }) {
  const { prompt, family, level, outcomes } = problem;
  const right = models.map((model) => outcomes.some((one) => one.run === model && one.right > 0));
  const told = models.map((model, i) => `${model} ${right[i] ? "right" : "wrong"}`).join(", ");
  return (
    <div className="problem-row">
      <span className="problem-prompt one-line">{prompt}</span>
      <span className="row-about">
        <span className="stage-marks" role="img" aria-label={told} title={told}>
          {models.map((model, i) => (
            <span key={model} className={right[i] ? "stage-mark is-right" : "stage-mark"} />
          ))}
        </span>
        <span className="row-where">
          {family} {level}
        </span>
      </span>
    </div>
  );
}

interface TranscriptProps {
  readonly pipeline: string;
  readonly problem: ProblemSummary;
  /** In the order of the recipe. */
  readonly models: readonly string[];
}

function Transcript({ pipeline, problem, models }: TranscriptProps) {
  const { id, prompt, family, level } = problem;
  const [answers, setAnswers] = useState<readonly FoundRollout[] | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const wanted = models.join(",");
  // biome-ignore lint/correctness/useExhaustiveDependencies: other models have other answers.
  useEffect(() => {
    const left = new AbortController();
    api.stageAnswers(pipeline, id, left.signal).then(
      ({ items }) => setAnswers(items),
      (error: unknown) => {
        if (left.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      },
    );
    return () => left.abort();
  }, [pipeline, id, wanted]);
  return (
    <article className="sample card transcript" aria-label="The problem through all stages">
      <header>
        <h3 className="sample-prompt">{prompt}</h3>
        <p>
          {family} · level {level}
        </p>
      </header>
      <Failure of={failure} />
      {answers === null && failure === null && <p className="empty-line">Looking…</p>}
      <ol className="transcript-models" aria-live="polite">
        {models.flatMap((model) =>
          (answers ?? [])
            .filter(({ run }) => run === model)
            .map((answer) => (
              <li key={`${model} ${answer.id}`}>
                <Answer answer={answer} />
              </li>
            )),
        )}
      </ol>
    </article>
  );
}

function Answer({ answer }: { readonly answer: FoundRollout }) {
  const { run, tokens, thinking, completion, answer: said, reason, finish } = answer;
  return (
    <section className="story-answer" aria-label={run}>
      <p className="try-head">
        <Mark right={isRight(answer)} />
        <b className="transcript-model">{run}</b>
        <span>{plural(tokens, "token", "tokens")}</span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <pre className="thinking" tabIndex={0}>
        {thinking !== "" ? thinking : said === null ? completion : "(it answers at once)"}
      </pre>
      <p className="sample-answer">{said ?? <em>no answer in the agreed form</em>}</p>
      <p className="sample-reason">
        {sentence(reason)}
        {finish === "length" && !reason.includes("limit") && " Cut off at the length limit."}
      </p>
      <Earned rollout={answer} heldOut />
    </section>
  );
}
