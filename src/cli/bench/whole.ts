/**
 * A whole training step: gradients and the optimiser's step (norm, clipping, AdamW) of both sides. Its times are the sums of
 * the two medians, so that a table's columns add up and results say the same whenever they were made.
 */
import type { Timing } from "./peer.ts";
import type { BenchResult, WholeStep } from "./result.ts";
import { roundTo } from "./rounds.ts";

/** @returns null where the optimiser's step was not measured */
export function wholeStep({
  ours,
  peer,
  optimizer,
}: Pick<BenchResult, "ours" | "peer" | "optimizer">): WholeStep | null {
  if (!optimizer) return null;
  const mine = sum(ours, optimizer.ours);
  const theirs = peer && optimizer.peer && sum(peer, optimizer.peer);
  return { ours: mine, peer: theirs, ratio: theirs && roundTo(theirs.wall / mine.wall, 3) };
}

function sum(a: Timing, b: Timing): Timing {
  return { wall: roundTo(a.wall + b.wall, 2), cpu: roundTo(a.cpu + b.cpu, 2) };
}
