/** What is happening, in one sentence for somebody who sees this for the first time. */

import { number, percent, plural } from "../../report/format.ts";
import type { RunState } from "../../serve/wire.ts";
import type { Curves } from "./curves.ts";
import { told } from "./told.ts";

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
  const reading = isReading(curves);
  const growth = reading ? readingSentence(curves) : growthSentence(curves);
  switch (status) {
    case "starting":
      return {
        title: "Getting ready.",
        detail: "The model is being loaded. The first point of the curves comes within a minute.",
      };
    case "running":
      if (reading) return { title: "A base model is learning to read.", detail: growth };
      if (curves.lastStep < 1) {
        const tries = "It answers each problem several times; tries that turn out right become more likely.";
        return { title: "The model makes its first tries.", detail: `${tries} ${growth}` };
      }
      return { title: "A small model is teaching itself to reason.", detail: growth };
    case "paused":
      return { title: "Learning is paused.", detail: `Nothing is lost. ${growth}` };
    case "finished":
      if (reading) return { title: "The base model has read its corpus.", detail: growth };
      return {
        title: hasGrown(curves) ? "The model has taught itself to reason." : "The run is done.",
        detail: `${growth} Try it under Talk.`,
      };
    case "failed":
      return {
        title: "The run has failed.",
        detail: state?.message
          ? told({ message: state.message })
          : "The events below say what happened, and what usually helps.",
      };
    case "stopped":
      return { title: "Learning has been stopped.", detail: `It can go on from its last checkpoint. ${growth}` };
    case "lost":
      return {
        title: "The run was interrupted.",
        detail: `Its process is gone; it can go on from its last checkpoint. ${growth}`,
      };
    default:
      status satisfies never;
      throw new Error("unreachable");
  }
}

/** Whether this is pretraining: there is a loss and no reward. */
export function isReading(curves: Curves): boolean {
  return curves.span("reward") === null && curves.span("loss") !== null;
}

/** A rise of held-out accuracy that is more than the noise of a small test. */
function hasGrown(curves: Curves): boolean {
  const accuracy = curves.span("eval/accuracy");
  return accuracy !== null && accuracy.last - accuracy.first > 0.05;
}

function readingSentence(curves: Curves): string {
  const loss = curves.span("loss");
  const recent = curves.recent("loss", 20);
  if (loss === null || recent === null) return "";
  return loss.count < 2
    ? "It guesses the next word of worked solutions, over and over."
    : `It guesses the next word of worked solutions, over and over: its loss has come from ${number(loss.first)} to ${number(recent)}.`;
}

/** How far it has come, from the held-out accuracy and the length of its answers. */
export function growthSentence(curves: Curves): string {
  const accuracy = curves.span("eval/accuracy");
  const heldOut = curves.span("eval/mean_length");
  const length = heldOut !== null && heldOut.count > 1 ? heldOut : curves.span("completions/mean_length");
  const chance = curves.span("eval/chance");
  if (accuracy === null)
    return length === null
      ? ""
      : `It has made ${plural(curves.length, "step", "steps")}; the first test on unseen problems is still to come.`;
  const guess = chance === null ? "" : ` (guessing gives ${percent(chance.last)})`;
  const now = `It solves ${percent(accuracy.last)} of problems it has never seen${guess}`;
  if (accuracy.count < 2) return `${now}; this is where it starts.`;
  const change = accuracy.last - accuracy.first;
  const was =
    Math.abs(change) < 0.005 ? "as at the start" : `${change > 0 ? "up" : "down"} from ${percent(accuracy.first)}`;
  const recent = length === heldOut ? (length?.last ?? null) : curves.recent("completions/mean_length", 5);
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
