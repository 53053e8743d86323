/**
 * One request to an endpoint and the text of its response, with limits in time and size.
 *
 * `fetch` alone, so it runs in browsers as in Node. Redirects are not followed: a key must not go to an address that
 * nobody named. Left out: a limit on the connecting alone, which fetch does not tell apart (Node's own is 10 s); in Node
 * the first byte may take 300 s at most, so answers that take longer have to be streamed.
 */
import { ClientError, networkError, type Scene, statusError } from "./errors.ts";

export interface Timeouts {
  /** Seconds until the response begins. Default 120. */
  readonly first: number;
  /** Seconds between two pieces of it. Default 120. */
  readonly idle: number;
  /** Seconds for all of it. Default 1,800. */
  readonly total: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { first: 120, idle: 120, total: 1800 };

/** The largest delay that a timer takes, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** Bytes that are read of a response that is an error. */
const ERROR_BYTES = 1 << 16;

export interface PostOptions {
  readonly scene: Scene;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeouts: Timeouts;
  /** Most bytes of the response. */
  readonly maxBytes: number;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one request and gives the response's text piece by piece.
 * @throws ClientError; the signal's reason when it is aborted
 */
export async function* post(url: string, options: PostOptions): AsyncGenerator<string, void> {
  const { scene, timeouts, signal } = options;
  signal?.throwIfAborted();
  const watch = new Watch(timeouts, scene.place);
  const abort = (): void => watch.abort(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let whole = false;
  try {
    watch.expect("first");
    const response = await options.fetch(url, {
      method: "POST",
      headers: options.headers,
      body: options.body,
      redirect: "manual",
      // No cookies in browsers: the key is all there is.
      credentials: "omit",
      signal: watch.signal,
    });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      throw redirected(response, scene);
    }
    const { ok } = response;
    const limit = ok ? options.maxBytes : ERROR_BYTES;
    reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let bytes = 0;
    let text = "";
    while (reader) {
      watch.expect("idle");
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      const piece = decoder.decode(value, { stream: true });
      if (ok && bytes > limit) throw tooLarge(limit, scene);
      if (ok) {
        watch.pause(); // While our own caller works, nothing is late.
        yield piece;
      } else text += piece;
      if (!ok && bytes > limit) break;
    }
    whole = true;
    const last = decoder.decode();
    if (!ok) throw statusError(response.status, response.headers, text + last, scene);
    if (last !== "") yield last;
  } catch (error) {
    if (error instanceof ClientError) throw error;
    signal?.throwIfAborted();
    throw watch.failure ?? (whole ? error : networkError(error, scene));
  } finally {
    watch.end();
    signal?.removeEventListener("abort", abort);
    // Also when whoever reads has stopped: the connection must not go on being filled. Nothing waits for it.
    reader?.cancel().catch(() => {});
  }
}

/** Ends a request that takes too long. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timeouts: Timeouts;
  readonly #place: string;
  readonly #total: ReturnType<typeof setTimeout>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  failure: ClientError | undefined;

  constructor(timeouts: Timeouts, place: string) {
    this.#timeouts = timeouts;
    this.#place = place;
    this.#total = this.#after("total");
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  expect(what: "first" | "idle"): void {
    this.pause();
    this.#timer = this.#after(what);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  end(): void {
    clearTimeout(this.#total);
    this.pause();
    this.#controller.abort();
  }

  #after(what: keyof Timeouts): ReturnType<typeof setTimeout> {
    const seconds = this.#timeouts[what];
    // Where a person says it: on the command line, which has nothing for the whole, or in a recipe.
    const wait = `${what === "total" ? "" : "--timeout of reckon sample, or "}timeouts.${what} of a recipe's teacher`;
    const words = { first: "does not begin to answer", idle: "has stopped in its answer", total: "takes too long" };
    return setTimeout(
      () => {
        this.failure ??= new ClientError("CLIENT_TIMEOUT", `${this.#place} ${words[what]}.`, {
          got: `nothing more for ${seconds} s${what === "total" ? " in all" : ""}`,
          help: `Check that the server is up; if it is only slow, wait longer: ${wait}.`,
          retry: true,
        });
        this.#controller.abort(this.failure);
      },
      Math.min(LONGEST_TIMER, seconds * 1000),
    );
  }
}

function redirected(response: Response, { place }: Scene): ClientError {
  let target = "elsewhere";
  try {
    const { origin, pathname } = new URL(response.headers.get("location") ?? "", response.url);
    target = `${origin}${pathname}`;
  } catch {
    // It does not say where.
  }
  return new ClientError("CLIENT_REDIRECT", `${place} points to another address.`, {
    got: `${response.status || "a redirect"} to ${target}`,
    help: "Give the new address if you trust it: a key is sent only where you say.",
    lasting: true,
  });
}

function tooLarge(limit: number, { place }: Scene): ClientError {
  return new ClientError("CLIENT_TOO_LARGE", `${place} sends more than an answer may be.`, {
    expected: `at most ${limit} bytes`,
    help: "Lower the limit of new tokens; if answers really are that long, raise maxBytes.",
  });
}
