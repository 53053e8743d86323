/** Runs of several stages, and one of them in full; both are asked for again while somebody looks at them. */
import { useCallback, useEffect, useState } from "react";
import type { PipelineDetail, PipelineSummary } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";

const REFRESH_MS = 3000;

export interface Watched<T> {
  /** The last answer; null before the first. */
  readonly value: T | null;
  readonly failure: ApiFailure | null;
  /** Asks again now. */
  readonly refresh: () => void;
}

/** Null until the first answer. */
export function usePipelines(active: boolean): Watched<readonly PipelineSummary[]> {
  return useWatched("pipelines", active, api.pipelines);
}

/** @param name null asks for nothing */
export function usePipeline(name: string | null, active: boolean): Watched<PipelineDetail> {
  const ask = useCallback((signal: AbortSignal) => api.pipeline(name!, signal), [name]);
  return useWatched(name, active, ask);
}

/** @param key of what is asked for: an answer to another one is forgotten */
function useWatched<T>(key: string | null, active: boolean, ask: (signal: AbortSignal) => Promise<T>): Watched<T> {
  const [known, setKnown] = useState<{ readonly key: string; readonly value: T } | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again.
  useEffect(() => {
    if (key === null || !active) return;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      try {
        const value = await ask(left.signal);
        setKnown((before) =>
          before?.key === key && JSON.stringify(before.value) === JSON.stringify(value) ? before : { key, value },
        );
        setFailure(null);
      } catch (error) {
        if (left.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      }
      if (!left.signal.aborted) timer = setTimeout(() => void look(), document.hidden ? 5 * REFRESH_MS : REFRESH_MS);
    };
    void look();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [key, active, ask, round]);
  const refresh = useCallback(() => setRound((n) => n + 1), []);
  return { value: known?.key === key ? known.value : null, failure, refresh };
}
