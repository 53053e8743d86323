/** The shell: name, the views, the theme, and a word when the server is gone. */
import { lazy, Suspense, useEffect, useLayoutEffect, useRef } from "react";
import { Grow } from "./grow/grow.tsx";
import { Label } from "./label/label.tsx";
import { useLabelInfo } from "./label/use-label.ts";
import { Bar } from "./lib/bar.tsx";
import { parseRoute, type Route, routeHash, useHash } from "./lib/route.ts";
import { useTheme } from "./lib/theme.ts";
import { useRuns } from "./lib/use-run.ts";
import { Runs } from "./runs/runs.tsx";
import { Stages } from "./stages/stages.tsx";
import { Talk } from "./talk/talk.tsx";

/** With the engine and the rooms it needs: only whoever opens it loads them. */
const Tab = lazy(() => import("./tab/tab.tsx"));

const TITLES: Readonly<Record<Route["view"], string>> = {
  grow: "Grow",
  talk: "Talk",
  runs: "Runs",
  stages: "Stages",
  tab: "Grow in this tab",
  label: "Rate",
};

export function App() {
  const route = parseRoute(useHash());
  const view = route.view;
  const [theme, toggleTheme] = useTheme();
  // A tab that grows a model by itself asks the server for nothing.
  const { runs, offline } = useRuns(view !== "tab");
  const sent = useRef<Promise<unknown>>(Promise.resolve());
  const label = useLabelInfo(view, offline, sent);
  const main = useRef<HTMLElement>(null);
  /** Views that have been opened: they stay alive behind the others. */
  const opened = useRef(new Set<string>());
  opened.current.add(view);
  // Grow stays alive behind Talk, on the run that was chosen.
  const chosen = useRef<string | null>(null);
  if (route.view === "grow") chosen.current = route.run;
  // So do the runs that were looked at, once they were.
  const compared = useRef<Extract<Route, { view: "runs" }> | null>(null);
  if (route.view === "runs") compared.current = route;

  const staged = useRef<Extract<Route, { view: "stages" }> | null>(null);
  if (route.view === "stages") staged.current = route;
  // A run of several stages shows as its stages.
  const hasStages = staged.current !== null || (runs ?? []).some(({ name }) => name.includes("/"));

  // Each view keeps its own place on the page.
  const places = useRef<Record<Route["view"], number>>({ grow: 0, talk: 0, runs: 0, stages: 0, tab: 0, label: 0 });
  useLayoutEffect(() => {
    window.scrollTo(0, places.current[view]);
    const remember = (): void => {
      places.current[view] = window.scrollY;
    };
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, [view]);

  useEffect(() => {
    document.title = `${TITLES[view]} · Reckon studio`;
  }, [view]);

  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link; the address is the router's, so it moves the focus by hand. */}
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header className="top">
        <div className="top-in">
          <a className="brand" href={routeHash({ view: "grow", run: null })}>
            <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
              <path d="M4 25c6 0 7-4 11-8.5S21 8 28 7" />
              <circle cx="27" cy="7.3" r="2.8" />
            </svg>
            <span className="brand-name">Reckon</span>
          </a>
          <Bar label="Views">
            <a
              href={routeHash({ view: "grow", run: chosen.current })}
              aria-current={view === "grow" ? "page" : undefined}
            >
              Grow
            </a>
            <a href={routeHash({ view: "talk" })} aria-current={view === "talk" ? "page" : undefined}>
              Talk
            </a>
            <a
              href={routeHash(compared.current ?? { view: "runs", tab: "compare", runs: null })}
              aria-current={view === "runs" ? "page" : undefined}
            >
              Runs
            </a>
            {hasStages && (
              <a
                href={routeHash(staged.current ?? { view: "stages", run: null, tab: "overview", stage: null })}
                aria-current={view === "stages" ? "page" : undefined}
              >
                Stages
              </a>
            )}
            <a href={routeHash({ view: "tab" })} aria-current={view === "tab" ? "page" : undefined}>
              In this tab
            </a>
            {label !== null && label.info.file !== null && (
              <a href={routeHash({ view: "label", place: null })} aria-current={view === "label" ? "page" : undefined}>
                Rate
              </a>
            )}
          </Bar>
          <button
            type="button"
            className="theme"
            onClick={toggleTheme}
            aria-label={theme === "dark" ? "Switch to light theme" : "Switch to dark theme"}
          >
            {theme === "dark" ? (
              <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <circle cx="12" cy="12" r="4.5" />
                <path d="M12 2v3M12 19v3M2 12h3M19 12h3M4.9 4.9l2.1 2.1M17 17l2.1 2.1M4.9 19.1 7 17M17 7l2.1-2.1" />
              </svg>
            ) : (
              <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z" />
              </svg>
            )}
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {offline && (view === "talk" || view === "label") && (
          <p className="banner" role="status">
            Reckon does not answer. It may have been closed; start it again with npm start.
          </p>
        )}
        {view !== "tab" && (
          <div hidden={view !== "grow"}>
            <Grow runs={runs} chosen={chosen.current} theme={theme} />
          </div>
        )}
        {(view !== "tab" || opened.current.size > 1) && (
          <div hidden={view !== "talk"}>
            <Talk />
          </div>
        )}
        {compared.current !== null && view !== "tab" && (
          <div hidden={view !== "runs"}>
            <Runs runs={runs} route={compared.current} active={view === "runs"} />
          </div>
        )}
        {staged.current !== null && view !== "tab" && (
          <div hidden={view !== "stages"}>
            <Stages route={staged.current} active={view === "stages"} />
          </div>
        )}
        {route.view === "label" && (
          <Label known={label?.view === "label" ? label.info : null} place={route.place} sent={sent} />
        )}
        {opened.current.has("tab") && (
          <div hidden={view !== "tab"}>
            <Suspense fallback={<p className="lede">One moment.</p>}>
              <Tab theme={theme} />
            </Suspense>
          </div>
        )}
      </main>
      <footer className="bottom">
        Everything here runs on your own machine. Nothing leaves it. <a href="./licenses.txt">Licences</a> of what this
        page is built with.
      </footer>
    </>
  );
}
