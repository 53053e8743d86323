import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Metrics } from "../train/run-store.ts";
import { MemoryStore } from "../train/testing.ts";
import { partings, watchJudges } from "./judge-watch.ts";
import { judgedRun } from "./testing.ts";

const STEPS = 100;

/** Right answers rise until `turn` and fall then, while the judge pays ever more. */
const played = (turn: number): Metrics[] =>
  judgedRun(turn).map(({ step, model, format, accuracy }) => ({
    step,
    "rewards/taste/mean": model,
    "rewards/format/mean": format,
    "rewards/accuracy/mean": accuracy,
  }));

/** All that is said through a run. */
const told = (lines: readonly Metrics[], names = ["taste"]) =>
  lines.flatMap((_, i) => partings(lines.slice(0, i + 1), names, STEPS));

test("a judge that is played is named once, at the end of the tenth in which it shows", () => {
  const [event, ...more] = told(played(50));
  assert.deepEqual([event?.code, event?.step, more.length], ["JUDGE_PARTED", 70, 0]);
  assert.match(event!.message, /taste.* right in steps 51 to 60, .* in steps 61 to 70/);
});

test("nothing is said where both rise, of other judges, or between the parts", () => {
  assert.deepEqual(told(played(STEPS)), []);
  assert.deepEqual(told(played(50), ["other"]), []);
  assert.deepEqual(partings(played(50).slice(0, 75), ["taste"], STEPS), []);
});

test("a judge that counts late has its own tenths, and one that counts for too short a time is not spoken of", () => {
  const late = (from: number): Metrics[] =>
    Array.from({ length: from }, (_, i): Metrics => ({ step: i + 1, "rewards/accuracy/mean": 0.5 })).concat(
      played(50).map((line) => ({ ...line, step: line.step + from })),
    );
  const said = (lines: readonly Metrics[], steps: number) =>
    lines.flatMap((_, i) => partings(lines.slice(0, i + 1), ["taste"], steps).map(({ step }) => step));
  assert.deepEqual(said(late(300), 400), [370]);
  assert.deepEqual(said(late(13), 113), [83]);
  assert.deepEqual(said(played(20).slice(0, 59), 59), []);
  // Longer parts than ten steps: 22 of 220.
  assert.deepEqual(said(played(50), 220), []);
});

test("a run that goes on says what an unbroken one would, by the metrics in its folder up to where it goes on", () => {
  const folder = mkdtempSync(join(tmpdir(), "reckon-judged-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const lines = played(50);
  const stage = { rewardModel: { from: "judge", weight: 1, name: "taste" }, steps: STEPS };
  const broken = (at: number): MemoryStore["events"] => {
    const text = lines.slice(0, at).map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(join(folder, "metrics.jsonl"), text.join(""));
    const store = Object.assign(new MemoryStore(), { path: folder });
    const watched = watchJudges(store, stage, at);
    for (const line of lines.slice(at)) watched.metrics(line);
    assert.equal(store.records.length, STEPS - at);
    return store.events;
  };
  assert.deepEqual(
    broken(65).map(({ code, step }) => [code, step]),
    [["JUDGE_PARTED", 70]],
  );
  assert.deepEqual(broken(72), []);
  const store = new MemoryStore();
  assert.equal(watchJudges(store, { steps: STEPS }, 0), store);
});
