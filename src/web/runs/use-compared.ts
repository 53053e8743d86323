/**
 * The runs that are compared: what each one is, and its curves. Runs that still grow are asked for their new rows every few
 * seconds, those that rest now and then: browsers open too few connections for a stream each.
 */
import { useEffect, useRef, useState } from "react";
import type { RunDetail } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { Curves } from "../lib/curves.ts";
import { isDue, REFRESH_MS } from "./refresh.ts";

export interface ComparedRun {
  readonly name: string;
  readonly detail: RunDetail;
  readonly curves: Curves;
  /** Changes with the data of `curves`. */
  readonly version: number;
}

export interface Compared {
  /** In the order in which they were chosen; those that are still loading are not among them. */
  readonly runs: readonly ComparedRun[];
  readonly loading: boolean;
  /** What went wrong, by run. */
  readonly failures: ReadonlyMap<string, ApiFailure>;
}

export function useCompared(names: readonly string[], active: boolean): Compared {
  const known = useRef(new Map<string, ComparedRun>());
  const [failures, setFailures] = useState<ReadonlyMap<string, ApiFailure>>(new Map());
  const [, setVersion] = useState(0);
  const wanted = names.join(",");

  useEffect(() => {
    if (!active) return;
    const left = new AbortController();
    const list = wanted === "" ? [] : wanted.split(",");
    for (const name of known.current.keys()) if (!list.includes(name)) known.current.delete(name);

    const load = async (name: string): Promise<void> => {
      const before = known.current.get(name);
      try {
        const detail = await api.run(name, left.signal);
        const curves = before?.curves ?? new Curves();
        // A run that was cut back (resumed) may have fewer rows than are known: begin again.
        const restart = before === undefined || (detail.state?.step ?? Number.POSITIVE_INFINITY) < curves.lastStep;
        if (restart) curves.load(await api.metrics(name, left.signal));
        else curves.append(await api.rowsAfter(name, curves.lastStep, left.signal));
        known.current.set(name, { name, detail, curves, version: curves.version });
        setFailures((old) => (old.has(name) ? new Map([...old].filter(([one]) => one !== name)) : old));
        setVersion((version) => version + 1);
      } catch (error) {
        if (left.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailures((old) => new Map(old).set(name, error));
      }
    };

    let timer: ReturnType<typeof setTimeout> | undefined;
    // The first round asks for all: they may have gone on while nobody looked.
    const refresh = async (round: number): Promise<void> => {
      const due = list.filter((name) => round === 0 || isDue(known.current.get(name)?.detail.state, round));
      if (!document.hidden) await Promise.all(due.map(load));
      if (!left.signal.aborted) timer = setTimeout(() => void refresh(round + 1), REFRESH_MS);
    };
    void refresh(0);
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [wanted, active]);

  const runs = names.flatMap((name) => known.current.get(name) ?? []);
  const waiting = names.some((name) => !known.current.has(name) && !failures.has(name));
  return { runs, loading: waiting, failures };
}
