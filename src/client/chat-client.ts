/**
 * A client for chat completions as OpenAI's API, vLLM, SGLang, llama.cpp, Ollama, DeepSeek, OpenRouter and others serve
 * them. Uses fetch alone and runs in browsers.
 *
 * How requests are tried again follows what openai-node and ky do (statuses, Retry-After before own delays); beyond
 * them, what one request learns of a rate limit holds all others of the client back, and a stream that ends without a
 * reason is not taken for an answer. Keys are sent in one header, to the one address, and stand in no error.
 * Left out: tools, images, several choices a request, the Responses API.
 */
import { ClientError, type Scene } from "./errors.ts";
import { EventReader } from "./events.ts";
import { invalidReply, type ReadReply, ReplyCollector } from "./reply.ts";
import { DEFAULT_RETRY, Gate, type RetrySettings, retryDelay, waitWhile } from "./retry.ts";
import { DEFAULT_TIMEOUTS, post, type Timeouts } from "./transport.ts";
import type { ChatDelta, ChatReply, ChatRequest } from "./types.ts";

export interface ClientSettings {
  /** The API's address, e.g. `https://api.deepseek.com/v1`; `/chat/completions` is added where it is not there. */
  readonly url: string;
  readonly model: string;
  /** Sent as `Authorization: Bearer …`; none for servers that want none. */
  readonly apiKey?: string | undefined;
  /** Further headers, e.g. of a gateway. Their values are struck out of errors like the key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Requests at once; default 4. */
  readonly concurrency?: number;
  /** Whether answers come as streams, which lets long ones live through idle limits; default true. */
  readonly stream?: boolean;
  /** What the limit of new tokens is called; newer models of OpenAI's want the second. Default `max_tokens`. */
  readonly tokenLimitField?: "max_tokens" | "max_completion_tokens";
  readonly timeouts?: Partial<Timeouts>;
  readonly retry?: Partial<RetrySettings>;
  /** Most bytes of one response; default 64 MiB. */
  readonly maxBytes?: number;
  /** Told before each further request. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /** Default: the global fetch. */
  readonly fetch?: typeof fetch;
  /** In 0..1, for the delays; default Math.random. */
  readonly random?: () => number;
}

export interface RetryNotice {
  readonly error: ClientError;
  /** Requests sent so far for this answer. */
  readonly attempt: number;
  readonly waitMs: number;
}

export interface ChatCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether a request that failed may be sent again, asked while it waits for that; default yes. */
  readonly again?: () => boolean;
}

export class ChatClient {
  readonly model: string;
  /** The address that is asked, without anything secret: it may be shown and written down. */
  readonly place: string;
  readonly #settings: ClientSettings;
  readonly #url: string;
  readonly #scene: Scene;
  readonly #gate: Gate;
  readonly #retry: RetrySettings;
  readonly #timeouts: Timeouts;
  /** No request before this time, in milliseconds of performance.now: the server asked for it. */
  #notBefore = 0;

  /** @throws ClientError CLIENT_SETTING for an address or a key that cannot be used */
  constructor(settings: ClientSettings) {
    const { url, apiKey = "", headers = {}, concurrency = 4, model } = settings;
    const address = chatAddress(url);
    checkHeader("the key", apiKey);
    for (const [name, value] of Object.entries(headers)) checkHeader(`the header ${name}`, value);
    this.model = model;
    this.place = `${address.origin}${address.pathname}`;
    this.#settings = settings;
    this.#url = address.href;
    this.#scene = { place: this.place, secrets: [apiKey, ...Object.values(headers)].filter((s) => s.length > 3) };
    this.#gate = new Gate(Math.max(1, concurrency));
    this.#retry = { ...DEFAULT_RETRY, ...settings.retry };
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts };
  }

  /**
   * Asks for one answer and waits for all of it; tried again where that can help.
   * @throws ClientError; the signal's reason when it is aborted
   */
  async chat(request: ChatRequest, options: ChatCallOptions = {}): Promise<ChatReply> {
    const pieces = this.#ask(request, options, () => true);
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) return value;
    }
  }

  /**
   * Asks for one answer and gives it piece by piece, then returns the whole. Tried again until its first piece. To
   * stop listening ends the request.
   * @throws as `chat`
   */
  stream(request: ChatRequest, options: ChatCallOptions = {}): AsyncGenerator<ChatDelta, ChatReply> {
    return this.#ask(request, options, (given) => given === 0);
  }

  async *#ask(
    request: ChatRequest,
    { signal, again = () => true }: ChatCallOptions,
    mayRetry: (given: number) => boolean,
  ): AsyncGenerator<ChatDelta, ChatReply> {
    const leave = await this.#gate.enter(signal);
    const started = performance.now();
    let given = 0;
    try {
      for (let attempts = 1; ; attempts++) {
        const held = this.#notBefore - performance.now();
        if (held > 0 && !(await waitWhile(again, held, signal))) throw stopped(this.#scene);
        const pieces = this.#attempt(request, signal);
        try {
          for (;;) {
            const { done, value } = await pieces.next();
            if (done) {
              const seconds = (performance.now() - started) / 1000;
              return { ...value, model: value.model ?? this.model, attempts, seconds };
            }
            given++;
            yield value;
          }
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          error.attempts = attempts;
          const random = (this.#settings.random ?? Math.random)();
          const delay = mayRetry(given) ? retryDelay(error, attempts, this.#retry, random) : undefined;
          // Who wants to be left alone for so long would refuse the next request, too.
          if ((error.afterMs ?? 0) > this.#retry.longestAskedMs) error.lasting = true;
          if (delay === undefined) throw error;
          if (error.afterMs !== undefined) this.#notBefore = Math.max(this.#notBefore, performance.now() + delay);
          this.#settings.onRetry?.({ error, attempt: attempts, waitMs: delay });
          if (!(await waitWhile(again, delay, signal))) throw error;
        } finally {
          // Whoever stops listening ends the connection too.
          await pieces.return(undefined as never);
        }
      }
    } finally {
      leave();
    }
  }

  async *#attempt(request: ChatRequest, signal: AbortSignal | undefined): AsyncGenerator<ChatDelta, ReadReply> {
    const { stream = true, apiKey, headers, maxBytes = 64 << 20 } = this.#settings;
    const scene = this.#scene;
    const collector = new ReplyCollector(scene);
    const events = new EventReader();
    // A stream of events, one JSON document, or not known yet. The first characters tell, not the type: servers mislabel both.
    let form: "events" | "json" | undefined;
    let text = "";
    let ended = false;
    const pieces = post(this.#url, {
      scene,
      signal,
      maxBytes,
      timeouts: this.#timeouts,
      fetch: this.#settings.fetch ?? fetch,
      headers: {
        accept: stream ? "text/event-stream, application/json" : "application/json",
        "content-type": "application/json",
        ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
        ...headers,
      },
      body: JSON.stringify(requestBody(request, this.#settings, stream)),
    });
    for await (const piece of pieces) {
      text = form === "events" ? piece : text + piece;
      form ??= formOf(text);
      if (form === undefined && text.trimStart().length > LONGEST_PREFIX) break;
      if (form !== "events") continue;
      for (const { data } of events.push(text)) {
        ended ||= data.trim() === "[DONE]";
        if (!ended) yield* collector.take(data);
      }
      if (ended) break; // What a server may send after its end is nobody's.
    }
    if (form === "events") {
      // A torn last line of a connection that was cut is no JSON, and no fault of the server's words.
      for (const { data } of ended ? [] : events.end()) {
        if (data.trim() === "[DONE]") ended = true;
        else if (isJson(data)) yield* collector.take(data);
      }
    } else if (form === "json") {
      yield* collector.take(text);
      ended = true;
    } else throw invalidReply(text, scene);
    yield* collector.rest();
    return collector.reply(ended);
  }
}

function requestBody(
  { messages, maxTokens, temperature, topP, seed, stop, extra }: ChatRequest,
  { model, tokenLimitField = "max_tokens" }: ClientSettings,
  stream: boolean,
): Record<string, unknown> {
  return {
    model,
    messages,
    // Fields that are undefined are left out by JSON.
    [tokenLimitField]: maxTokens,
    temperature,
    top_p: topP,
    seed,
    stop,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    ...extra,
  };
}

function stopped({ place }: Scene): ClientError {
  return new ClientError("CLIENT_STOPPED", `${place} was not asked: nobody waits for it any more.`);
}

/** Longer than the beginning of any event. */
const LONGEST_PREFIX = 16;

/** What a response is by its first characters; undefined while there are none. */
function formOf(text: string): "events" | "json" | undefined {
  const start = text.trimStart();
  if (start.startsWith("{")) return "json";
  return /^(?:data|event|id|retry)?:/.test(start) ? "events" : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const PATH = "/chat/completions";
const SECRET = /key|token|secret|passw|sig/i;

/**
 * The address of an API's chat completions.
 * @throws ClientError CLIENT_SETTING; anything secret in an address would be written down with it
 */
export function chatAddress(url: string): URL {
  const invalid = (got: string): ClientError =>
    new ClientError("CLIENT_SETTING", "The endpoint's address cannot be used.", {
      expected: "an http or https address such as https://api.deepseek.com/v1",
      got,
      help: "A key belongs into an environment variable, never into the address.",
      lasting: true,
    });
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    throw invalid(JSON.stringify(url.slice(0, 100)));
  }
  if (!/^https?:$/.test(address.protocol)) throw invalid(`the protocol ${address.protocol}`);
  if (address.username !== "" || address.password !== "") throw invalid("an address with a name or password in it");
  const secret = [...address.searchParams.keys()].find((name) => SECRET.test(name));
  if (secret !== undefined) throw invalid(`an address with a parameter ${secret}`);
  address.hash = "";
  const path = address.pathname.replace(/\/+$/, "");
  address.pathname = path.endsWith(PATH) ? path : `${path}${PATH}`;
  return address;
}

function checkHeader(what: string, value: string): void {
  // A line break would end the header; others fetch refuses with the value in its message.
  if (/^[\x20-\x7e]*$/.test(value)) return;
  throw new ClientError("CLIENT_SETTING", `${what} has characters that no header may hold.`, {
    expected: "printable ASCII on one line",
    help: "Set it again: a line break at its end often comes from copying.",
    lasting: true,
  });
}
