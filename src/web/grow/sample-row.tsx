/** A sample in a list: verdict, answer, problem, and where it stands. */
import type { ReactNode } from "react";
import { number, plural } from "../../report/format.ts";
import type { Rollout } from "../../serve/wire.ts";
import { Advantage, isRight, Mark } from "./rollout-parts.tsx";
import { ForcedBadge } from "./thinking.tsx";

/** Pixels; `styles/samples.css` fills them. */
export const SAMPLE_ROW = 66;

export interface SampleRowProps {
  readonly rollout: Rollout;
  /** An answer at a test: it has no group to be better than. */
  readonly heldOut?: boolean;
  /** What else tells it from the others, such as its run. */
  readonly children?: ReactNode;
}

export function SampleRow({ rollout, heldOut = false, children }: SampleRowProps) {
  const { step, family, level, tokens, reward, answer, prompt, advantage, recheck } = rollout;
  return (
    <div className="row">
      <Mark right={isRight(rollout)} />
      <span className="row-answer">{answer ?? <em>no answer</em>}</span>
      {heldOut ? <span /> : <Advantage value={advantage} />}
      <span className="row-prompt">{prompt}</span>
      <span className="row-about">
        {children}
        <span className="row-where">
          step {step} · reward {number(reward)} · {plural(tokens, "token", "tokens")} · {family} {level}
        </span>
        {recheck && <span className="badge">second look</span>}
        <ForcedBadge of={rollout} />
      </span>
    </div>
  );
}

/** Whether two samples are one: the same line of the same run. */
export function sameSample(a: Rollout, b: Rollout): boolean {
  const run = (rollout: Rollout): unknown => ("run" in rollout ? rollout.run : undefined);
  return a.id === b.id && a.step === b.step && run(a) === run(b);
}
