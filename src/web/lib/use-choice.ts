/** What is chosen in a list that changes under the reader: the item stays, its place may go. */
import { useState } from "react";

export interface Choice<T> {
  readonly chosen: T | null;
  /** Its place in the list; -1 where it is there no more. */
  readonly active: number;
  readonly choose: (index: number) => void;
  readonly clear: () => void;
}

/**
 * @param item of an index; undefined while it is loading
 * @param same whether two items are the same one
 */
export function useChoice<T>(item: (index: number) => T | undefined, same: (a: T, b: T) => boolean): Choice<T> {
  const [index, setIndex] = useState(-1);
  const [chosen, setChosen] = useState<T | null>(null);
  const there = index < 0 ? undefined : item(index);
  // A far jump chooses a row before it has come.
  if (chosen === null && there !== undefined) setChosen(there);
  const active = chosen === null || (there !== undefined && same(there, chosen)) ? index : -1;
  return {
    chosen,
    active,
    choose: (next) => {
      setIndex(next);
      setChosen(item(next) ?? null);
    },
    clear: () => {
      setIndex(-1);
      setChosen(null);
    },
  };
}
