/** The messages of the page without a browser: what is pressed counts from when it is pressed, whatever is under way. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cpuProvider } from "../../graph/node.ts";
import { loadCheckpoint } from "../../model/index.ts";
import { Desk } from "./desk.ts";
import { PRESETS, withSettings } from "./presets.ts";
import type { FromWorker, Question, ToWorker } from "./protocol.ts";

const base = join(import.meta.dirname, "../../../models/base");
const files = (name: string): Promise<Uint8Array | undefined> =>
  readFile(join(base, name)).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  );
const settings = withSettings(
  PRESETS.find(({ id }) => id === "sums")!.settings,
  new URLSearchParams("steps=3&maxNewTokens=16&promptsPerStep=2&evaluateEvery=4&evaluateProblems=8"),
);
const grow: ToWorker = { kind: "grow", settings };
const question: Question = { id: 1, prompt: "Add 4 + 2.", temperature: 1, maxTokens: 24, seed: 2, problem: null };

/** What is looked at: phases with their steps, metrics by theirs, and words once all are said. */
function line(message: FromWorker): string | undefined {
  if (message.kind === "phase") return `${message.phase} ${message.step}`;
  if (message.kind === "metrics") return `metrics ${message.row.step}`;
  return message.kind === "said" && message.said.done !== null ? `said ${message.side}` : undefined;
}

/** A desk that has loaded, and what it says. */
async function open() {
  let said: string[] = [];
  let waiting: { readonly until: string; readonly arrived: () => void } | undefined;
  const desk = new Desk(
    async () => ({ provider: await cpuProvider(), model: await loadCheckpoint({ get: files }) }),
    (message) => {
      if (message.kind === "failed") assert.fail(message.message);
      const words = line(message);
      if (words === undefined) return;
      said.push(words);
      if (waiting !== undefined && words.startsWith(waiting.until)) waiting.arrived();
    },
  );
  /** Sends messages at once, as a page does that is faster than the worker; gives what is said until that is. */
  const send = async (until: string, ...messages: readonly ToWorker[]): Promise<string[]> => {
    await new Promise<void>((arrived) => {
      waiting = { until, arrived };
      for (const message of messages) desk.receive(message);
    });
    const told = said;
    said = [];
    return told;
  };
  assert.deepEqual(await send("ready", { kind: "load", engine: "wasm", threads: 1, base: "" }), ["ready 0"]);
  return send;
}

test("a stop or a pause that comes while a growth is prepared is kept: it begins no step", async () => {
  const send = await open();
  const stopped = ["growing 0", "pausing 0", "stopped 0"];
  assert.deepEqual(await send("stopped", grow, { kind: "stop" }), stopped);
  assert.deepEqual(
    await send("stopped", grow, { kind: "pause" }, { kind: "stop" }),
    stopped,
    "who pauses may still stop",
  );
  assert.deepEqual(await send("paused", grow, { kind: "pause" }), ["growing 0", "pausing 0", "paused 0"]);
  const steps = [0, 1, 2, 3].flatMap((step) => [`metrics ${step}`, `growing ${step}`]);
  assert.deepEqual(
    await send("finished", { kind: "continue" }),
    ["growing 0", ...steps, "finished 3"],
    "paused before its first step, it has all of them still",
  );
  assert.deepEqual(await send("stopped", grow, { kind: "stop" }), stopped, "a new growth is not at the old one's step");
});

test("a stop that comes behind a continue, while a question is answered, is kept too", async () => {
  const send = await open();
  await send("paused", grow, { kind: "pause" });
  assert.deepEqual(
    await send("stopped", { kind: "ask", question }, { kind: "continue" }, { kind: "continue" }, { kind: "stop" }),
    ["growing 0", "pausing 0", "said before", "said now", "stopped 0"],
  );
});

test("a pause during a step takes effect behind it, and a stop then is at once", async () => {
  const send = await open();
  assert.deepEqual(await send("metrics 0", grow), ["growing 0", "metrics 0", "growing 0"]);
  assert.deepEqual(await send("paused", { kind: "pause" }), ["pausing 0", "metrics 1", "pausing 1", "paused 1"]);
  assert.deepEqual(await send("stopped", { kind: "stop" }), ["stopped 1"]);
});
