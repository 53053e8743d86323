/** Which of the compared runs are asked for again, and how often. */
import type { RunState } from "../../serve/wire.ts";

/** Between two rounds. */
export const REFRESH_MS = 4000;

/** Runs that rest are asked for in every so manieth round: somebody may resume them, here or in a terminal. */
const RESTING_ROUNDS = 5;

/**
 * Whether a run is asked for in a round.
 * @param state as it was last seen; null where it had none, undefined where the run has not come yet
 * @param round from 1
 */
export function isDue(state: RunState | null | undefined, round: number): boolean {
  if (state === undefined || (state?.status === "running" && state.alive)) return true;
  return state?.status !== "finished" && round % RESTING_ROUNDS === 0;
}
