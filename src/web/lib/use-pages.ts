/** Items of a long answer, loaded page by page as they come into sight; only the last pages are kept. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiFailure } from "./api.ts";

export interface PageOf<T> {
  readonly total: number;
  readonly items: readonly T[];
}

export interface Pages<T, P extends PageOf<T>> {
  /** The first page's answer, which has the facets; null before it came. */
  readonly head: P | null;
  readonly item: (index: number) => T | undefined;
  readonly show: (first: number, last: number) => void;
  readonly loading: boolean;
  readonly failure: ApiFailure | null;
}

const PAGE = 50;
const MOST_PAGES = 40;
const PATIENCE_MS = 180;

/**
 * @param question what is asked, as a string: another one begins anew
 * @param load one page of the answer
 */
export function usePages<T, P extends PageOf<T>>(
  question: string,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<P>,
): Pages<T, P> {
  const loadPage = useRef(load);
  loadPage.current = load;
  const pages = useRef(new Map<number, P | null>());
  const running = useRef(new AbortController());
  const [head, setHead] = useState<P | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [loading, setLoading] = useState(true);
  const [, setVersion] = useState(0);

  const want = useCallback(async (page: number): Promise<void> => {
    const known = pages.current;
    if (known.has(page)) return;
    known.set(page, null);
    const { signal } = running.current;
    try {
      const answer = await loadPage.current(page * PAGE, PAGE, signal);
      if (signal.aborted) return;
      known.delete(page);
      known.set(page, answer);
      for (const oldest of known.keys()) {
        if (known.size <= MOST_PAGES) break;
        known.delete(oldest);
      }
      if (page === 0) setHead(answer);
      setFailure(null);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiFailure)) throw error;
      known.delete(page);
      setFailure(error);
    }
    setLoading(false);
    setVersion((version) => version + 1);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins anew, after a moment without typing.
  useEffect(() => {
    const mine = new AbortController();
    setLoading(true);
    const timer = setTimeout(() => {
      pages.current = new Map();
      running.current = mine;
      void want(0);
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      mine.abort();
    };
  }, [question, want]);

  const item = useCallback(
    (index: number): T | undefined => pages.current.get(Math.floor(index / PAGE))?.items[index % PAGE],
    [],
  );
  const show = useCallback(
    (first: number, last: number): void => {
      if (running.current.signal.aborted) return;
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) void want(page);
    },
    [want],
  );
  return { head, item, show, loading, failure };
}
