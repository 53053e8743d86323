import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { met } from "../corpus/leaks.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { clock, end, time } from "./index.ts";
import { clockMethod } from "./method.ts";

test("clock is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(clock, { wrongAnswer: () => "24:00" }), []);
});

test("prompts and verdicts", () => {
  const facts = { start: 465, durations: [170] };
  assert.equal(clock.prompt(facts, "en"), "Time 07:45+02:50.");
  assert.equal(clock.prompt({ start: 10, durations: [-80, 60] }, "de"), "Uhrzeit 00:10-01:20+01:00.");
  assert.equal(clock.verify(facts, "10:35").score, 1);
  for (const answer of ["10:35 ", "10.35", "9:95", "1035", "10:35:00", "34:35"].slice(1)) {
    assert.equal(clock.verify(facts, answer).score, 0, answer);
  }
  assert.equal(clock.gold({ start: 10, durations: [-80] }), "22:50");
  assert.equal(clock.gold({ start: 1439, durations: [1] }), "00:00");
  const canonical = (start: number, ...durations: number[]) => clock.canonical({ start, durations });
  assert.equal(canonical(10, 5, -80), canonical(10, -80, 5));
  assert.equal(canonical(10, 5, -80), canonical(5, 10, -80));
  assert.equal(canonical(465, 170), canonical(170, 465));
  assert.notEqual(canonical(465, -170), canonical(170, -465));
  assert.notEqual(canonical(465, -170), canonical(465, 170));
  assert.notEqual(canonical(10, 5, -80), canonical(10, 5, 80));
});

test("every equation of a clean thought is true, and every time in it one of the day", () => {
  for (let index = 0; index < 500; index++) {
    const { facts } = sampleProblem(clock, { seed: 1, index, level: index % 5, split: "train" });
    const pen = new Pen(Random.of(1, index), "en", 0);
    assert.equal(clockMethod.work(facts, pen), clock.gold(facts));
    for (const [, left, right] of pen.text.matchAll(/(?<=^| )(\d\d(?:[+-]\d{1,2})+)=(\d\d)(?=[ >]|$)/gm)) {
      const sum = left!.match(/[+-]?\d+/g)!.reduce((value, term) => value + Number(term), 0);
      assert.equal(sum, Number(right), pen.text);
    }
    for (const [text] of pen.text.matchAll(/\d\d:\d\d/g)) {
      assert.match(text, /^(?:[01]\d|2[0-3]):[0-5]\d$/);
      assert.equal(time(Number(text.slice(0, 2)) * 60 + Number(text.slice(3))), text);
    }
  }
});

test("the question that an hour line leaves is met on the way, and those that it answers", () => {
  assert.deepEqual(
    met("clock", "04+02=06 18+23>06\n18+23=39 39-24=15>15:06-14:05+00:10\nso 15:06").map(({ facts }) => facts),
    [
      { start: 1084, durations: [1382] },
      { start: 906, durations: [-845, 10] },
    ],
  );
  for (let index = 0; index < 300; index++) {
    const { facts, level } = sampleProblem(clock, { seed: 4, index, level: index % 5, split: "train" });
    const { start, durations } = facts;
    const pen = new Pen(Random.of(4, index), "en", 0);
    clockMethod.work(facts, pen);
    const wanted = durations.flatMap((_, i) =>
      durations.slice(i).map((_, j) => ({
        start: end({ start, durations: durations.slice(0, i) }),
        durations: durations.slice(i, i + j + 1),
      })),
    );
    const known = new Set(met("clock", pen.text).map((posed) => clock.canonical(posed.facts as typeof facts)));
    assert.deepEqual([...known].sort(), [...new Set(wanted.map(clock.canonical))].sort(), `${level} ${pen.text}`);
    // A second pass does not go on from the first one.
    const again = met("clock", `${pen.text}\nso 00:00\nwait ${pen.text}`);
    assert.equal(new Set(again.map((posed) => clock.canonical(posed.facts as typeof facts))).size, known.size);
  }
});
