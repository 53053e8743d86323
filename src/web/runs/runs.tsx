/** Runs: any number of them beside each other, their curves, settings, answers and ladders. */
import { useMemo } from "react";
import { MOST_RUNS } from "../../report/most-runs.ts";
import { runLooks } from "../../report/run-colors.ts";
import type { RunSummary } from "../../serve/wire.ts";
import { Bar } from "../lib/bar.tsx";
import { type Route, RUNS_TABS, type RunsTab, routeHash } from "../lib/route.ts";
import { Compare } from "./compare.tsx";
import { LadderPanel } from "./ladder-panel.tsx";
import { Problems } from "./problems.tsx";
import { Chooser } from "./run-chooser.tsx";
import { LooksContext } from "./run-label.tsx";
import { Samples } from "./samples.tsx";
import { useCompared } from "./use-compared.ts";

const TAB_NAMES: Readonly<Record<RunsTab, string>> = {
  compare: "Compare",
  samples: "Search samples",
  problems: "One problem",
  ladder: "Ladder",
};

/** Runs that are chosen as long as nobody has: the newest ones. */
const FIRST_CHOICE = 3;

export interface RunsProps {
  readonly runs: readonly RunSummary[] | null;
  readonly route: Extract<Route, { view: "runs" }>;
  /** Whether the view is shown. */
  readonly active: boolean;
}

export function Runs({ runs, route, active }: RunsProps) {
  const all = runs ?? [];
  const names = all.map(({ name }) => name);
  // An address may be typed or kept from elsewhere, and name more than can be shown.
  const chosen = (route.runs ?? names.slice(0, FIRST_CHOICE)).slice(0, MOST_RUNS);
  // Newest first comes from the server; looks are given from the oldest on.
  const order = [...names].reverse().join(",");
  const looks = useMemo(() => runLooks(order === "" ? [] : order.split(",")), [order]);
  const compared = useCompared(chosen, active);
  const go = (change: { readonly tab?: RunsTab; readonly runs?: readonly string[] }): void => {
    window.location.replace(routeHash({ ...route, ...change }));
  };

  if (runs === null) return <Hero title="One moment." text="Looking for runs." />;
  if (runs.length === 0)
    return (
      <Hero
        title="There are no runs yet."
        text="As soon as a run begins it can be compared here. A run of another machine shows when its folder lies among the runs."
      />
    );
  return (
    <LooksContext value={looks}>
      <Hero
        title="What makes the difference?"
        text="Lay runs over each other, see which settings differ, and read what each of them wrote."
      />
      <Chooser runs={all} chosen={chosen} compared={compared} onChange={(next) => go({ runs: next })} />
      <Bar className="tabs" label="Parts of Runs">
        {RUNS_TABS.map((tab) => (
          <a key={tab} href={routeHash({ ...route, tab })} aria-current={route.tab === tab ? "page" : undefined}>
            {TAB_NAMES[tab]}
          </a>
        ))}
      </Bar>
      {chosen.length === 0 ? (
        <p className="empty-line card">Choose a run above.</p>
      ) : (
        <Tab tab={route.tab} chosen={chosen} compared={compared} />
      )}
    </LooksContext>
  );
}

interface TabProps {
  readonly tab: RunsTab;
  readonly chosen: readonly string[];
  readonly compared: ReturnType<typeof useCompared>;
}

function Tab({ tab, chosen, compared }: TabProps) {
  const names = chosen.filter((name) => !compared.failures.has(name));
  switch (tab) {
    case "compare":
      return <Compare runs={compared.runs} loading={compared.loading} />;
    case "samples":
      return <Samples names={names} version={compared.runs.map(({ detail }) => detail.lastStep).join(",")} />;
    case "problems":
      return <Problems names={names} runs={compared.runs} />;
    case "ladder":
      return <LadderPanel runs={compared.runs} loading={compared.loading} />;
    default:
      tab satisfies never;
      throw new Error("unreachable");
  }
}

function Hero({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="hero">
      <h1>{title}</h1>
      <p className="lede">{text}</p>
    </div>
  );
}
