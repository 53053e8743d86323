/**
 * The look of a run's lines: the same wherever the run appears. Colours are given in the order in which runs were made, so
 * that a new run changes none; when they are used up, the lines of the next ones are dashed.
 */

export interface RunLook {
  /** 0 to `COLORS` − 1: the style sheet's `--run-0`, … */
  readonly color: number;
  /** `stroke-dasharray`; empty for a plain line. */
  readonly dash: string;
}

export const COLORS = 8;
const DASHES = ["", "7 4", "2 3", "9 3 2 3"] as const;

/** @param names of all runs, oldest first */
export function runLooks(names: readonly string[]): Map<string, RunLook> {
  return new Map(
    names.map((name, i) => [name, { color: i % COLORS, dash: DASHES[Math.floor(i / COLORS) % DASHES.length]! }]),
  );
}
