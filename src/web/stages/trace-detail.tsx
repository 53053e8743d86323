/** A row of data in full: the question, the thinking line by line where its lines are judged, the answer, its ratings. */
import { percent, plural } from "../../report/format.ts";
import type { TraceItem } from "../../serve/wire.ts";
import { Mark } from "../grow/rollout-parts.tsx";

/** The mean of all ratings; null without any. */
export function meanRating(ratings: TraceItem["ratings"]): number | null {
  const given = Object.values(ratings);
  return given.length === 0 ? null : given.reduce((sum, value) => sum + value, 0) / given.length;
}

export function TraceDetail({ trace }: { readonly trace: TraceItem }) {
  const { id, name, prompt, thinking, answer, family, level, language, score, ratings, source } = trace;
  const rated = Object.entries(ratings);
  return (
    <article className="sample card" aria-label="Row of data">
      <header>
        <h3>
          {score !== null && <Mark right={score >= 1} />} Row {id + 1}
        </h3>
        <p>
          {[family, level === null ? null : `level ${level}`, language, source && `by ${source}`]
            .filter((part) => part !== null && part !== "")
            .join(" · ")}
        </p>
      </header>
      <h4>Question</h4>
      <p className="sample-prompt">{prompt}</p>
      <h4>
        Thinking <small>{thinking === "" ? "none" : plural(thinking.split("\n").length, "line", "lines")}</small>
      </h4>
      <Thinking trace={trace} />
      <h4>Answer</h4>
      <p className="sample-answer">{answer}</p>
      {rated.length > 0 && (
        <>
          <h4>Ratings, of 5</h4>
          <dl className="earned">
            {rated.map(([aspect, value]) => (
              <div key={aspect}>
                <dt>{aspect}</dt>
                <dd>{Number.isInteger(value) ? value : value.toFixed(1)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <p className="sample-note">
        {name}
        {score !== null && score > 0 && score < 1 && ` · worth ${percent(score)}`}
      </p>
    </article>
  );
}

function Thinking({ trace: { thinking, steps } }: { readonly trace: TraceItem }) {
  if (thinking === "") return <p className="faint">It answers at once.</p>;
  if (steps.length === 0) return <pre className="thinking">{thinking}</pre>;
  // Lines have no names, and never change places.
  const lines = thinking.split("\n").map((text, i) => ({ text, key: `${i}`, step: steps[i] }));
  return (
    <ol className="thinking judged">
      {lines.map(({ text, key, step }) => (
        <li key={key} className={step === undefined ? "unjudged" : undefined}>
          {step === undefined ? <span /> : <Mark right={step >= 0.5} />}
          <span>{text}</span>
        </li>
      ))}
    </ol>
  );
}
