/** Where the run stands: state, step, time left, and the button that pauses it. */

import { useEffect, useState } from "react";
import { count, duration } from "../../report/format.ts";
import type { RunDetail, RunState } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import type { Curves } from "../lib/curves.ts";
import { STATUS_WORDS, secondsLeft, shownStatus } from "../lib/headline.ts";
import { ControlButtons, Failure, ProgressBar } from "../lib/status-parts.tsx";

export interface StatusProps {
  readonly name: string;
  readonly detail: RunDetail | null;
  readonly state: RunState | null;
  readonly curves: Curves;
  readonly onChange: () => void;
}

export function Status({ name, detail, state, curves, onChange }: StatusProps) {
  const status = shownStatus(state);
  const [busy, setBusy] = useState<"pause" | "resume" | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const left = status === "running" ? secondsLeft(state, curves) : null;
  const done = state === null || state.steps === 0 ? 0 : Math.min(1, state.step / state.steps);

  // A pause takes effect at the end of a step: the button waits for the state to change.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new state is the signal.
  useEffect(() => setBusy(null), [status]);
  useEffect(() => {
    if (busy === null) return;
    const timer = setTimeout(() => setBusy(null), 20_000);
    return () => clearTimeout(timer);
  }, [busy]);

  const act = (action: "pause" | "resume"): void => {
    setBusy(action);
    setFailure(null);
    api.control(name, action).then(onChange, (error: unknown) => {
      setBusy(null);
      if (error instanceof ApiFailure) setFailure(error);
      else throw error;
    });
  };

  const control = detail?.control ?? { pause: false, resume: false };
  const canPause = busy === "pause" || (control.pause && status === "running");
  const canResume =
    busy === "resume" ||
    (control.resume && (status === "paused" || status === "stopped" || status === "lost" || status === "failed"));

  // A process needs a moment to begin and to end, in which neither can be done: look again.
  const waiting = detail !== null && !canPause && !canResume && status !== "finished";
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(onChange, 1500);
    return () => clearInterval(timer);
  }, [waiting, onChange]);

  return (
    <section className="status card" aria-label="Status">
      <dl className="facts">
        <div>
          <dt>State</dt>
          <dd>
            <span className={`state state-${status}`}>{STATUS_WORDS[status]}</span>
          </dd>
        </div>
        <div>
          <dt>Step</dt>
          <dd>
            {state === null ? "–" : count(state.step)}
            {state !== null && state.steps > 0 && <small> of {count(state.steps)}</small>}
          </dd>
        </div>
        <div>
          <dt>{left === null ? "Time" : "Time left"}</dt>
          <dd>{left !== null ? `about ${duration(left)}` : <Elapsed state={state} />}</dd>
        </div>
        <div className="action">
          <ControlButtons pause={canPause} resume={canResume} busy={busy} onAct={act} />
        </div>
      </dl>
      <ProgressBar label="Progress" status={status} done={done} />
      <Failure of={failure} />
    </section>
  );
}

function Elapsed({ state }: { readonly state: RunState | null }) {
  if (state === null || state.startedAt === null || state.updatedAt === null) return <>–</>;
  return <>{duration((Date.parse(state.updatedAt) - Date.parse(state.startedAt)) / 1000)}</>;
}
