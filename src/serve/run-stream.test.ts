import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { RunReader } from "./run-reader.ts";
import { streamRun } from "./run-stream.ts";
import { writeTestRun, writeTestState } from "./test-run.ts";

let runsDir = "";
let app: Hono;

before(async () => {
  runsDir = await mkdtemp(join(tmpdir(), "reckon-stream-"));
  const reader = new RunReader(runsDir);
  app = new Hono();
  app.get("/:name", async (c) => {
    const logs = await reader.logs(c.req.param("name"));
    const keys = c.req.query("keys")?.split(",");
    const left = new AbortController();
    return streamSSE(c, (stream) => {
      stream.onAbort(() => left.abort());
      return streamRun(stream, logs, {
        after: Number(c.req.query("after") ?? -1),
        keys,
        pollMs: 5,
        quietMs: 1000,
        signal: left.signal,
      });
    });
  });
});
after(() => rm(runsDir, { recursive: true }));

describe("stream", () => {
  interface Event {
    readonly event: string;
    readonly data: unknown;
  }

  /** Reads events until `enough`, then leaves. */
  async function listen(path: string, enough: (events: Event[]) => boolean | Promise<boolean>): Promise<Event[]> {
    const response = await app.request(path);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events: Event[] = [];
    let rest = "";
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (!(await enough(events))) {
      const { done, value } = await reader.read();
      if (done) break;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) });
      }
    }
    await reader.cancel();
    return events;
  }
  const steps = (events: Event[]): number[] =>
    events
      .filter(({ event }) => event === "metrics")
      .flatMap(({ data }) => (data as { rows: { step: number }[] }).rows.map(({ step }) => step));
  const has = (events: Event[], event: string): boolean => events.some((one) => one.event === event);

  it("sends what is missing, then what is appended, whole lines only", async () => {
    const directory = await writeTestRun(runsDir, "grows", { steps: 5, planned: 9, status: "running" });
    const path = join(directory, "metrics.jsonl");
    let stage = 0;
    const events = await listen("/grows?after=3&keys=reward", async (seen) => {
      if (stage === 0 && steps(seen).includes(5) && has(seen, "rollouts")) {
        stage = 1;
        await appendFile(path, '{"step":6,"reward":1,"loss":2}\n{"step":7,"rew');
      } else if (stage === 1 && steps(seen).includes(6)) {
        stage = 2;
        await appendFile(path, 'ard":0.5}\n');
        await writeTestState(directory, { status: "paused", step: 7, steps: 9, pid: process.pid });
      }
      return (
        steps(seen).includes(7) &&
        seen.some(({ event, data }) => event === "state" && (data as { status: string }).status === "paused")
      );
    });
    assert.deepEqual(steps(events), [4, 5, 6, 7]);
    const rows = events
      .filter(({ event }) => event === "metrics")
      .flatMap(({ data }) => (data as { rows: unknown[] }).rows);
    assert.deepEqual(rows.slice(2), [
      { step: 6, reward: 1 },
      { step: 7, reward: 0.5 },
    ]);
    assert.ok(has(events, "events") && has(events, "state"));
  });

  it("waits for files that are not there yet", async () => {
    const directory = join(runsDir, "new");
    await mkdir(directory);
    await writeFile(join(directory, "recipe.json"), "{}");
    let written = false;
    const events = await listen("/new", async (seen) => {
      if (!written && has(seen, "rollouts")) {
        written = true;
        await writeFile(join(directory, "metrics.jsonl"), '{"step":1,"reward":0}\n');
        await writeTestState(directory, { status: "running", step: 1, steps: 9, pid: process.pid });
      }
      return steps(seen).length === 1 && has(seen, "state");
    });
    assert.deepEqual(steps(events), [1]);
    await rm(directory, { recursive: true });
  });

  it("says so when a resumed run cuts its files back, and sends the rows anew", async () => {
    const directory = await writeTestRun(runsDir, "cut", { steps: 6, planned: 9, status: "running" });
    const path = join(directory, "metrics.jsonl");
    let cut = false;
    const events = await listen("/cut", async (seen) => {
      if (!cut && steps(seen).includes(6)) {
        cut = true;
        const lines = (await readFile(path, "utf8")).split("\n");
        await truncate(path, Buffer.byteLength(`${lines.slice(0, 3).join("\n")}\n`));
        await appendFile(path, '{"step":4,"reward":9}\n');
      }
      return has(seen, "reset") && steps(seen).filter((step) => step === 4).length === 2;
    });
    const reset = events.findIndex(({ event }) => event === "reset");
    assert.deepEqual(events[reset]!.data, { what: "metrics" });
    assert.deepEqual(steps(events.slice(reset)), [1, 2, 3, 4]);
  });

  it("tells a listener that knows more than there is", async () => {
    await writeTestRun(runsDir, "done", { steps: 40 });
    const events = await listen("/done?after=400", (seen) => has(seen, "state"));
    assert.equal(events[0]!.event, "reset");
  });
});
