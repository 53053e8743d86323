/** Small marks of a sample: never by colour alone. */

import { number, signed } from "../../report/format.ts";
import type { Rollout } from "../../serve/wire.ts";

export function isRight(rollout: Rollout): boolean {
  return rollout.score >= 0.999;
}

/** A tick or a cross, with the word for those who do not see it. */
export function Mark({ right }: { readonly right: boolean }) {
  return (
    <span className={`mark ${right ? "mark-right" : "mark-wrong"}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        {right ? <path d="M3 8.5 6.5 12 13 4.5" /> : <path d="M4 4l8 8M12 4l-8 8" />}
      </svg>
      <span className="visually-hidden">{right ? "right" : "wrong"}</span>
    </span>
  );
}

/** The advantage: sign, colour, and the length of a bar. */
export function Advantage({ value }: { readonly value: number }) {
  const kind = Math.abs(value) < 0.005 ? "none" : value > 0 ? "plus" : "minus";
  const size = Math.min(1, Math.abs(value) / 2);
  return (
    <span className={`advantage advantage-${kind}`}>
      <span className="visually-hidden">advantage </span>
      <span className="advantage-bar" aria-hidden="true">
        <span style={{ width: `${size * 50}%` }} />
      </span>
      {signed(value)}
    </span>
  );
}

/** Each part of the reward, their sum, and the advantage of a try that was learned from. */
export function Earned({ rollout, heldOut }: { readonly rollout: Rollout; readonly heldOut: boolean }) {
  return (
    <dl className="earned">
      {Object.entries(rollout.rewards).map(([part, value]) => (
        <div key={part}>
          <dt>{part}</dt>
          <dd>{value === null ? "does not apply" : number(value)}</dd>
        </div>
      ))}
      <div className="earned-sum">
        <dt>reward</dt>
        <dd>{number(rollout.reward)}</dd>
      </div>
      {!heldOut && (
        <div className="earned-advantage">
          <dt>advantage</dt>
          <dd>
            <Advantage value={rollout.advantage} />
          </dd>
        </div>
      )}
    </dl>
  );
}
