/**
 * Addresses of the page: `#/grow`, `#/grow/RUN`, `#/talk`, `#/runs`, `#/runs/TAB/RUN,RUN`, `#/stages/RUN/TAB`,
 * `#/stages/RUN/data/STAGE`, `#/tab`, `#/label/PLACE`.
 */
import { useSyncExternalStore } from "react";

export const RUNS_TABS = ["compare", "samples", "problems", "ladder"] as const;
export type RunsTab = (typeof RUNS_TABS)[number];

export const STAGES_TABS = ["overview", "curves", "transcripts", "data"] as const;
export type StagesTab = (typeof STAGES_TABS)[number];

export type Route =
  | { readonly view: "grow"; readonly run: string | null }
  | { readonly view: "talk" }
  | { readonly view: "tab" }
  /** `place`: of the trace in its file, from 1; null for the first that lacks a rating. */
  | { readonly view: "label"; readonly place: number | null }
  /** `run`: of several stages; null for the newest. `stage`: whose data is shown; null for the first that has some. */
  | { readonly view: "stages"; readonly run: string | null; readonly tab: StagesTab; readonly stage: string | null }
  /** `runs`: those chosen; null for the page's own choice. */
  | { readonly view: "runs"; readonly tab: RunsTab; readonly runs: readonly string[] | null };

export function parseRoute(hash: string): Route {
  const [, view, run] = hash.replace(/^#/, "").split("?")[0]!.split("/");
  if (view === "talk" || view === "tab") return { view };
  if (view === "label") return { view, place: /^[1-9]\d{0,8}$/.test(run ?? "") ? Number(run) : null };
  if (view === "runs") return runsRoute(hash);
  if (view === "stages") return stagesRoute(hash);
  return { view: "grow", run: run === undefined || run === "" ? null : safeDecode(run) };
}

function runsRoute(hash: string): Route {
  const [, , tab, names] = hash.replace(/^#/, "").split("/");
  const runs = names === undefined ? null : names.split(",").map(safeDecode);
  return { view: "runs", tab: RUNS_TABS.find((one) => one === tab) ?? "compare", runs: runs?.filter(Boolean) ?? null };
}

function stagesRoute(hash: string): Route {
  const [, , run, tab, stage] = hash.replace(/^#/, "").split("/").map(safeDecode);
  return {
    view: "stages",
    run: run || null,
    tab: STAGES_TABS.find((one) => one === tab) ?? "overview",
    stage: stage || null,
  };
}

export function routeHash(route: Route): string {
  switch (route.view) {
    case "talk":
    case "tab":
      return `#/${route.view}`;
    case "label":
      return route.place === null ? "#/label" : `#/label/${route.place}`;
    case "grow":
      return route.run === null ? "#/grow" : `#/grow/${encodeURIComponent(route.run)}`;
    case "stages": {
      if (route.run === null) return "#/stages";
      const stage = route.tab === "data" && route.stage !== null ? `/${encodeURIComponent(route.stage)}` : "";
      const tab = route.tab === "overview" ? "" : `/${route.tab}${stage}`;
      return `#/stages/${encodeURIComponent(route.run)}${tab}`;
    }
    case "runs":
      if (route.runs === null) return route.tab === "compare" ? "#/runs" : `#/runs/${route.tab}`;
      return `#/runs/${route.tab}/${route.runs.map(encodeURIComponent).join(",")}`;
    default:
      route satisfies never;
      throw new Error("unreachable");
  }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** The hash of the address; parse it with `parseRoute`. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash);
}
