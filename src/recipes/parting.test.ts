import assert from "node:assert/strict";
import { test } from "node:test";
import { partingOf, stretches } from "./parting.ts";
import { judgedRun } from "./testing.ts";

test("where right answers fall while the reward does not, they part", () => {
  const found = partingOf(stretches(judgedRun(50)));
  assert.ok(found.kind === "falls" && found.best.from === 51 && found.at.from === 61, JSON.stringify(found));
  assert.equal(partingOf(stretches(judgedRun(100))).kind, "open");
});

test("a reward that rises for long without more right answers parts from them too", () => {
  const found = partingOf(stretches(judgedRun(50, -0.00001)));
  assert.ok(found.kind === "stalls" && found.best.from === 51 && found.at.from === 81, JSON.stringify(found));
});

test("a fall of both is no parting, nor one of answers that the judge is not asked about", () => {
  const both = judgedRun(50).map((step) => ({ ...step, model: step.accuracy }));
  assert.equal(partingOf(stretches(both)).kind, "sinks");
  // Its opinion of the others rises, but ever fewer answers end in the strict format.
  const cut = judgedRun(50).map((step) => ({ ...step, format: step.accuracy / step.model }));
  assert.equal(partingOf(stretches(cut)).kind, "sinks");
});

test("a reward that is flat within its noise has settled, one that rises slowly, or might, has not, one near its most is full", () => {
  /** Right answers go up all along. */
  const run = (rise: number, noise: number, from = 0.7) =>
    partingOf(
      stretches(
        Array.from({ length: 100 }, (_, i) => ({
          ...{ step: i + 1, format: 1, accuracy: 0.3 + 0.004 * i },
          model: from + rise * i + noise * Math.sin(7 * i * i),
        })),
      ),
    ).kind;
  assert.equal(run(0, 0.01), "settled");
  assert.equal(run(0.0001, 0.02), "settled");
  assert.equal(run(0.0006, 0.01), "open");
  assert.equal(run(0, 0.2), "open");
  // Less than what is too little to speak of, but no noise.
  assert.equal(run(0.0003, 0.001), "open");
  assert.equal(run(0.0003, 0.001, 0.96), "full");
});

test("single steps have no error, and few of them say nothing", () => {
  assert.equal(partingOf(stretches(judgedRun(50).slice(45, 55))).kind, "short");
  assert.deepEqual(stretches([]), []);
  assert.equal(partingOf([]).kind, "short");
});
