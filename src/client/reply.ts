/**
 * Answers out of chat completions, whole ones and streams, whatever their dialect: `reasoning_content` (DeepSeek,
 * llama.cpp, SGLang), `reasoning` (vLLM, OpenRouter, Ollama; of both at once the first counts, they say the same), lists of
 * parts (Mistral), or think tags in the text.
 *
 * Left out: choices after the first, calls of tools, log-probabilities.
 */
import { ClientError, errorBody, type Scene, shown } from "./errors.ts";
import { splitThinking, ThinkingSplitter } from "./thinking.ts";
import type { ChatDelta, ChatFinish, ChatUsage } from "./types.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An answer as it was read. */
export interface ReadReply {
  readonly thinking: string;
  readonly content: string;
  readonly finish: ChatFinish;
  readonly usage: ChatUsage | undefined;
  readonly model: string | undefined;
}

/** The answer of a whole response. @throws ClientError CLIENT_INVALID, CLIENT_SERVER for an error in a response of 200 */
export function readWhole(text: string, scene: Scene): ReadReply {
  const collector = new ReplyCollector(scene);
  collector.take(text);
  return collector.reply(true);
}

/** Puts an answer together from the chunks of a stream, or from one whole response. */
export class ReplyCollector {
  readonly #scene: Scene;
  readonly #splitter = new ThinkingSplitter();
  #thinking = "";
  #content = "";
  #finish: ChatFinish | undefined;
  #usage: ChatUsage | undefined;
  #model: string | undefined;
  #answered = false;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Reads one chunk, or a whole response; returns what is new of the answer. */
  take(json: string): ChatDelta[] {
    const value = this.#parse(json);
    if (value["error"] !== undefined && value["error"] !== null) throw this.#failed(json);
    if (typeof value["model"] === "string" && value["model"] !== "") this.#model = value["model"];
    this.#usage = readUsage(value["usage"]) ?? this.#usage;
    const choices: unknown[] = Array.isArray(value["choices"]) ? value["choices"] : [];
    const choice = choices.find((one) => (one as { index?: unknown })?.index === 0) ?? choices[0];
    if (typeof choice !== "object" || choice === null) return []; // The chunk of the usage has none.
    const { message, delta, finish_reason: finish, text } = choice as Fields;
    if (typeof finish === "string" && finish !== "") this.#finish = readFinish(finish);
    const said = (message ?? delta ?? { content: text }) as Fields;
    this.#answered ||= message !== undefined || delta !== undefined || text !== undefined;
    const thinking = textOf(said["reasoning_content"]) || textOf(said["reasoning"]) || thinkingPart(said["content"]);
    const content = textOf(said["content"]) || textOf(said["refusal"]);
    this.#thinking += thinking;
    this.#content += content;
    const deltas: ChatDelta[] = thinking === "" ? [] : [{ phase: "thinking", text: thinking }];
    if (content !== "") deltas.push(...this.#splitter.push(content));
    return deltas;
  }

  /** What was held back until it could be told whether it was a tag. */
  rest(): ChatDelta[] {
    return this.#splitter.end();
  }

  /**
   * The answer.
   * @param ended whether the endpoint said that it is whole; otherwise its reason to end must have come
   * @throws ClientError CLIENT_CUT, CLIENT_INVALID
   */
  reply(ended: boolean): ReadReply {
    const { place } = this.#scene;
    if (!ended && this.#finish === undefined) {
      throw new ClientError("CLIENT_CUT", `The connection to ${place} ended in the middle of the answer.`, {
        expected: "a reason to end, or [DONE]",
        got: `${this.#thinking.length + this.#content.length} characters`,
        help: "Run it again; if it goes on, look for a proxy that ends long connections.",
        retry: true,
      });
    }
    if (!this.#answered) throw this.#invalid("a response without an answer in it");
    const parts = this.#thinking.trim() === "" ? splitThinking(this.#content) : undefined;
    return {
      thinking: parts?.thinking ?? this.#thinking.trim(),
      content: parts?.content ?? this.#content,
      finish: this.#finish ?? "unknown",
      usage: this.#usage,
      model: this.#model,
    };
  }

  #parse(json: string): Fields {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      throw this.#invalid(json);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#invalid(json);
    return value as Fields;
  }

  #failed(json: string): ClientError {
    const { place, secrets } = this.#scene;
    const { message, code } = errorBody(json);
    return new ClientError("CLIENT_SERVER", `${place} failed in the middle of an answer.`, {
      got: shown(`${code} ${message}`, secrets),
      help: "Run it again later: what has been answered is kept.",
      retry: true,
    });
  }

  #invalid(what: string): ClientError {
    return invalidReply(what, this.#scene);
  }
}

/** The error for what is no chat completion. */
export function invalidReply(what: string, { place, secrets }: Scene): ClientError {
  return new ClientError("CLIENT_INVALID", `What ${place} answers is no chat completion.`, {
    expected: "JSON with choices, or a stream of such chunks",
    got: what === "" ? "nothing" : shown(what, secrets),
    help: "Check the address: it is that of an OpenAI-compatible API, mostly ending in /v1.",
  });
}

function readFinish(reason: string): ChatFinish {
  switch (reason) {
    case "stop":
    case "eos":
    case "end_turn":
    case "stop_sequence":
      return "stop";
    case "length":
    case "max_tokens":
    case "model_length":
      return "length";
    case "content_filter":
      return "filter";
    case "tool_calls":
    case "function_call":
      return "tools";
    default:
      return "unknown";
  }
}

function readUsage(value: unknown): ChatUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const usage = value as Fields;
  const number = (field: unknown): number | undefined =>
    typeof field === "number" && Number.isFinite(field) && field >= 0 ? field : undefined;
  const details = (name: string): Fields => (usage[name] ?? {}) as Fields;
  const promptTokens = number(usage["prompt_tokens"]);
  const completionTokens = number(usage["completion_tokens"]);
  if (promptTokens === undefined && completionTokens === undefined) return undefined;
  const reasoningTokens = number(details("completion_tokens_details")["reasoning_tokens"]);
  const cachedTokens =
    number(details("prompt_tokens_details")["cached_tokens"]) ?? number(usage["prompt_cache_hit_tokens"]);
  const cost = number(usage["cost"]);
  return {
    promptTokens: promptTokens ?? 0,
    completionTokens: completionTokens ?? 0,
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
    ...(cost === undefined ? {} : { cost }),
  };
}

/** A text, or the texts of a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return (value as unknown[])
    .map((part) => (part as { type?: unknown; text?: unknown } | null) ?? {})
    .map(({ type, text }) => (typeof text === "string" && type !== "thinking" ? text : ""))
    .join("");
}

/** The thinking among a list of parts: `{ type: "thinking", thinking: text or parts }`. */
function thinkingPart(value: unknown): string {
  if (!Array.isArray(value)) return "";
  return (value as unknown[])
    .map((part) => (part as { type?: unknown; thinking?: unknown } | null) ?? {})
    .map(({ type, thinking }) => (type === "thinking" ? textOf(thinking) : ""))
    .join("");
}
