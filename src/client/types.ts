/** What is asked of an endpoint and what comes back, free of any provider's spelling. */

/** One message of a conversation. */
export interface ChatTurn {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatTurn[];
  /** Most new tokens, thinking included. Default: the endpoint's own limit. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  /** Endpoints that know it draw the same answer again for the same seed, as far as they promise. */
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  /** Further fields of the body as they are, e.g. `{ reasoning_effort: "high" }`; they win over those above. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Why an answer ended: `stop` by itself, `length` at a limit, `filter` held back by the provider, `tools` with a call of a
 * tool, `unknown` when the endpoint did not say.
 */
export type ChatFinish = "stop" | "length" | "filter" | "tools" | "unknown";

/** Tokens as the endpoint counted them, for the bill. */
export interface ChatUsage {
  readonly promptTokens: number;
  /** Thinking included. */
  readonly completionTokens: number;
  /** Of these, thinking, where the endpoint says. */
  readonly reasoningTokens?: number;
  /** Of the prompt's tokens, those read from a cache. */
  readonly cachedTokens?: number;
  /** What the request cost, in the endpoint's own currency, where it says. */
  readonly cost?: number;
}

export interface ChatReply {
  /** What the model thought: `reasoning_content`, `reasoning`, or what stood between think tags; "" if none was shown. */
  readonly thinking: string;
  /** What it said beside that. */
  readonly content: string;
  readonly finish: ChatFinish;
  /** Undefined where the endpoint did not count. */
  readonly usage: ChatUsage | undefined;
  /** The model that answered, in the endpoint's words; the one that was asked for where it does not say. */
  readonly model: string;
  /** Requests that were sent for it: 1, and one more for every retry. */
  readonly attempts: number;
  /** From the first request to the last byte, waits included. */
  readonly seconds: number;
}

/** A piece of an answer under way. */
export interface ChatDelta {
  readonly phase: "thinking" | "content";
  readonly text: string;
}
