/** One model's side: its name, its thinking, its answer and whether it is right. */

import { useEffect, useId, useRef, useState } from "react";
import { count, plural } from "../../report/format.ts";
import type { ModelInfo } from "../../serve/wire.ts";
import { Mark } from "../grow/rollout-parts.tsx";
import { Failure } from "../lib/status-parts.tsx";
import type { ChatState } from "./use-chat.ts";

export interface Tally {
  readonly right: number;
  readonly asked: number;
}

export interface ColumnProps {
  readonly heading: string;
  readonly models: readonly ModelInfo[];
  readonly model: string;
  readonly onModel: (id: string) => void;
  readonly state: ChatState;
  readonly tally: Tally;
  readonly busy: boolean;
}

/** Models that came with Reckon, and those of the reader's own runs. */
function groupsOf(models: readonly ModelInfo[]): (readonly [string, readonly ModelInfo[]])[] {
  const own = ({ id }: ModelInfo): boolean => id.startsWith("runs/");
  const groups = [
    ["Shipped", models.filter((one) => !own(one))],
    ["Your runs", models.filter(own)],
  ] as const;
  return groups.filter(([, group]) => group.length > 0);
}

export function Column({ heading, models, model, onModel, state, tally, busy }: ColumnProps) {
  const id = useId();
  const info = models.find((one) => one.id === model);
  const { result } = state;
  return (
    <section className="side card" aria-labelledby={`${id}-title`} data-phase={state.phase}>
      <header>
        <h2 id={`${id}-title`}>{heading}</h2>
        <p className="tally" title="Verified answers on this page">
          {tally.asked > 0 && (
            <>
              <b>{tally.right}</b> of {tally.asked} right
            </>
          )}
        </p>
        {models.length > 1 ? (
          <label className="side-model">
            <span className="visually-hidden">Model of the side {heading}</span>
            <select value={model} disabled={busy} onChange={(event) => onModel(event.target.value)}>
              {groupsOf(models).map(([name, group]) => (
                <optgroup key={name} label={name}>
                  {group.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.label}
                    </option>
                  ))}
                </optgroup>
              ))}
            </select>
          </label>
        ) : (
          <p className="side-model">{info?.label}</p>
        )}
        {info?.description !== undefined && <p className="side-about">{info.description}</p>}
      </header>
      {state.phase === "idle" ? (
        <p className="side-idle">Its answer will stand here.</p>
      ) : (
        <>
          <Thinking state={state} />
          <div className="answer">
            <h3>Answer</h3>
            <p className="answer-text">
              {state.answer !== "" ? (
                state.answer
              ) : (
                <span className="faint">
                  {state.phase === "done"
                    ? "none in the agreed form"
                    : state.phase === "stopped"
                      ? "stopped"
                      : state.phase === "failed"
                        ? "–"
                        : "…"}
                </span>
              )}
              {state.phase === "answer" && <span className="caret" aria-hidden="true" />}
            </p>
            {result?.verdict !== undefined && (
              <p className={`verdict ${result.verdict.score >= 0.999 ? "verdict-right" : "verdict-wrong"}`}>
                <Mark right={result.verdict.score >= 0.999} />
                <span>
                  <b aria-hidden="true">{result.verdict.score >= 0.999 ? "Right" : "Wrong"}</b>
                  {!/^(right|correct|wrong)\.?$/i.test(result.verdict.reason) && (
                    <span className="verdict-reason"> {result.verdict.reason}</span>
                  )}
                </span>
              </p>
            )}
          </div>
          <Failure of={state.failure} />
          {result !== null && (
            <p className="used">
              {count(result.tokens.thinking)} thinking + {plural(result.tokens.answer, "answer token", "answer tokens")}{" "}
              · {result.seconds.toFixed(1)} s{result.finish === "length" && " · cut off at the limit"}
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Thinking({ state }: { readonly state: ChatState }) {
  const [open, setOpen] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const stick = useRef(true);
  const thinking = state.phase === "waiting" || state.phase === "thinking";

  // Follows the text as it grows, unless the reader has scrolled up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new text is the signal.
  useEffect(() => {
    const element = box.current;
    if (element !== null && stick.current) element.scrollTop = element.scrollHeight;
  }, [state.thinking]);

  return (
    <details className="thought" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {thinking ? "Thinking…" : "Thinking"}
        {state.result !== null && state.thinking !== "" && (
          <small> {plural(state.result.tokens.thinking, "token", "tokens")}</small>
        )}
      </summary>
      <pre
        className="thinking"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          stick.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {state.thinking === "" && !thinking ? <span className="faint">It did not think.</span> : state.thinking}
        {thinking && <span className="caret" aria-hidden="true" />}
      </pre>
    </details>
  );
}
