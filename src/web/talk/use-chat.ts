/** One side of the talk: asks a model, shows its words as they come, can be stopped. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { ChatResult } from "../../serve/wire.ts";
import { ApiFailure, type ChatCall, chat } from "../lib/api.ts";

export interface ChatState {
  readonly phase: "idle" | "waiting" | "thinking" | "answer" | "done" | "stopped" | "failed";
  readonly thinking: string;
  readonly answer: string;
  readonly result: ChatResult | null;
  readonly failure: ApiFailure | null;
}

const IDLE: ChatState = { phase: "idle", thinking: "", answer: "", result: null, failure: null };

export interface Chat {
  readonly state: ChatState;
  readonly busy: boolean;
  /** Resolves with the result; null when stopped or failed. */
  readonly ask: (call: ChatCall) => Promise<ChatResult | null>;
  readonly stop: () => void;
  readonly clear: () => void;
}

export function useChat(): Chat {
  const [state, setState] = useState<ChatState>(IDLE);
  const running = useRef<AbortController | null>(null);

  useEffect(() => () => running.current?.abort(), []);

  const ask = useCallback(async (call: ChatCall): Promise<ChatResult | null> => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    const update = (change: Partial<ChatState>): void => {
      if (running.current === mine) setState((previous) => ({ ...previous, ...change }));
    };
    setState({ ...IDLE, phase: "waiting" });
    // Tokens may come by the hundred a second: the page is told once a frame.
    let thinking = "";
    let answer = "";
    let phase: ChatState["phase"] = "waiting";
    let frame = 0;
    const show = (): void => {
      frame = 0;
      update({ phase, thinking, answer });
    };
    try {
      const result = await chat(
        call,
        (delta) => {
          phase = delta.phase;
          if (delta.phase === "thinking") thinking += delta.text;
          else answer += delta.text;
          if (frame === 0) frame = requestAnimationFrame(show);
        },
        mine.signal,
      );
      cancelAnimationFrame(frame);
      update({ phase: "done", thinking: result.thinking, answer: result.answer ?? "", result });
      return result;
    } catch (error) {
      cancelAnimationFrame(frame);
      if (mine.signal.aborted) update({ phase: "stopped", thinking, answer });
      else if (error instanceof ApiFailure) update({ phase: "failed", thinking, answer, failure: error });
      else
        update({
          phase: "failed",
          thinking,
          answer,
          failure: new ApiFailure({ code: "CUT_OFF", message: "The answer broke off.", help: "Ask again." }),
        });
      return null;
    }
  }, []);

  const stop = useCallback(() => running.current?.abort(), []);
  const clear = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setState(IDLE);
  }, []);

  const busy = state.phase === "waiting" || state.phase === "thinking" || state.phase === "answer";
  return { state, busy, ask, stop, clear };
}
