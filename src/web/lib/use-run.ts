/** A run as it grows: loads what there is, follows the stream, and finds back to a server that was gone. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RunDetail, RunEvent, RunState, RunStreamEvents, RunSummary } from "../../serve/wire.ts";
import { ApiFailure, api, runPath } from "./api.ts";
import { Curves } from "./curves.ts";

export type Connection = "connecting" | "live" | "lost";

export interface LiveRun {
  readonly detail: RunDetail | null;
  readonly state: RunState | null;
  readonly curves: Curves;
  /** Changes with `curves`, which is one object for a run's life. */
  readonly version: number;
  readonly events: readonly RunEvent[];
  readonly rollouts: { readonly total: number; readonly lastStep: number | null; readonly generation: number };
  readonly connection: Connection;
  readonly error: ApiFailure | null;
  /** Asks again what can be paused or resumed. */
  readonly refresh: () => void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
const HIDDEN_WAIT = 20_000;

export function useRun(name: string | null): LiveRun {
  const curves = useRef(new Curves());
  const [version, setVersion] = useState(0);
  const [detail, setDetail] = useState<RunDetail | null>(null);
  const [state, setState] = useState<RunState | null>(null);
  const [events, setEvents] = useState<readonly RunEvent[]>([]);
  const [rollouts, setRollouts] = useState<LiveRun["rollouts"]>({ total: 0, lastStep: null, generation: 0 });
  const [connection, setConnection] = useState<Connection>("connecting");
  const [error, setError] = useState<ApiFailure | null>(null);

  const refresh = useCallback(() => {
    if (name === null) return;
    api.run(name).then(setDetail, () => undefined);
  }, [name]);

  useEffect(() => {
    curves.current = new Curves();
    setVersion(0);
    setDetail(null);
    setState(null);
    setEvents([]);
    setRollouts({ total: 0, lastStep: null, generation: 0 });
    setConnection("connecting");
    setError(null);
    if (name === null) return;

    const left = new AbortController();
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = FIRST_WAIT;
    let status = "";
    let attempt = 0;

    const later = (): void => {
      source?.close();
      clearTimeout(timer);
      timer = setTimeout(connect, wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    };
    const changed = (): void => setVersion((previous) => previous + 1);
    const loadCurves = async (): Promise<void> => {
      curves.current.load(await api.metrics(name, left.signal));
      changed();
    };

    const connect = async (): Promise<void> => {
      source?.close();
      const mine = ++attempt;
      try {
        const [run] = await Promise.all([api.run(name, left.signal), loadCurves()]);
        if (mine !== attempt) return;
        setDetail(run);
        setState(run.state);
        status = statusOf(run.state);
        setError(null);
      } catch (failure) {
        if (left.signal.aborted || mine !== attempt) return;
        if (!(failure instanceof ApiFailure)) throw failure;
        if (failure.code === "OFFLINE") setConnection("lost");
        else setError(failure);
        later();
        return;
      }
      const stream = new EventSource(runPath(name, `/stream?after=${curves.current.lastStep}`));
      source = stream;
      let fresh = true;
      const on = <E extends keyof RunStreamEvents>(event: E, handle: (data: RunStreamEvents[E]) => void): void => {
        stream.addEventListener(event, (message) => {
          if (source === stream) handle(JSON.parse((message as MessageEvent<string>).data) as RunStreamEvents[E]);
        });
      };
      stream.onopen = () => {
        wait = FIRST_WAIT;
        setConnection("live");
      };
      stream.onerror = () => {
        if (source !== stream || left.signal.aborted) return;
        setConnection("lost");
        later();
      };
      on("state", (next) => {
        setState(next);
        if (statusOf(next) !== status) {
          status = statusOf(next);
          refresh();
        }
      });
      on("metrics", ({ rows }) => {
        curves.current.append(rows);
        changed();
      });
      on("events", ({ items }) => {
        // The first batch of a connection is everything so far.
        const replace = fresh;
        fresh = false;
        setEvents((previous) => (replace ? items : [...previous, ...items]));
      });
      on("rollouts", ({ total, lastStep }) => setRollouts((previous) => ({ ...previous, total, lastStep })));
      on("reset", ({ what }) => {
        switch (what) {
          case "metrics":
            loadCurves().catch(later);
            break;
          case "events":
            setEvents([]);
            break;
          case "rollouts":
            setRollouts((previous) => ({ ...previous, generation: previous.generation + 1 }));
            break;
          default:
            what satisfies never;
        }
      });
    };

    // Browsers open six connections to a server at most: a tab that nobody sees gives its own back.
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const visibility = (): void => {
      clearTimeout(hiding);
      if (document.hidden) {
        hiding = setTimeout(() => {
          attempt++;
          source?.close();
          source = null;
          clearTimeout(timer);
        }, HIDDEN_WAIT);
      } else if (source === null) {
        void connect();
      }
    };
    document.addEventListener("visibilitychange", visibility);

    void connect();
    return () => {
      document.removeEventListener("visibilitychange", visibility);
      clearTimeout(hiding);
      attempt++;
      left.abort();
      source?.close();
      source = null;
      clearTimeout(timer);
    };
  }, [name, refresh]);

  return { detail, state, curves: curves.current, version, events, rollouts, connection, error, refresh };
}

function statusOf(state: RunState | null): string {
  return `${state?.status} ${state?.alive}`;
}

/** The runs there are; asks again every few seconds while they are `wanted`. `null` until the first answer. */
export function useRuns(wanted: boolean): { runs: readonly RunSummary[] | null; offline: boolean } {
  const [runs, setRuns] = useState<readonly RunSummary[] | null>(null);
  const [offline, setOffline] = useState(false);
  useEffect(() => {
    if (!wanted) return;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      let wait = 3000;
      try {
        const next = await api.runs(left.signal);
        setRuns((previous) => (JSON.stringify(previous) === JSON.stringify(next) ? previous : next));
        setOffline(false);
        if (next.length === 0) wait = 1000;
      } catch (failure) {
        if (left.signal.aborted) return;
        setOffline(failure instanceof ApiFailure && failure.code === "OFFLINE");
      }
      timer = setTimeout(ask, document.hidden ? 15_000 : wait);
    };
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [wanted]);
  return { runs, offline };
}
