/**
 * When to try again: after 0.5 s, then twice as long each time up to half a minute, a part of it at random so that many
 * clients do not come back at once; but when the server says how long to wait, that long.
 */
import { ClientError } from "./errors.ts";

export interface RetrySettings {
  /** Requests for one answer, the first included. Default 6. */
  readonly attempts: number;
  /** Wait before the second. Default 500. */
  readonly firstMs: number;
  /** Longest wait of our own. Default 30,000. */
  readonly longestMs: number;
  /** Longest wait that a server may ask for; if it asks for more, the request fails. Default 120,000. */
  readonly longestAskedMs: number;
}

export const DEFAULT_RETRY: RetrySettings = {
  attempts: 6,
  firstMs: 500,
  longestMs: 30_000,
  longestAskedMs: 120_000,
};

/**
 * Milliseconds to wait before the next request; undefined when it is given up.
 * @param attempt requests sent so far
 * @param random in 0..1
 */
export function retryDelay(
  error: unknown,
  attempt: number,
  settings: RetrySettings,
  random: number,
): number | undefined {
  if (!(error instanceof ClientError) || !error.retry || attempt >= settings.attempts) return undefined;
  if (error.afterMs !== undefined) return error.afterMs <= settings.longestAskedMs ? error.afterMs : undefined;
  const full = Math.min(settings.longestMs, settings.firstMs * 2 ** (attempt - 1));
  return full * (0.5 + random / 2);
}

/** Waits; rejects with the signal's reason when it is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const done = (): void => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** How often it is looked whether a wait is still wanted. */
const LOOK_MS = 200;

/** Waits as long as it is wanted; false where it no longer is. Rejects as `wait`. */
export async function waitWhile(wanted: () => boolean, ms: number, signal?: AbortSignal): Promise<boolean> {
  for (let left = ms; wanted(); left -= LOOK_MS) {
    if (left <= 0) return true;
    await wait(Math.min(LOOK_MS, left), signal);
  }
  return false;
}

/** Lets so many in at once; the others wait in the order in which they came. */
export class Gate {
  readonly #limit: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when there is room; what it gives ends the stay. Rejects with the signal's reason when it is aborted. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inside < this.#limit) this.#inside++;
    else {
      // Whoever leaves hands his place on.
      await new Promise<void>((resolve, reject) => {
        const turn = (): void => {
          signal?.removeEventListener("abort", stop);
          resolve();
        };
        const stop = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(turn), 1);
          reject(signal?.reason);
        };
        this.#waiting.push(turn);
        signal?.addEventListener("abort", stop, { once: true });
      });
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#inside--;
    };
  }
}
