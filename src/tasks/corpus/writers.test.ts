import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { parseCompletion } from "../format.ts";
import { getTask, listTasks } from "../registry.ts";
import { isHeldOut, sampleProblem } from "../task.ts";
import { calculate } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import { languageShare } from "../trace/words.ts";
import { document, renderDocument } from "./document.ts";
import { goldTrace } from "./gold.ts";
import { met } from "./leaks.ts";
import { METHODS } from "./methods.ts";
import { type CorpusMix, DEFAULT_MIX } from "./mix.ts";
import { onlyKind } from "./testing.ts";
import { writerOf } from "./writers.ts";

/** Every rung of every family but countdown with five and six numbers, which takes long to draw. */
const rungs = listTasks().flatMap((task) =>
  Array.from({ length: task.levels }, (_, level) => ({ task, level })).filter(
    ({ level }) => task.name !== "countdown" || level < 4,
  ),
);

/** Longest thought in characters: the writers' own limits, with room for a last second look. */
const LONGEST = 1200;

const only = (family: string, level: number): CorpusMix => ({
  ...DEFAULT_MIX,
  kinds: onlyKind("solution"),
  problems: [{ family, level, weight: 1 }],
});

test("every family has a writer, and its clean solutions are right, in one language, and the same again", () => {
  for (const { task, level } of rungs) {
    for (let index = 0; index < 40; index++) {
      const language = index % 2 ? "en" : "de";
      const problem = sampleProblem(task, { seed: 1, index, level, split: index % 3 ? "train" : "heldout" });
      const { thinking, answer } = goldTrace(problem, language);
      assert.equal(task.verify(problem.facts, answer).score, 1, `${problem.prompt}\n${thinking}\n${answer}`);
      assert.equal(languageShare(thinking, language), 1, thinking);
      assert.deepEqual(goldTrace(problem, language), { thinking, answer });
      assert.ok(thinking.length < LONGEST, thinking);
    }
  }
});

test("with a slip at every other step every thought still comes to an end in good form, and so does its check", () => {
  const care = { slip: 0.5, stumble: 1, stumbleSlip: 0.5, recheck: 1, catch: 1, again: 0.5, waitWord: 0.5, doubt: 0 };
  const search = { ...DEFAULT_MIX.search, slip: 0.5, misjudge: 0.5, recheck: 0.9, catch: 0.9, again: 0.9 };
  const mix: CorpusMix = { ...DEFAULT_MIX, care, search, musing: { muse: 0.9, museRight: 0.1, plainRight: 0.1 } };
  for (const { task, level } of rungs) {
    let wrong = 0;
    for (let index = 0; index < 60; index++) {
      const { facts } = sampleProblem(task, { seed: 2, index, level, split: "train" });
      const pen = new Pen(Random.of(2, index), "mixed", 0);
      const answer = writerOf(task).think(facts, pen, mix);
      assert.ok(pen.length < 3 * LONGEST, pen.text);
      assert.match(answer, /\S/);
      assert.doesNotMatch(`${pen.text}${answer}`, /undefined|NaN|null|Infinity|[<>]{2}| {2}|^ | $|\n\n/m, pen.text);
      if (task.verify(facts, answer).score < 1) wrong++;
    }
    assert.ok(wrong > 5, `${task.name} ${level}: ${wrong} wrong`);
  }
});

test("an honest check says yes to the right answer and no to most wrong ones, and misses are wrong", () => {
  const sure = { slip: 0, stumble: 0, stumbleSlip: 0, recheck: 0, catch: 0, again: 0, waitWord: 0, doubt: 0 };
  for (const { task, level } of rungs) {
    const method = METHODS[task.name];
    let caught = 0;
    for (let index = 0; index < 40; index++) {
      const { facts } = sampleProblem(task, { seed: 3, index, level, split: "train" });
      const random = Random.of(3, task.name, index);
      const miss = writerOf(task).guess(facts, random);
      assert.equal(task.verify(facts, miss).score, 0, `${task.name}: ${miss}`);
      if (method === undefined) continue;
      const pen = new Pen(random, "en", 0);
      const answer = calculate(method, facts, task.gold(facts), pen, sure);
      assert.equal(method.check(facts, answer, pen).holds, true, `${task.name}: ${pen.text}`);
      if (!method.check(facts, miss, pen).holds) caught++;
    }
    assert.ok(method === undefined || caught >= 36, `${task.name} ${level}: ${caught} of 40 caught`);
  }
});

test("no document of any family poses or meets a held-out problem, and tagged ones keep the format", () => {
  for (const { task, level } of rungs) {
    for (let i = 0; i < 60; i++) {
      const doc = document(Random.of(4, "corpus", i), only(task.name, level));
      for (const { family, facts } of [...doc.posed, ...met(task.name, doc.thinking)]) {
        assert.equal(isHeldOut(getTask(family), facts), false, renderDocument(doc));
      }
      const parsed = parseCompletion(`${doc.response}<|end|>`);
      assert.equal(parsed.formatOk, !doc.kind.endsWith("untagged"));
    }
  }
});

test("canonical forms tell different draws apart", () => {
  for (const { task, level } of rungs) {
    if (task.name === "recall") continue;
    const seen = new Set<string>();
    for (let index = 0; index < 60; index++) {
      seen.add(task.canonical(sampleProblem(task, { seed: 5, index, level, split: "train" }).facts));
    }
    assert.ok(seen.size > 20, `${task.name} ${level}: ${seen.size} problems`);
  }
});
