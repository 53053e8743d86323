/** One sample in full, and its group: the other tries at the same problem, side by side. */
import { useEffect, useState } from "react";
import { plural, sentence } from "../../report/format.ts";
import type { Rollout } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { Advantage, Earned, isRight, Mark } from "./rollout-parts.tsx";
import { ForcedBadge, Thinking } from "./thinking.tsx";

export interface RolloutDetailProps {
  readonly name: string;
  readonly rollout: Rollout;
  /** An answer at a test: nothing is learned from it, and it has no group. */
  readonly heldOut?: boolean;
  /** Whether to say which run it is of. */
  readonly named?: boolean;
  readonly onSelect: (rollout: Rollout) => void;
}

export function RolloutDetail({ name, rollout, heldOut = false, named = false, onSelect }: RolloutDetailProps) {
  const group = useGroup(heldOut ? null : name, rollout.step, rollout.group);
  const right = group?.filter(isRight).length ?? 0;
  return (
    <>
      <article className="sample card" aria-label="Sample">
        <header>
          <h3>
            <Mark right={isRight(rollout)} /> {isRight(rollout) ? "Right" : "Wrong"}
          </h3>
          <p>
            {named && `${name} · `}
            {rollout.family} · level {rollout.level} · step {rollout.step}
            {!heldOut && ` · try ${rollout.index + 1}`}
            {group !== null && ` of ${group.length}`}
          </p>
        </header>
        <h4>Problem</h4>
        <p className="sample-prompt">{rollout.prompt}</p>
        <h4>
          Thinking <small>{plural(rollout.tokens, "token", "tokens")} with the answer</small>
          {rollout.recheck && <span className="badge">second look</span>}
          <ForcedBadge of={rollout} />
        </h4>
        <pre className="thinking">
          <Thinking of={rollout} />
        </pre>
        <h4>Answer</h4>
        <p className="sample-answer">{rollout.answer ?? <em>none in the agreed form</em>}</p>
        <p className="sample-reason">
          {sentence(rollout.reason)}
          {rollout.finish === "length" && !rollout.reason.includes("limit") && " Cut off at the length limit."}
        </p>
        <h4>What it earned</h4>
        <Earned rollout={rollout} heldOut={heldOut} />
        <p className="sample-note">
          {heldOut ? "A test: nothing is learned from it." : advantageNote(rollout.advantage)}
        </p>
      </article>
      {group !== null && group.length > 1 && (
        <section className="group" aria-label="Other tries at the same problem">
          <h3 className="group-title">
            The same problem, {plural(group.length, "try", "tries")} <small>{right} right</small>
          </h3>
          <ul className="tries">
            {group.map((other) => (
              <li key={other.id} className="try-item">
                <button
                  type="button"
                  className="try card"
                  aria-pressed={other.id === rollout.id}
                  onClick={() => onSelect(other)}
                >
                  <span className="try-head">
                    <Mark right={isRight(other)} />
                    <span>try {other.index + 1}</span>
                    <Advantage value={other.advantage} />
                  </span>
                  <span className="try-text">
                    <Thinking of={other} />
                  </span>
                  <span className="try-answer">{other.answer ?? "no answer"}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function advantageNote(advantage: number): string {
  if (Math.abs(advantage) < 0.005) return "It did as well as its group: nothing is learned from it.";
  return advantage > 0
    ? `It did better than its group: what it wrote becomes more likely.`
    : `It did worse than its group: what it wrote becomes less likely.`;
}

/** All tries at one problem, in order; null without a run, while loading or when the server does not answer. */
function useGroup(name: string | null, step: number, group: number): readonly Rollout[] | null {
  const [tries, setTries] = useState<readonly Rollout[] | null>(null);
  useEffect(() => {
    const left = new AbortController();
    setTries(null);
    if (name === null) return;
    api.rollouts(name, { step, group, sort: "newest", limit: 64 }, left.signal).then(
      (page) => setTries(page.items),
      (error: unknown) => {
        if (!left.signal.aborted && !(error instanceof ApiFailure)) throw error;
      },
    );
    return () => left.abort();
  }, [name, step, group]);
  return tries;
}
