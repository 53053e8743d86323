/** The answers to one problem, from the first step at which it was posed to the last, runs beside each other. */
import { useEffect, useState } from "react";
import { count, plural, sentence } from "../../report/format.ts";
import type { FoundRollout, ProblemOutcome, ProblemSummary } from "../../serve/wire.ts";
import { isRight, Mark } from "../grow/rollout-parts.tsx";
import { Thinking } from "../grow/thinking.tsx";
import { ApiFailure, api } from "../lib/api.ts";
import { Failure } from "../lib/status-parts.tsx";
import { RunLabel } from "./run-label.tsx";

/** Answers that are loaded at once; a problem of training may have hundreds. */
const PAGE = 200;

export interface ProblemStoryProps {
  readonly names: readonly string[];
  readonly source: string;
  readonly problem: ProblemSummary;
}

export function ProblemStory({ names, source, problem }: ProblemStoryProps) {
  const { id } = problem;
  const runs = names.join(",");
  const [answers, setAnswers] = useState<readonly FoundRollout[] | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  /** Of the next answers to load; moves on when more are asked for. */
  const [offset, setOffset] = useState(0);
  useEffect(() => {
    const left = new AbortController();
    setFailure(null);
    api.search({ runs, source, problem: id, sort: "step", offset, limit: PAGE }, left.signal).then(
      ({ items }) => setAnswers((before) => [...(before ?? []).slice(0, offset), ...items]),
      (error: unknown) => {
        if (left.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error);
      },
    );
    return () => left.abort();
  }, [runs, source, id, offset]);
  const steps = [...new Set((answers ?? []).map(({ step }) => step))];
  const present = names.filter((name) => problem.outcomes.some(({ run }) => run === name));
  return (
    <article className="sample card story" aria-label="The problem through training">
      <header>
        <h3>{problem.prompt}</h3>
        <p>
          {problem.family} · level {problem.level}
        </p>
      </header>
      <ul className="strips">
        {present.map((name) => (
          <li key={name}>
            <RunLabel name={name} />
            <Strip outcomes={problem.outcomes.filter(({ run }) => run === name)} />
          </li>
        ))}
      </ul>
      <Failure of={failure} />
      {answers === null ? (
        failure === null && <p className="empty-line">Loading…</p>
      ) : (
        <ol className="story-steps">
          {steps.map((step) => (
            <li key={step}>
              <h4>step {count(step)}</h4>
              <ul className="story-answers">
                {answers
                  .filter((one) => one.step === step)
                  .map((one) => (
                    <li key={`${one.run} ${one.id}`}>
                      <Answer rollout={one} named={present.length > 1} />
                    </li>
                  ))}
              </ul>
            </li>
          ))}
        </ol>
      )}
      {answers !== null && answers.length < problem.answers && (
        <p className="sample-note">
          The first {plural(answers.length, "answer is", "answers are")} shown.{" "}
          <button type="button" className="link" onClick={() => setOffset(answers.length)}>
            Show more
          </button>
        </p>
      )}
    </article>
  );
}

/** One mark a step: right, wrong, or the share of right answers by its height. */
function Strip({ outcomes }: { readonly outcomes: readonly ProblemOutcome[] }) {
  const size = 12;
  const told = outcomes.map(({ step, right, answers }) => `step ${step}: ${right} of ${answers} right`).join(", ");
  return (
    <span className="strip-box">
      <svg className="strip" width={outcomes.length * size} height={size + 4} role="img" aria-label={told}>
        {outcomes.map(({ step, right, answers }, i) => {
          const share = right / answers;
          const height = 3 + share * size;
          return (
            <rect
              key={step}
              className={share >= 0.5 ? "strip-right" : "strip-wrong"}
              x={i * size + 1}
              y={size + 4 - height}
              width={size - 3}
              height={height}
              rx="1.5"
            />
          );
        })}
      </svg>
    </span>
  );
}

function Answer({ rollout, named }: { readonly rollout: FoundRollout; readonly named: boolean }) {
  const { run, tokens, answer, reason } = rollout;
  return (
    <div className="story-answer">
      <p className="try-head">
        <Mark right={isRight(rollout)} />
        {named && <RunLabel name={run} />}
        <span>{plural(tokens, "token", "tokens")}</span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <pre className="thinking" tabIndex={0}>
        <Thinking of={rollout} />
      </pre>
      <p className="sample-answer">{answer ?? <em>no answer in the agreed form</em>}</p>
      <p className="sample-reason">{sentence(reason)}</p>
    </div>
  );
}
