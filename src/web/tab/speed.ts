/** How quickly a growth in the tab writes. */
import type { Metrics } from "../../train/index.ts";
import type { Curves } from "../lib/curves.ts";

/** Counts what was written in all answers; `num_tokens` would count each prompt once for every answer to it. */
const WRITTEN = "completions/num_tokens";

/** A row with the tokens that were written a second, all of a step's time counted. */
export function withSpeed(row: Metrics, curves: Curves): Metrics {
  const values = row as Readonly<Record<string, number>>;
  const [tokens, seconds] = [values[WRITTEN], values["time/step"]];
  if (tokens === undefined || seconds === undefined || seconds <= 0) return row;
  return { ...row, "speed/tokens": (tokens - (curves.recent(WRITTEN, 1) ?? 0)) / seconds };
}
