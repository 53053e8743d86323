/**
 * The live end of a run as server-sent events: state, metrics rows, events and the number of rollouts, as their files grow.
 *
 * Each listener has its own place in logs that all listeners share. A cut or replaced file becomes one `reset` event; the
 * page then loads again, which is simpler and safer than to patch.
 */
import type { SSEStreamingApi } from "hono/streaming";
import type { RunLogs } from "./run-reader.ts";
import type { RunStreamEvents } from "./wire.ts";

export interface RunStreamOptions {
  /** The listener has the metrics rows up to this step. */
  readonly after: number;
  /** Metrics that the listener wants; default: all. */
  readonly keys?: readonly string[] | undefined;
  /** Milliseconds between looks at the files. */
  readonly pollMs: number;
  /** Milliseconds of silence after which a comment shows that the server lives. */
  readonly quietMs: number;
  readonly signal: AbortSignal;
}

const MOST_ROWS = 2000;
const MOST_EVENTS = 500;

/** Writes events until the listener leaves or `signal` aborts. */
export async function streamRun(stream: SSEStreamingApi, logs: RunLogs, options: RunStreamOptions): Promise<void> {
  const { metrics, events, rollouts } = logs;
  let lastWrite = 0;
  const send = async <E extends keyof RunStreamEvents>(event: E, data: RunStreamEvents[E]): Promise<void> => {
    lastWrite = performance.now();
    await stream.writeSSE({ event, data: JSON.stringify(data) });
  };

  await Promise.all([metrics.poll(), events.poll(), rollouts.poll()]);
  let metricsGeneration = metrics.generation;
  let row = metrics.indexAfter(options.after);
  if (options.after > (metrics.lastStep ?? -1) && options.after >= 0) await send("reset", { what: "metrics" });
  let eventsGeneration = events.generation;
  let event = Math.max(0, events.items.length - MOST_EVENTS);
  let rolloutsGeneration = rollouts.generation;
  let rolloutCount = -1;
  let state = "";

  while (!stream.aborted && !stream.closed && !options.signal.aborted) {
    const now = await logs.state();
    if (now !== null && JSON.stringify(now) !== state) {
      state = JSON.stringify(now);
      await send("state", now);
    }
    await Promise.all([metrics.poll(), events.poll(), rollouts.poll()]);
    if (metrics.generation !== metricsGeneration) {
      metricsGeneration = metrics.generation;
      row = 0;
      await send("reset", { what: "metrics" });
    }
    while (row < metrics.length) {
      const rows = metrics.rows(row, options.keys, row + MOST_ROWS);
      row += rows.length;
      await send("metrics", { rows });
    }
    if (events.generation !== eventsGeneration) {
      eventsGeneration = events.generation;
      event = 0;
      await send("reset", { what: "events" });
    }
    if (event < events.items.length) {
      const items = events.items.slice(event);
      event = events.items.length;
      await send("events", { items });
    }
    if (rollouts.generation !== rolloutsGeneration) {
      rolloutsGeneration = rollouts.generation;
      rolloutCount = -1;
      await send("reset", { what: "rollouts" });
    }
    if (rollouts.length !== rolloutCount) {
      rolloutCount = rollouts.length;
      await send("rollouts", { total: rollouts.length, lastStep: rollouts.lastStep });
    }
    if (performance.now() - lastWrite > options.quietMs) {
      lastWrite = performance.now();
      await stream.write(": still here\n\n");
    }
    await pause(options.pollMs, options.signal);
  }
}

/** Waits, or returns at once when `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
