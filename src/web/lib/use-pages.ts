/** Items of a long answer, loaded page by page as they come into sight; only the last pages are kept. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiFailure } from "./api.ts";

export interface PageOf<T> {
  readonly total: number;
  readonly items: readonly T[];
}

export interface Pages<T, P extends PageOf<T>> {
  /** The first page's answer, which has the facets; null before it came. That of the question before, while loading. */
  readonly head: P | null;
  readonly item: (index: number) => T | undefined;
  /** Asks for rows that come into sight. */
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
 * @param version changes when the answer may have: what is in sight is then asked for again, in its place
 */
export function usePages<T, P extends PageOf<T>>(
  question: string,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<P>,
  version = "",
): Pages<T, P> {
  const loadPage = useRef(load);
  loadPage.current = load;
  const pages = useRef(new Map<number, P | null>());
  const sight = useRef<readonly [number, number]>([0, 0]);
  const running = useRef(new AbortController());
  const [head, setHead] = useState<P | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [loading, setLoading] = useState(true);
  const [, redraw] = useState(0);

  /** Loads pages into a map; what fails is told, and may be asked for again. */
  const fill = useCallback(
    async (into: Map<number, P | null>, wanted: readonly number[], signal: AbortSignal): Promise<void> => {
      const missing = wanted.filter((page) => !into.has(page));
      for (const page of missing) into.set(page, null);
      try {
        const answers = await Promise.all(missing.map((page) => loadPage.current(page * PAGE, PAGE, signal)));
        missing.forEach((page, i) => {
          into.delete(page);
          into.set(page, answers[i]!);
        });
        for (const oldest of into.keys()) {
          if (into.size <= MOST_PAGES) break;
          into.delete(oldest);
        }
        if (signal.aborted) return;
        setFailure(null);
      } catch (error) {
        for (const page of missing) into.delete(page);
        if (signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      }
      setLoading(false);
    },
    [],
  );

  const item = useCallback(
    (index: number): T | undefined => pages.current.get(Math.floor(index / PAGE))?.items[index % PAGE],
    [],
  );
  const show = useCallback(
    (first: number, last: number): void => {
      sight.current = [first, last];
      const { signal } = running.current;
      const wanted = pagesOf(first, last);
      if (signal.aborted || pages.current.size === 0 || wanted.every((page) => pages.current.has(page))) return;
      void fill(pages.current, wanted, signal).then(() => redraw((n) => n + 1));
    },
    [fill],
  );
  const asked = useRef("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins anew, another version looks again.
  useEffect(() => {
    const mine = new AbortController();
    const first = asked.current === "";
    const anew = asked.current !== question;
    if (anew) setLoading(true);
    const timer = setTimeout(
      async () => {
        asked.current = question;
        if (anew) sight.current = [0, 0];
        running.current = mine;
        const fresh = new Map<number, P | null>();
        await fill(fresh, [...new Set([0, ...pagesOf(...sight.current)])], mine.signal);
        const answer = fresh.get(0);
        if (mine.signal.aborted || answer === null || answer === undefined) return;
        pages.current = fresh;
        setHead(answer);
        redraw((n) => n + 1);
        show(...sight.current); // What came into sight meanwhile.
      },
      first ? 0 : PATIENCE_MS,
    );
    return () => {
      clearTimeout(timer);
      mine.abort();
    };
  }, [question, version, fill, show]);

  return { head, item, show, loading, failure };
}

function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(first / PAGE);
  return Array.from({ length: Math.floor(last / PAGE) - from + 1 }, (_, i) => from + i);
}
