/** The growth of the tab without a browser: it learns, stops where it is asked to, goes on, and answers. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cpuProvider } from "../../graph/node.ts";
import { loadCheckpoint } from "../../model/index.ts";
import type { Metrics, RolloutRecord } from "../../train/index.ts";
import { Growth, type GrowthListener } from "./growth.ts";
import { PRESETS, withSettings } from "./presets.ts";
import type { Said } from "./protocol.ts";

const base = join(import.meta.dirname, "../../../models/base");
const model = await loadCheckpoint({
  get: (name) =>
    readFile(join(base, name)).then(
      (bytes) => new Uint8Array(bytes),
      () => undefined,
    ),
});
const sums = PRESETS.find(({ id }) => id === "sums")!.settings;
const short = withSettings(sums, new URLSearchParams("steps=4&maxNewTokens=32&evaluateEvery=4&evaluateProblems=16"));

/** Collects; asks for a stop after a step, or before the first (0), where told to. */
function collector(stopAfter = Number.POSITIVE_INFINITY) {
  const rows: Metrics[] = [];
  const samples: RolloutRecord[] = [];
  let breaths = 0;
  const listener: GrowthListener = {
    metrics: (row) => rows.push(row),
    samples: (records) => samples.push(...records),
    event: () => undefined,
    async breathe() {
      breaths++;
    },
    stopRequested: () => (rows.at(-1)?.step ?? 0) >= stopAfter,
  };
  return { rows, samples, listener, breaths: () => breaths };
}

const timeless = (rows: readonly Metrics[]): object[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith("time/"))));

test("a growth that is paused and continued is the one that is not, and both tell every step", async () => {
  const provider = await cpuProvider();
  const whole = await Growth.create(provider, model, short);
  const told = collector();
  await whole.run(told.listener);
  assert.ok(whole.finished);
  assert.deepEqual(
    told.rows.map(({ step }) => step),
    [0, 1, 2, 3, 4],
  );
  assert.ok(told.breaths() >= 4, "others can work between the halves of every step");
  assert.equal(told.samples.length, 4 * 2 * short.samplesPerPrompt);
  await whole.release();

  const parts = await Growth.create(provider, model, short);
  const none = collector(0);
  await parts.run(none.listener);
  assert.deepEqual([parts.step, none.rows], [0, []], "asked to stop before it begins, it does not begin");
  const first = collector(2);
  await parts.run(first.listener);
  assert.deepEqual([parts.step, parts.finished], [2, false]);
  const second = collector();
  await parts.run(second.listener);
  assert.deepEqual(timeless([...first.rows, ...second.rows]), timeless(told.rows));
  await parts.run(second.listener);
  assert.equal(second.rows.length, 2, "what is finished does no more");
  await parts.release();
});

test("it answers as the base and as what has grown, and the answer to a drawn problem is judged", async () => {
  const growth = await Growth.create(await cpuProvider(), model, short);
  await growth.run(collector().listener);
  const problem = { family: "addition", level: 0, seed: 5, language: "en" } as const;
  const question = { id: 1, prompt: "Add 40 + 27.", temperature: 1, maxTokens: 64, seed: 2, problem };
  const answers: Record<"before" | "now", string[]> = { before: [], now: [] };
  for (let seed = 0; seed < 6; seed++) {
    for (const side of ["before", "now"] as const) {
      const said: Said[] = [];
      await growth.ask({ ...question, seed }, side, (words) => said.push(words));
      assert.ok(said.length > 1 && said.slice(0, -1).every(({ done }) => done === null));
      const { thinking, answer, done } = said.at(-1)!;
      assert.equal(done!.tokens.thinking + done!.tokens.answer, said.length - 1);
      assert.match(done!.verdict!.reason, /\S/);
      answers[side].push(`${thinking}|${answer}`);
    }
  }
  assert.notDeepEqual(answers.now, answers.before);
  await growth.ask({ ...question, problem: null }, "now", ({ done }) => done && assert.equal(done.verdict, null));
  await assert.rejects(
    growth.ask({ ...question, prompt: "word ".repeat(200) }, "now", () => undefined),
    /too long/,
  );
  await growth.release();
});

test("settings from the address are taken where they make sense", () => {
  const changed = withSettings(
    sums,
    new URLSearchParams("steps=7&seed=3&samplesPerPrompt=1&maxNewTokens=x&learningRate=9"),
  );
  assert.deepEqual(changed, { ...sums, steps: 7, seed: 3 });
});
