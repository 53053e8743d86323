/** What the rating page knows: of the file, and of the trace that is before the reader. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { LabelInfo, LabelItem } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { useLeaveWarning } from "../lib/use-leave-warning.ts";

/** What is known of the file that is rated, and the view on which that was asked. */
export interface Known {
  readonly view: string;
  readonly info: LabelInfo;
}

/** The last ratings on their way. What is asked of the file is asked behind them, so that nothing older comes back. */
export type Sent = RefObject<Promise<unknown>>;

/**
 * What is rated; null until it is known. Asked for anew when the view changes: what lacks a rating may be another trace now.
 * @param offline the server does not answer: it is asked when it does
 */
export function useLabelInfo(view: string, offline: boolean, sent: Sent): Known | null {
  const [known, setKnown] = useState<Known | null>(null);
  // What was known before the view was left says nothing of its next time.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view is the reason.
  useEffect(() => () => setKnown((before) => before && { ...before, view: "" }), [view]);
  const asked = known?.view === view;
  useEffect(() => {
    // A tab that grows a model by itself asks the server for nothing.
    if (view === "tab" || offline || asked) return;
    const leaving = new AbortController();
    // Without an answer there is no link to the page, and the shell says that the server is gone.
    sent.current
      .then(() => api.label(leaving.signal))
      .then(
        (info) => setKnown({ view, info }),
        () => undefined,
      );
    return () => leaving.abort();
  }, [view, offline, asked, sent]);
  return known;
}

/** Ratings that are not in the file, and why. */
export interface Unsaved {
  readonly index: number;
  readonly failure: ApiFailure;
}

export interface Rating {
  readonly item: LabelItem | null;
  readonly info: LabelInfo | null;
  /** The trace could not be read. */
  readonly failure: ApiFailure | null;
  readonly unsaved: Unsaved | null;
  /** Ratings are on their way. */
  readonly saving: boolean;
  rate(aspect: string, value: number): void;
}

/**
 * @param index of the trace; null for none
 * @param known what is known of the file already
 */
export function useRating(index: number | null, known: LabelInfo | null, sent: Sent): Rating {
  const [item, setItem] = useState<LabelItem | null>(null);
  const [info, setInfo] = useState<LabelInfo | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [unsaved, setUnsaved] = useState<Unsaved | null>(null);
  const [waiting, setWaiting] = useState(0);
  /** The ratings as they are meant to be: quick keys must not overtake the server's answers. */
  const meant = useRef<Readonly<Record<string, number>>>({});
  const shown = useRef<number | null>(null);

  useEffect(() => {
    if (index === null) return;
    const leaving = new AbortController();
    shown.current = index;
    setItem(null);
    setFailure(null);
    sent.current
      .then(() => api.labelItem(index, leaving.signal))
      .then(
        (loaded) => {
          meant.current = loaded.ratings;
          setItem(loaded);
        },
        (error: unknown) => {
          if (error instanceof ApiFailure) setFailure(error);
        },
      );
    return () => leaving.abort();
  }, [index, sent]);

  const rate = useCallback(
    (aspect: string, value: number): void => {
      if (index === null) return;
      const ratings = { ...meant.current, [aspect]: value };
      meant.current = ratings;
      setItem((before) => before && { ...before, ratings });
      setWaiting((n) => n + 1);
      // One behind the other, so that the newest are what the file keeps.
      const answered = sent.current.then(() => api.rate(index, ratings));
      sent.current = answered.catch(() => undefined);
      answered
        .then(
          (answer) => {
            setInfo(answer.info);
            setUnsaved((before) => (before?.index === index ? null : before));
            // Only what it says of the others is news; a later key may have changed the ratings already.
            if (shown.current === index) setItem((before) => before && { ...before, next: answer.item.next });
          },
          (error: unknown) => {
            if (error instanceof ApiFailure) setUnsaved({ index, failure: error });
          },
        )
        .finally(() => setWaiting((n) => n - 1));
    },
    [index, sent],
  );
  const saving = waiting > 0;
  useLeaveWarning(saving);
  return { item: item?.index === index ? item : null, info: info ?? known, failure, unsaved, saving, rate };
}
