/** What is happening, in one sentence for somebody who sees this for the first time. */
import type { RunState } from "../../serve/wire.ts";
import type { Curves } from "./curves.ts";
import { percent, plural } from "./format.ts";

export interface Headline {
  readonly title: string;
  readonly detail: string;
}

/** Status as shown: a run whose process is gone is neither running nor paused, whatever its file says. */
export type ShownStatus = RunState["status"] | "lost" | "starting";

export function shownStatus(state: RunState | null): ShownStatus {
  if (state === null) return "starting";
  return state.alive ? state.status : "lost";
}

export const STATUS_WORDS: Readonly<Record<ShownStatus, string>> = {
  starting: "Starting",
  running: "Learning",
  paused: "Paused",
  finished: "Done",
  failed: "Failed",
  stopped: "Stopped",
  lost: "Interrupted",
};

export function headline(state: RunState | null, curves: Curves): Headline {
  const status = shownStatus(state);
  const growth = growthSentence(curves);
  switch (status) {
    case "starting":
      return {
        title: "Getting ready.",
        detail: "The model is being loaded. The first point of the curves comes within a minute.",
      };
    case "running":
      return curves.length < 2
        ? {
            title: "The model makes its first tries.",
            detail:
              "It answers each problem several times; tries that turn out right become more likely. The curves begin in a moment.",
          }
        : { title: "A small model is teaching itself to reason.", detail: growth };
    case "paused":
      return { title: "Learning is paused.", detail: `Nothing is lost. ${growth}` };
    case "finished":
      return { title: "The model has taught itself to reason.", detail: `${growth} Try it under Talk.` };
    case "failed":
      return {
        title: "The run has failed.",
        detail: state?.message ?? "The events below say what happened, and what usually helps.",
      };
    case "stopped":
      return { title: "Learning has been stopped.", detail: `It can go on from its last checkpoint. ${growth}` };
    case "lost":
      return {
        title: "The run was interrupted.",
        detail: `Its process is gone, its checkpoints are safe: it can go on from the last one. ${growth}`,
      };
    default:
      status satisfies never;
      throw new Error("unreachable");
  }
}

/** How far it has come, from the held-out accuracy and the length of its answers. */
export function growthSentence(curves: Curves): string {
  const accuracy = curves.span("eval/accuracy");
  const length = curves.span("completions/mean_length");
  const chance = curves.span("eval/chance");
  if (accuracy === null)
    return length === null
      ? ""
      : `It has made ${plural(curves.length, "step", "steps")}; the first test on unseen problems is still to come.`;
  const guess = chance === null ? "" : ` (guessing gives ${percent(chance.last)})`;
  const now = `It solves ${percent(accuracy.last)} of problems it has never seen${guess}`;
  if (accuracy.count < 2) return `${now}; this is where it starts.`;
  const was =
    accuracy.last >= accuracy.first ? `up from ${percent(accuracy.first)}` : `down from ${percent(accuracy.first)}`;
  const recent = curves.recent("completions/mean_length", 5);
  const ratio = length === null || recent === null || length.first === 0 ? 1 : recent / length.first;
  const thinks =
    ratio >= 1.1
      ? `, and thinks ${ratio.toFixed(1)}× as long as at first`
      : ratio <= 0.9
        ? `, and thinks ${ratio.toFixed(1)}× as long as at first: shorter`
        : "";
  return `${now}, ${was}${thinks}.`;
}

/** Seconds left by the pace of the last steps; null while unknown. */
export function secondsLeft(state: RunState | null, curves: Curves): number | null {
  if (state === null || state.steps <= state.step) return null;
  const pace = curves.recent("time/step", 20);
  return pace === null ? null : pace * (state.steps - state.step);
}
