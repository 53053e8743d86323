/** What the engine must reach, and by what a result is judged to. */
import type { ConfigurationName } from "./configurations.ts";

/** Of a training step on one core and on two: share of the best plain product, and time of PyTorch eager over ours. */
export const FLOORS: Readonly<Record<ConfigurationName, { readonly fraction: number; readonly ratio: number }>> = {
  a: { fraction: 0.7, ratio: 1.1 },
  b: { fraction: 0.75, ratio: 1.05 },
  c: { fraction: 0.8, ratio: 1 },
};

/** "0.93 (floor 0.70: met)" */
export function judged(value: number, floor: number, format: (value: number) => string): string {
  return `${format(value)} (floor ${format(floor)}: ${value >= floor ? "met" : "**missed**"})`;
}
