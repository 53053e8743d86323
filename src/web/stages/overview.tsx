/** How far the stages are, what each of them took and left, and the table of what each gave. */

import { useEffect, useState } from "react";
import { count, duration, number, plural } from "../../report/format.ts";
import type { PipelineDetail, PipelineStage, StageInput, StageResult, StaleStage } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { routeHash } from "../lib/route.ts";
import { ControlButtons, Failure, ProgressBar } from "../lib/status-parts.tsx";
import { StageTable } from "./stage-table.tsx";
import { kindWords, STAGE_WORDS, stageWords } from "./words.ts";

export function Overview({ detail, onChange }: { readonly detail: PipelineDetail; readonly onChange: () => void }) {
  const { name, stageList, stale } = detail;
  return (
    <>
      <Totals detail={detail} onChange={onChange} />
      <section aria-labelledby="stages-title" className="panel">
        <header className="panel-head">
          <h2 id="stages-title">Stages</h2>
          <p className="panel-about">
            Each is a run of its own, and begins with what the ones before it have left. Started again, what is done is
            passed over unless its settings or its inputs have changed.
          </p>
        </header>
        <ol className="stages">
          {stageList.map((stage, i) => (
            <li key={stage.name}>
              <Stage stage={stage} place={i + 1} pipeline={name} />
            </li>
          ))}
        </ol>
        {stale.length > 0 && <Stale stale={stale} />}
      </section>
      <StageTable name={name} table={detail.table} />
    </>
  );
}

function Totals({ detail, onChange }: { readonly detail: PipelineDetail; readonly onChange: () => void }) {
  const { name, status, stageList, stages, finished, control } = detail;
  const [busy, setBusy] = useState<"pause" | "resume" | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  // A pause takes effect at the end of a step: the button waits for the state to change.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new state is the signal.
  useEffect(() => setBusy(null), [status, finished]);
  const act = (action: "pause" | "resume"): void => {
    setBusy(action);
    setFailure(null);
    api.controlPipeline(name, action).then(onChange, (error: unknown) => {
      setBusy(null);
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    });
  };
  const seconds = stageList.reduce((sum, stage) => sum + stage.seconds, 0);
  const tokens = stageList.reduce((sum, stage) => sum + (stage.tokens ?? 0), 0);
  const steps = stageList.reduce((sum, stage) => sum + share(stage), 0) / Math.max(1, stages);
  return (
    <section className="status card" aria-label="Status">
      <dl className="facts stages-facts">
        <div>
          <dt>State</dt>
          <dd>
            <span className={`state state-${status}`}>{STAGE_WORDS[status]}</span>
          </dd>
        </div>
        <div>
          <dt>Stages done</dt>
          <dd>
            {finished} <small>of {stages}</small>
          </dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{duration(seconds)}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>{number(tokens)}</dd>
        </div>
        <div className="action">
          <ControlButtons pause={control.pause} resume={control.resume} busy={busy} onAct={act} />
        </div>
      </dl>
      <ProgressBar label="Progress of all stages" status={status} done={steps} />
      <Failure of={failure} />
    </section>
  );
}

/** How much of a stage is done, 0..1. */
function share({ status, step, steps }: PipelineStage): number {
  if (status === "finished") return 1;
  return status === "waiting" || step === null || steps === null ? 0 : Math.min(1, step / steps);
}

interface StageProps {
  readonly stage: PipelineStage;
  readonly place: number;
  readonly pipeline: string;
}

function Stage({ stage, place, pipeline }: StageProps) {
  const { name, kind, status, run, inputs, step, steps, seconds, tokens, sampledTokens, result } = stage;
  return (
    <article className={`stage card stage-${status}`} aria-label={`Stage ${place}: ${name}`}>
      <header>
        <span className="stage-place" aria-hidden="true">
          {place}
        </span>
        <div>
          <h3>
            {name} <small>{kind}</small>
          </h3>
          <p className="stage-about">
            {kindWords(kind)}
            {inputs.length > 0 && <Inputs inputs={inputs} />}
          </p>
        </div>
        <span className={`state state-${status}`}>{stageWords(stage)}</span>
      </header>
      <dl className="stage-facts">
        <div>
          <dt>Steps</dt>
          <dd>
            {step === null || status === "waiting" ? "–" : count(step)}
            {steps !== null && status !== "waiting" && <small> of {count(steps)}</small>}
          </dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{seconds > 0 && status !== "waiting" ? duration(seconds) : "–"}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            {tokens === null ? "–" : number(tokens)}
            {sampledTokens !== null && <small> {number(sampledTokens)} written</small>}
          </dd>
        </div>
        <div className="stage-result">
          <dt>Left</dt>
          <dd>
            {result === null ? "nothing yet" : <Result result={result} pipeline={pipeline} stage={name} kind={kind} />}
          </dd>
        </div>
        {run !== null && (
          <div className="stage-run">
            <dt>Run</dt>
            <dd>
              <a href={routeHash({ view: "grow", run })}>{run}</a>
            </dd>
          </div>
        )}
      </dl>
    </article>
  );
}

function Inputs({ inputs }: { readonly inputs: readonly StageInput[] }) {
  return (
    <>
      {inputs.map(({ what, stage, place }) => (
        <span key={`${what} ${place}`}>
          {` · ${what} of `}
          {stage === null ? <code>{place}</code> : <b>{place}</b>}
        </span>
      ))}
    </>
  );
}

interface ResultProps {
  readonly result: StageResult;
  readonly pipeline: string;
  readonly stage: string;
  readonly kind: string;
}

function Result({ result, pipeline, stage, kind }: ResultProps) {
  switch (result.what) {
    case "model":
      return (
        <>
          {kind === "reward" ? "a reward model" : "a model"}, step {count(result.step)}{" "}
          {kind !== "reward" && <a href={routeHash({ view: "talk" })}>talk to it</a>}
        </>
      );
    case "data":
      return (
        <>
          {plural(result.rows, "row", "rows")} of data{" "}
          <a href={routeHash({ view: "stages", run: pipeline, tab: "data", stage })}>read them</a>
        </>
      );
    default:
      result satisfies never;
      throw new Error("unreachable");
  }
}

function Stale({ stale }: { readonly stale: readonly StaleStage[] }) {
  return (
    <details className="more">
      <summary>Laid aside ({stale.length})</summary>
      <p className="panel-about">What other settings made. It comes back when the recipe has these settings again.</p>
      <ul className="stale">
        {stale.map(({ folder, seconds }) => (
          <li key={folder}>
            <code>{folder}</code>
            {seconds !== null && seconds > 0 && <span> {duration(seconds)} of work</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
