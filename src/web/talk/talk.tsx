/** Talk: one question, two models, before and after. */

import { useCallback, useEffect, useId, useRef, useState } from "react";
import { percent } from "../../report/format.ts";
import type { ChatResult, ModelInfo, ProblemReference, SampledProblem, TaskInfo } from "../../serve/wire.ts";
import { ApiFailure, api } from "../lib/api.ts";
import { Failure } from "../lib/status-parts.tsx";
import { Column, type Tally } from "./column.tsx";
import { useChat } from "./use-chat.ts";

const LANGUAGE_NAMES: Readonly<Record<string, string>> = { en: "English", de: "German" };
const NO_TALLY: Tally = { right: 0, asked: 0 };

interface Settings {
  readonly temperature: number;
  readonly maxTokens: number;
}

export function Talk() {
  const [models, setModels] = useState<readonly ModelInfo[] | null>(null);
  const [tasks, setTasks] = useState<readonly TaskInfo[]>([]);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  /** What the reader has chosen; null follows the models that there are. */
  const [picked, setPicked] = useState<readonly [string | null, string | null]>([null, null]);
  const [family, setFamily] = useState("");
  const [level, setLevel] = useState(0);
  const [language, setLanguage] = useState("en");
  const [problem, setProblem] = useState<SampledProblem | null>(null);
  const [prompt, setPrompt] = useState("");
  const [settings, setSettings] = useState<Settings>({ temperature: 1, maxTokens: 512 });
  const [tallies, setTallies] = useState<readonly [Tally, Tally]>([NO_TALLY, NO_TALLY]);
  const [announced, setAnnounced] = useState("");
  const before = useChat();
  const after = useChat();
  const text = useRef<HTMLTextAreaElement>(null);
  /** Draws so far; an answer that comes late is an old one. */
  const drawn = useRef(0);
  const id = useId();

  const load = useCallback(async (signal?: AbortSignal, wanted = (): boolean => true): Promise<void> => {
    try {
      const [found, list] = await Promise.all([api.models(signal), api.tasks(signal)]);
      if (!wanted()) return;
      setModels((previous) => (JSON.stringify(previous) === JSON.stringify(found) ? previous : found));
      setTasks((previous) => (JSON.stringify(previous) === JSON.stringify(list) ? previous : list));
      setFailure(null);
      setFamily((previous) =>
        list.some((task) => task.family === previous)
          ? previous
          : ((list.find((task) => task.family === "countdown") ?? list[0])?.family ?? ""),
      );
    } catch (error) {
      if (signal?.aborted === true) return;
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    }
  }, []);

  // Models appear while a run grows: look again whenever Talk comes into view, and while it waits for a first question;
  // an answer is not taken away from under the reader's eyes.
  const idle = useRef(true);
  idle.current = before.state.phase === "idle" && after.state.phase === "idle";
  useEffect(() => {
    const left = new AbortController();
    const inView = (): boolean => window.location.hash.startsWith("#/talk") && !document.hidden;
    const again = (): void => {
      if (inView()) void load(left.signal);
    };
    void load(left.signal);
    window.addEventListener("hashchange", again);
    const unasked = (): boolean => idle.current;
    const timer = setInterval(() => unasked() && inView() && void load(left.signal, unasked), 5000);
    return () => {
      left.abort();
      clearInterval(timer);
      window.removeEventListener("hashchange", again);
    };
  }, [load]);
  useEffect(() => {
    if (failure === null) return;
    const timer = setTimeout(() => void load(), 3000);
    return () => clearTimeout(timer);
  }, [failure, load]);

  const beforeId = choice(picked[0], models ?? [], ["base", "other", "trained"]);
  const afterId = choice(picked[1], models ?? [], ["trained", "other", "base"]);
  // What stands on a side was said by its model.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another model is the signal.
  useEffect(() => {
    before.clear();
    setTallies((previous) => [NO_TALLY, previous[1]]);
  }, [beforeId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => {
    after.clear();
    setTallies((previous) => [previous[0], NO_TALLY]);
  }, [afterId]);

  const task = tasks.find((one) => one.family === family);
  const levels = task?.levels ?? [];
  const fromTask = problem !== null && prompt === problem.prompt;
  const busy = before.busy || after.busy;
  const single = models !== null && (models.length < 2 || beforeId === afterId);

  const draw = async (wish: Partial<ProblemReference> = {}): Promise<void> => {
    const mine = ++drawn.current;
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    try {
      const next = await api.sample({ family, level, language, seed, ...wish });
      if (mine !== drawn.current) return;
      setProblem(next);
      setPrompt(next.prompt);
      setFailure(null);
      setAnnounced(`New problem: ${next.prompt}`);
      before.clear();
      after.clear();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (mine === drawn.current) setFailure(error);
    }
  };

  /** Another kind of problem: drawn at once, unless the reader has written something of his own. */
  const choose = (wish: Partial<ProblemReference>): void => {
    if (wish.family !== undefined) setFamily(wish.family);
    if (wish.level !== undefined) setLevel(wish.level);
    if (wish.language !== undefined) setLanguage(wish.language);
    if (!busy && (fromTask || prompt === "")) void draw(wish);
  };

  // The page opens with a problem: one click then shows the difference.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the families are known.
  useEffect(() => {
    if (family !== "" && drawn.current === 0 && prompt === "") void draw();
  }, [family]);

  const ask = async (): Promise<void> => {
    if (prompt.trim() === "" || models === null || models.length === 0) {
      text.current?.focus();
      return;
    }
    drawn.current++; // What is being drawn would come behind what is asked.
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const reference = fromTask
      ? { family: problem.family, level: problem.level, seed: problem.seed, language: problem.language }
      : null;
    const call = { prompt, ...settings, seed, ...(reference === null ? {} : { problem: reference }) };
    setAnnounced("Asked. The answers are coming.");
    const sides: readonly (readonly [number, string, typeof before, string])[] = single
      ? [[1, "The model", after, afterId]]
      : [
          [0, "Before", before, beforeId],
          [1, "After", after, afterId],
        ];
    const said = await Promise.all(
      sides.map(async ([index, name, side, model]) => {
        const result = await side.ask({ model, ...call });
        if (result?.verdict !== undefined) {
          const right = result.verdict.score >= 0.999 ? 1 : 0;
          setTallies((previous) => {
            const next: [Tally, Tally] = [previous[0], previous[1]];
            next[index as 0 | 1] = { right: next[index as 0 | 1].right + right, asked: next[index as 0 | 1].asked + 1 };
            return next;
          });
        }
        return spoken(name, result);
      }),
    );
    setAnnounced(said.join(" "));
  };

  const stop = (): void => {
    before.stop();
    after.stop();
  };

  return (
    <div className="talk">
      <div className="hero">
        <h1>Ask it before and after.</h1>
        <p className="lede">
          The same question goes to the model as it was, and as it has become by learning from its own tries.
        </p>
      </div>
      <form
        className="ask card"
        onSubmit={(event) => {
          event.preventDefault();
          if (busy) stop();
          else void ask();
        }}
      >
        <fieldset className="draw" disabled={tasks.length === 0}>
          <legend className="visually-hidden">Draw a problem</legend>
          <label className="field">
            <span>Problem</span>
            <select value={family} onChange={(event) => choose({ family: event.target.value, level: 0 })}>
              {tasks.map((one) => (
                <option key={one.family} value={one.family}>
                  {one.family}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Level</span>
            <select value={level} onChange={(event) => choose({ level: Number(event.target.value) })}>
              {levels.map((one) => (
                <option key={one.level} value={one.level}>
                  {one.label}
                </option>
              ))}
            </select>
          </label>
          {task !== undefined && task.languages.length > 1 && (
            <label className="field">
              <span>Language</span>
              <select value={language} onChange={(event) => choose({ language: event.target.value })}>
                {task.languages.map((one) => (
                  <option key={one} value={one}>
                    {LANGUAGE_NAMES[one] ?? one}
                  </option>
                ))}
              </select>
            </label>
          )}
          <button type="button" className="button" onClick={() => void draw()} disabled={busy || family === ""}>
            New problem
          </button>
          {task !== undefined && task.description !== "" && <p className="draw-about">{task.description}</p>}
        </fieldset>
        <label className="visually-hidden" htmlFor={`${id}-prompt`}>
          Question
        </label>
        <textarea
          id={`${id}-prompt`}
          ref={text}
          rows={3}
          value={prompt}
          placeholder="Draw a problem above, or write your own."
          aria-describedby={`${id}-note`}
          onChange={(event) => {
            drawn.current++; // Nor does it take the place of words.
            setPrompt(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !busy) {
              event.preventDefault();
              void ask();
            }
          }}
        />
        <div className="ask-row">
          <p className="ask-note" id={`${id}-note`}>
            {fromTask
              ? `The answer will be verified. Guessing is right ${percent(problem.chance)} of the time.`
              : prompt.trim() === ""
                ? "Ctrl + Enter asks, too."
                : "Your own words: the answer cannot be verified. These models know little beyond their tasks."}
          </p>
          <details
            className="settings"
            onBlur={(event) => {
              if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
            }}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.currentTarget.open = false;
              event.currentTarget.querySelector("summary")?.focus();
            }}
          >
            <summary>Settings</summary>
            <div className="settings-in">
              <label className="field">
                <span>
                  Temperature <output>{settings.temperature.toFixed(1)}</output>
                </span>
                <input
                  type="range"
                  min="0"
                  max="1.5"
                  step="0.1"
                  value={settings.temperature}
                  onChange={(event) => setSettings({ ...settings, temperature: Number(event.target.value) })}
                />
              </label>
              <label className="field">
                <span>Most tokens</span>
                <select
                  value={settings.maxTokens}
                  onChange={(event) => setSettings({ ...settings, maxTokens: Number(event.target.value) })}
                >
                  {[128, 256, 512, 1024, 2048].map((n) => (
                    <option key={n}>{n}</option>
                  ))}
                </select>
              </label>
            </div>
          </details>
          <button
            type="submit"
            className={`button ${busy ? "" : "primary"}`}
            disabled={!busy && (models === null || models.length === 0)}
          >
            {busy ? "Stop" : single ? "Ask" : "Ask both"}
          </button>
        </div>
        <Failure of={failure} />
      </form>
      {models !== null && models.length === 0 && (
        <p className="empty-line card">
          There is no model to talk to yet. It comes with the first checkpoint of a run.
        </p>
      )}
      {models !== null && models.length > 0 && (
        <div className={single ? "sides single" : "sides"}>
          {!single && (
            <Column
              heading="Before"
              models={models}
              model={beforeId}
              onModel={(model) => setPicked([model, picked[1]])}
              state={before.state}
              tally={tallies[0]}
              busy={busy}
            />
          )}
          <Column
            heading={single ? "The model" : "After"}
            models={models}
            model={afterId}
            onModel={(model) => setPicked([picked[0], model])}
            state={after.state}
            tally={tallies[1]}
            busy={busy}
          />
        </div>
      )}
      <p className="visually-hidden" aria-live="polite">
        {announced}
      </p>
    </div>
  );
}

/** The model that was picked if it is there, else the first of the wanted roles. */
function choice(picked: string | null, models: readonly ModelInfo[], roles: readonly ModelInfo["role"][]): string {
  if (picked !== null && models.some((model) => model.id === picked)) return picked;
  for (const role of roles) {
    const found = models.find((model) => model.role === role);
    if (found !== undefined) return found.id;
  }
  return models[0]?.id ?? "";
}

function spoken(name: string, result: ChatResult | null): string {
  if (result === null) return `${name}: no answer.`;
  const verdict = result.verdict === undefined ? "" : result.verdict.score >= 0.999 ? ", right" : ", wrong";
  return `${name}: ${result.answer ?? "no answer"}${verdict}.`;
}
