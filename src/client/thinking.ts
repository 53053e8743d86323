/**
 * Thinking that stands in the text itself, between `<think>` and `</think>`, as endpoints without a field for it send it.
 *
 * Also read: an answer whose template opened the thought in the prompt, so that only `</think>` comes. A thought that was
 * never closed (the limit came first) is all there is: no content.
 */
import type { ChatDelta } from "./types.ts";

const OPEN = "<think>";
const CLOSE = "</think>";

/** Takes a whole text apart. */
export function splitThinking(text: string): { readonly thinking: string; readonly content: string } {
  const start = text.trimStart();
  const open = start.startsWith(OPEN);
  const body = open ? start.slice(OPEN.length) : text;
  const close = body.indexOf(CLOSE);
  if (close >= 0) {
    return { thinking: body.slice(0, close).trim(), content: body.slice(close + CLOSE.length).trimStart() };
  }
  return open ? { thinking: body.trim(), content: "" } : { thinking: "", content: text };
}

/**
 * The same for text that arrives in pieces: what may still become a tag is held back until it can be told. A thought
 * that the prompt opened cannot be told before its end, so here it counts as content; `splitThinking` knows better.
 */
export class ThinkingSplitter {
  #state: "start" | "thinking" | "content" = "start";
  #held = "";

  push(text: string): ChatDelta[] {
    this.#held += text;
    const deltas: ChatDelta[] = [];
    if (this.#state === "start") {
      const start = this.#held.trimStart();
      if (start.length < OPEN.length && OPEN.startsWith(start)) return deltas;
      this.#state = start.startsWith(OPEN) ? "thinking" : "content";
      if (this.#state === "thinking") this.#held = start.slice(OPEN.length);
    }
    if (this.#state === "thinking") {
      const close = this.#held.indexOf(CLOSE);
      const until = close >= 0 ? close : this.#held.length - heldBack(this.#held);
      if (until > 0) deltas.push({ phase: "thinking", text: this.#held.slice(0, until) });
      this.#held = this.#held.slice(close >= 0 ? close + CLOSE.length : until);
      if (close < 0) return deltas;
      this.#state = "content";
    }
    if (this.#held !== "") deltas.push({ phase: "content", text: this.#held });
    this.#held = "";
    return deltas;
  }

  /** What was held back at the end. */
  end(): ChatDelta[] {
    const text = this.#held;
    this.#held = "";
    return text === "" ? [] : [{ phase: this.#state === "thinking" ? "thinking" : "content", text }];
  }
}

/** Characters at the end of a text that may be the beginning of a closing tag. */
function heldBack(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (CLOSE.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
