/** What the rating page knows: of the file, and of the trace that is before the reader. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { LabelInfo, LabelItem } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";

/** What is known of the file that is rated, and the view on which that was asked. */
export interface Known {
  readonly view: string;
  readonly info: LabelInfo;
}

/** What is rated; null until it is known. Asked for anew when the view changes: what lacks a rating may be another trace now. */
export function useLabelInfo(view: string): Known | null {
  // A tab that grows a model by itself asks the server for nothing.
  const wanted = view !== "tab";
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    if (!wanted) return;
    const leaving = new AbortController();
    // Without an answer there is no link to the page, and the shell says that the server is gone.
    api.label(leaving.signal).then(
      (info) => setKnown({ view, info }),
      () => undefined,
    );
    return () => leaving.abort();
  }, [wanted, view]);
  return known;
}

export interface Rating {
  readonly item: LabelItem | null;
  readonly info: LabelInfo | null;
  readonly failure: ApiFailure | null;
  /** Ratings are on their way. */
  readonly saving: boolean;
  rate(aspect: string, value: number): void;
}

/**
 * @param index of the trace; null for none
 * @param known what is known of the file already
 */
export function useRating(index: number | null, known: LabelInfo | null): Rating {
  const [item, setItem] = useState<LabelItem | null>(null);
  const [info, setInfo] = useState<LabelInfo | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [waiting, setWaiting] = useState(0);
  /** The ratings as they are meant to be: quick keys must not overtake the server's answers. */
  const meant = useRef<Readonly<Record<string, number>>>({});
  const shown = useRef<number | null>(null);
  /** The last ratings on their way: each goes when those before it have arrived, so that the newest are what the file keeps. */
  const sent = useRef<Promise<unknown>>(Promise.resolve());

  useEffect(() => {
    if (index === null) return;
    const leaving = new AbortController();
    shown.current = index;
    setItem(null);
    setFailure(null);
    api.labelItem(index, leaving.signal).then(
      (loaded) => {
        meant.current = loaded.ratings;
        setItem(loaded);
      },
      (error: unknown) => {
        if (error instanceof ApiFailure) setFailure(error);
      },
    );
    return () => leaving.abort();
  }, [index]);

  const rate = useCallback(
    (aspect: string, value: number): void => {
      if (index === null) return;
      const ratings = { ...meant.current, [aspect]: value };
      meant.current = ratings;
      setItem((before) => before && { ...before, ratings });
      setWaiting((n) => n + 1);
      const answered = sent.current.then(() => api.rate(index, ratings));
      sent.current = answered.catch(() => undefined);
      answered
        .then(
          (answer) => {
            setInfo(answer.info);
            setFailure(null);
            // Only what it says of the others is news; a later key may have changed the ratings already.
            if (shown.current === index) setItem((before) => before && { ...before, next: answer.item.next });
          },
          (error: unknown) => {
            if (error instanceof ApiFailure) setFailure(error);
          },
        )
        .finally(() => setWaiting((n) => n - 1));
    },
    [index],
  );
  return { item: item?.index === index ? item : null, info: info ?? known, failure, saving: waiting > 0, rate };
}
