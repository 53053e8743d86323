/** The page's side of the worker: what it has said so far, and what can be asked of it. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RolloutRecord, RunEvent } from "../../train/index.ts";
import { Curves } from "../lib/curves.ts";
import type { GrowthSettings } from "./presets.ts";
import type { EngineInfo, EngineName, FromWorker, Phase, Question, Said, Side, ToWorker } from "./protocol.ts";
import { withSpeed } from "./speed.ts";

export interface Failure {
  readonly message: string;
  readonly help: string | null;
}

export interface Growing {
  readonly phase: Phase;
  readonly loading: string;
  readonly step: number;
  readonly steps: number;
  readonly engine: EngineInfo | null;
  readonly curves: Curves;
  /** Changes with `curves`. */
  readonly version: number;
  /** Of the newest step. */
  readonly samples: readonly RolloutRecord[];
  readonly events: readonly RunEvent[];
  readonly failure: Failure | null;
  /** What the worker has said to the question with this number. */
  readonly talk: Talk;
}

export interface Talk {
  readonly id: number;
  readonly said: Readonly<Partial<Record<Side, Said>>>;
  readonly failure: Failure | null;
}

export interface GrowthControl {
  readonly grow: (settings: GrowthSettings) => void;
  readonly pause: () => void;
  readonly go: () => void;
  readonly stop: () => void;
  readonly ask: (question: Question) => void;
}

const NO_TALK: Talk = { id: 0, said: {}, failure: null };

const fresh = (): Growing => ({
  phase: "loading",
  loading: "the engine",
  step: 0,
  steps: 0,
  engine: null,
  curves: new Curves(),
  version: 0,
  samples: [],
  events: [],
  failure: null,
  talk: NO_TALK,
});

/** A worker with this engine; another engine or number of threads makes another worker, and what was grown is gone. */
export function useGrowth(engine: EngineName, threads: number): readonly [Growing, GrowthControl] {
  const [state, setState] = useState<Growing>(fresh);
  const worker = useRef<Worker | null>(null);

  useEffect(() => {
    setState(fresh());
    const made = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "reckon-tab" });
    worker.current = made;
    made.onmessage = ({ data }: MessageEvent<FromWorker>) => setState((previous) => next(previous, data));
    made.onerror = (event) => {
      const message = event.message === "" ? "The worker could not be started." : event.message;
      setState((previous) => ({ ...previous, phase: "failed", failure: { message, help: "Load the page again." } }));
    };
    const base = new URL("base/", document.baseURI).href;
    made.postMessage({ kind: "load", engine, threads, base } satisfies ToWorker);
    return () => {
      worker.current = null;
      made.terminate();
    };
  }, [engine, threads]);

  const send = useCallback((message: ToWorker): void => worker.current?.postMessage(message), []);
  const control: GrowthControl = {
    grow(settings) {
      setState((previous) => ({
        ...previous,
        phase: "growing",
        step: 0,
        steps: settings.steps,
        curves: new Curves(),
        version: previous.version + 1,
        samples: [],
        failure: null,
        talk: NO_TALK,
      }));
      send({ kind: "grow", settings });
    },
    pause: () => send({ kind: "pause" }),
    go: () => send({ kind: "continue" }),
    stop: () => send({ kind: "stop" }),
    ask(question) {
      setState((previous) => ({ ...previous, talk: { id: question.id, said: {}, failure: null } }));
      send({ kind: "ask", question });
    },
  };
  return [state, control];
}

function next(state: Growing, message: FromWorker): Growing {
  switch (message.kind) {
    case "phase":
      return { ...state, phase: message.phase, step: message.step };
    case "loading":
      return { ...state, loading: message.what };
    case "engine":
      return { ...state, engine: message.info };
    case "metrics":
      state.curves.append([withSpeed(message.row, state.curves)]);
      return { ...state, version: state.version + 1 };
    case "samples":
      return { ...state, samples: message.records };
    case "event":
      return { ...state, events: [...state.events, message.event] };
    case "said": {
      if (message.id !== state.talk.id) return state;
      return { ...state, talk: { ...state.talk, said: { ...state.talk.said, [message.side]: message.said } } };
    }
    case "unsaid": {
      if (message.id !== state.talk.id) return state;
      return { ...state, talk: { ...state.talk, failure: { message: message.message, help: message.help } } };
    }
    case "failed":
      return { ...state, failure: { message: message.message, help: message.help } };
    default:
      message satisfies never;
      return state;
  }
}
