/** Parts of what says how far a run or a recipe is: its buttons, its bar, and what went wrong. */
import { type Trouble, told } from "./told.ts";

/** What went wrong, and what to do; nothing where nothing did. */
export function Failure({ of, lead = "" }: { readonly of: Trouble | null; readonly lead?: string }) {
  if (of === null) return null;
  return (
    <p className="inline-error told" role="alert">
      {told(of, lead)}
    </p>
  );
}

export type ControlAction = "pause" | "resume";

export interface ControlButtonsProps {
  readonly pause: boolean;
  readonly resume: boolean;
  /** What has been asked for and is not done yet. */
  readonly busy: ControlAction | null;
  readonly onAct: (action: ControlAction) => void;
}

export function ControlButtons({ pause, resume, busy, onAct }: ControlButtonsProps) {
  return (
    <>
      {pause && (
        <button type="button" className="button" disabled={busy !== null} onClick={() => onAct("pause")}>
          {busy === "pause" ? "Pausing…" : "Pause"}
        </button>
      )}
      {resume && (
        <button type="button" className="button primary" disabled={busy !== null} onClick={() => onAct("resume")}>
          {busy === "resume" ? "Resuming…" : "Resume"}
        </button>
      )}
    </>
  );
}

export interface ProgressBarProps {
  readonly label: string;
  readonly status: string;
  /** 0..1. */
  readonly done: number;
}

export function ProgressBar({ label, status, done }: ProgressBarProps) {
  return (
    <div
      className={`progress progress-${status}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(done * 100)}
    >
      <span style={{ transform: `scaleX(${done})` }} />
    </div>
  );
}
