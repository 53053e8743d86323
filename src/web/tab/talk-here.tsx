/** Talk to what has grown in the tab, and to what it grew from. */

import { useId, useState } from "react";
import { percent } from "../../report/format.ts";
import type { ModelInfo } from "../../serve/wire.ts";
import { getTask, type Language, type ProblemWeight, sampleProblem } from "../../tasks/index.ts";
import { ApiFailure } from "../lib/api.ts";
import { Failure } from "../lib/status-parts.tsx";
import { Column } from "../talk/column.tsx";
import type { ChatState } from "../talk/use-chat.ts";
import type { ProblemName, Question, Side } from "./protocol.ts";
import type { Growing, Talk } from "./use-growth.ts";

const MODELS: Readonly<Record<Side, ModelInfo>> = {
  before: { id: "before", label: "The base that it grew from", role: "base" },
  now: { id: "now", label: "What has grown in this tab", role: "trained" },
};
const NO_TALLY = { right: 0, asked: 0 };

interface Drawn extends ProblemName {
  readonly prompt: string;
  readonly chance: number;
}

export interface TalkHereProps {
  readonly growing: Growing;
  readonly problems: readonly ProblemWeight[];
  readonly onAsk: (question: Question) => void;
}

export function TalkHere({ growing, problems, onAsk }: TalkHereProps) {
  const id = useId();
  const [drawn, setDrawn] = useState(() => drawFrom(problems));
  const [prompt, setPrompt] = useState(drawn.prompt);
  const { talk } = growing;
  const busy = talk.id > 0 && talk.failure === null && (talk.said.before?.done ?? null) === null;
  const rest = talk.id > 0 && talk.failure === null && (talk.said.now?.done ?? null) === null;

  const draw = (): void => {
    const next = drawFrom(problems);
    setDrawn(next);
    setPrompt(next.prompt);
  };

  const fromTask = drawn.prompt === prompt;
  const ask = (): void => {
    if (prompt.trim() === "" || busy || rest) return;
    const problem = fromTask
      ? { family: drawn.family, level: drawn.level, seed: drawn.seed, language: drawn.language }
      : null;
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    onAsk({ id: talk.id + 1, prompt, temperature: 1, maxTokens: 192, seed, problem });
  };

  return (
    <section className="panel" aria-labelledby={`${id}-title`}>
      <header className="panel-head">
        <h2 id={`${id}-title`}>Talk to it</h2>
        <p className="panel-about">
          A held-out problem, or your own words. While it learns, it answers between two halves of a step.
        </p>
      </header>
      <form
        className="ask card"
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <label className="visually-hidden" htmlFor={`${id}-prompt`}>
          Question
        </label>
        <textarea
          id={`${id}-prompt`}
          rows={2}
          maxLength={400}
          value={prompt}
          aria-describedby={`${id}-note`}
          onChange={(event) => setPrompt(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              ask();
            }
          }}
        />
        <div className="ask-row">
          <p className="ask-note" id={`${id}-note`}>
            {fromTask
              ? `The answer will be verified. Guessing is right ${percent(drawn.chance)} of the time.`
              : "Your own words: the answer cannot be verified."}
          </p>
          <button type="button" className="button" onClick={draw}>
            New problem
          </button>
          <button type="submit" className="button primary" disabled={busy || rest || prompt.trim() === ""}>
            Ask both
          </button>
        </div>
        <Failure of={talk.failure} />
      </form>
      <div className="sides">
        {(["before", "now"] as const).map((side) => (
          <Column
            key={side}
            heading={side === "before" ? "Before" : "Now"}
            models={[MODELS[side]]}
            model={side}
            onModel={() => undefined}
            state={stateOf(talk, side)}
            tally={NO_TALLY}
            busy={busy}
          />
        ))}
      </div>
    </section>
  );
}

/** A held-out problem of the mixture. */
function drawFrom(problems: readonly ProblemWeight[]): Drawn {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const { family, level } = problems[seed % problems.length]!;
  const language: Language = "en";
  const { prompt, chance } = sampleProblem(getTask(family), { seed, index: 0, level, split: "heldout", language });
  return { family, level, seed, language, prompt, chance };
}

/** What Talk's columns show, from what the worker has said. */
function stateOf(talk: Talk, side: Side): ChatState {
  const empty = { thinking: "", answer: "", result: null, failure: null };
  if (talk.id === 0) return { ...empty, phase: "idle" };
  const said = talk.said[side];
  if (said === undefined) {
    if (talk.failure === null) return { ...empty, phase: "waiting" };
    const failure = new ApiFailure({ code: "TAB", message: talk.failure.message, help: talk.failure.help });
    return { ...empty, phase: "failed", failure };
  }
  const { thinking, answer, done } = said;
  if (done === null) return { ...empty, phase: "thinking", thinking };
  const { tokens, seconds, finish, verdict } = done;
  const result = { thinking, answer, tokens, seconds, finish, ...(verdict === null ? {} : { verdict }) };
  return { phase: "done", thinking, answer: answer ?? "", result, failure: null };
}
