/** Stages: a recipe of several of them, from how far it is down to what each model answered. */
import { useMemo } from "react";
import { runLooks } from "../../report/run-colors.ts";
import type { PipelineDetail } from "../../serve/wire.ts";
import { Bar } from "../lib/bar.tsx";
import { type Route, routeHash, STAGES_TABS, type StagesTab } from "../lib/route.ts";
import { told } from "../lib/told.ts";
import { Compare } from "../runs/compare.tsx";
import { LooksContext } from "../runs/run-label.tsx";
import { useCompared } from "../runs/use-compared.ts";
import { Data } from "./data.tsx";
import { Overview } from "./overview.tsx";
import { Transcripts } from "./transcripts.tsx";
import { usePipeline, usePipelines } from "./use-pipeline.ts";
import { pipelineHeadline, STAGE_WORDS } from "./words.ts";

const TAB_NAMES: Readonly<Record<StagesTab, string>> = {
  overview: "Overview",
  curves: "Curves",
  transcripts: "One problem",
  data: "Data",
};

export interface StagesProps {
  readonly route: Extract<Route, { view: "stages" }>;
  /** Whether the view is shown. */
  readonly active: boolean;
}

export function Stages({ route, active }: StagesProps) {
  const { value: pipelines, failure: none } = usePipelines(active);
  const name = route.run ?? pipelines?.[0]?.name ?? null;
  const { value: detail, failure, refresh } = usePipeline(name, active);
  if (name === null) {
    if (none !== null) return <Hero title="One moment." text={told(none)} />;
    return pipelines === null ? <Hero title="One moment." text="Looking for runs." /> : <NoPipeline />;
  }
  const here = { ...route, run: name };
  return (
    <>
      <div className="hero">
        {pipelines !== null && pipelines.length > 1 ? (
          <label className="run-choice">
            Run
            <select
              value={name}
              onChange={(event) => window.location.assign(routeHash({ ...here, run: event.target.value, stage: null }))}
            >
              {!pipelines.some((one) => one.name === name) && <option value={name}>{name}</option>}
              {pipelines.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name}: {STAGE_WORDS[one.status].toLowerCase()}, {one.finished} of {one.stages} stages
                </option>
              ))}
            </select>
          </label>
        ) : (
          <p className="run-choice">Run {name}</p>
        )}
        <h1 aria-live="polite">
          {detail === null ? (failure === null ? "One moment." : "It cannot be shown.") : pipelineHeadline(detail)}
        </h1>
        <p className="lede told">
          {detail?.description ?? (failure === null ? "Reading the run." : told({ message: failure.message }))}
        </p>
      </div>
      {detail !== null && (
        <>
          <Bar className="tabs" label="Parts of Stages">
            {STAGES_TABS.map((tab) => (
              <a key={tab} href={routeHash({ ...here, tab })} aria-current={route.tab === tab ? "page" : undefined}>
                {TAB_NAMES[tab]}
              </a>
            ))}
          </Bar>
          <Tab key={name} tab={route.tab} stage={route.stage} detail={detail} active={active} onChange={refresh} />
        </>
      )}
    </>
  );
}

interface TabProps {
  readonly tab: StagesTab;
  readonly stage: string | null;
  readonly detail: PipelineDetail;
  readonly active: boolean;
  readonly onChange: () => void;
}

function Tab({ tab, stage, detail, active, onChange }: TabProps) {
  switch (tab) {
    case "overview":
      return <Overview detail={detail} onChange={onChange} />;
    case "curves":
      return <StageCurves detail={detail} active={active} />;
    case "transcripts":
      return <Transcripts detail={detail} />;
    case "data":
      return <Data detail={detail} stage={stage} />;
    default:
      tab satisfies never;
      throw new Error("unreachable");
  }
}

/** The curves of all stages that have begun, in the order of the recipe. */
function StageCurves({ detail, active }: { readonly detail: PipelineDetail; readonly active: boolean }) {
  const names = detail.stageList.flatMap(({ run }) => (run === null ? [] : [run]));
  const compared = useCompared(names, active);
  const order = names.join(",");
  const looks = useMemo(() => runLooks(order === "" ? [] : order.split(",")), [order]);
  return (
    <LooksContext value={looks}>
      <Compare runs={compared.runs} loading={compared.loading} stages />
    </LooksContext>
  );
}

function Hero({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="hero">
      <h1>{title}</h1>
      <p className="lede told">{text}</p>
    </div>
  );
}

function NoPipeline() {
  return (
    <div className="hero">
      <h1>There is no run of several stages yet.</h1>
      <p className="lede">
        The pipeline of R1 is one: a cold start, reinforcement, its right answers as data, fine-tuning, reinforcement.
        To begin it:
      </p>
      <pre className="command">npx reckon train r1</pre>
    </div>
  );
}
