/** Grow: a run, from its headline down to single answers. */
import type { RunSummary } from "../../serve/wire.ts";
import { headline, isReading, STATUS_WORDS, shownStatus } from "../lib/headline.ts";
import { routeHash } from "../lib/route.ts";
import type { Theme } from "../lib/theme.ts";
import { told } from "../lib/told.ts";
import { useRun } from "../lib/use-run.ts";
import { CurvesPanel } from "./curves-panel.tsx";
import { EventsPanel } from "./events-panel.tsx";
import { RolloutsPanel } from "./rollouts-panel.tsx";
import { Status } from "./status.tsx";

export interface GrowProps {
  readonly runs: readonly RunSummary[] | null;
  /** The run in the address; null for the newest. */
  readonly chosen: string | null;
  readonly theme: Theme;
}

export function Grow({ runs, chosen, theme }: GrowProps) {
  const name = chosen ?? runs?.[0]?.name ?? null;
  if (name === null) return runs === null ? <Waiting /> : <NoRun />;
  return <GrowRun key={name} name={name} runs={runs ?? []} theme={theme} />;
}

function GrowRun({
  name,
  runs,
  theme,
}: {
  readonly name: string;
  readonly runs: readonly RunSummary[];
  readonly theme: Theme;
}) {
  const run = useRun(name);
  if (run.error !== null && run.detail === null) {
    return (
      <div className="hero">
        <h1>There is no such run.</h1>
        <p className="lede told">{told({ message: run.error.message })}</p>
        <p>
          <a href={routeHash({ view: "grow", run: null })}>Show the newest run</a>
        </p>
      </div>
    );
  }
  const { title, detail } =
    run.detail === null ? { title: "One moment.", detail: "Reading the run." } : headline(run.state, run.curves);
  return (
    <>
      <div className="hero">
        {runs.length > 1 ? (
          <label className="run-choice">
            Run
            <select
              value={name}
              onChange={(event) => window.location.assign(routeHash({ view: "grow", run: event.target.value }))}
            >
              {!runs.some((one) => one.name === name) && <option value={name}>{name}</option>}
              {runs.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name}: {STATUS_WORDS[shownStatus(one.state)].toLowerCase()}
                  {one.lastStep !== null && `, step ${one.lastStep}`}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <p className="run-choice">Run {name}</p>
        )}
        <h1>{title}</h1>
        <p className="lede told">{detail}</p>
        {name.includes("/") && (
          <p>
            <a href={routeHash({ view: "stages", run: name.split("/")[0]!, tab: "overview", stage: null })}>
              A stage of {name.split("/")[0]}
            </a>
          </p>
        )}
      </div>
      {run.connection === "lost" && <Lost />}
      <Status name={name} detail={run.detail} state={run.state} curves={run.curves} onChange={run.refresh} />
      <CurvesPanel curves={run.curves} version={run.version} recipe={run.detail?.recipe ?? null} theme={theme} />
      {!(isReading(run.curves) && run.rollouts.total === 0) && <RolloutsPanel name={name} rollouts={run.rollouts} />}
      <EventsPanel events={run.events} />
      {run.detail !== null && run.detail.recipe !== null && (
        <details className="recipe">
          <summary>Recipe of this run</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
          <pre tabIndex={0}>{JSON.stringify(run.detail.recipe, null, 2)}</pre>
        </details>
      )}
    </>
  );
}

function Lost() {
  return (
    <p className="banner" role="status">
      Reckon does not answer. What you see is the last that came; it goes on by itself when the server is back.
    </p>
  );
}

function Waiting() {
  return (
    <div className="hero">
      <h1>One moment.</h1>
      <p className="lede">Looking for runs.</p>
    </div>
  );
}

function NoRun() {
  return (
    <div className="hero empty">
      <svg viewBox="0 0 240 90" aria-hidden="true" className="empty-art">
        <path d="M8 80h224" />
        <path className="empty-curve" d="M8 74c50 0 66-8 92-30s44-30 132-32" />
      </svg>
      <h1>Nothing grows here yet.</h1>
      <p className="lede">As soon as a run begins, its curves appear on this page by themselves. To begin one:</p>
      <pre className="command">npx reckon train r1-zero</pre>
      <p className="lede small">
        Meanwhile you can <a href="#/talk">talk to the models</a> that are here already.
      </p>
    </div>
  );
}
