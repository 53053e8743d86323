import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { met } from "../corpus/leaks.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { letters } from "./index.ts";
import { lettersMethod } from "./method.ts";

test("letters are sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(letters, { wrongAnswer: () => "a9,b9" }), []);
});

test("counts are those of the text, in the order of the question", () => {
  const facts = { text: "teate", asked: "at" };
  assert.equal(letters.prompt(facts, "en"), "Count a, t in t-e-a-t-e.");
  assert.equal(letters.prompt(facts, "de"), "Zähle a, t in t-e-a-t-e.");
  assert.equal(letters.verify(facts, "a1,t2").score, 1);
  for (const answer of ["t2,a1", "a1, t2", "1,2", "a1,t2,e2", "a1,t02", "a1"]) {
    assert.equal(letters.verify(facts, answer).score, 0, answer);
  }
  assert.equal(letters.canonical(facts), letters.canonical({ ...facts, text: "eettA".toLowerCase() }));
  assert.equal(letters.chance(facts), 1 / 36);
});

test("the work moves one count a line, and misses are wrong", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(lettersMethod.work({ text: "tea", asked: "at" }, pen), "a1,t1");
  assert.equal(pen.text, "t>a0,t1 e-a\ne>a0,t1 a\na>a1,t1");
  for (let index = 0; index < 200; index++) {
    const { facts } = sampleProblem(letters, { seed: 1, index, level: index % 5, split: "train" });
    assert.equal(letters.verify(facts, lettersMethod.miss(facts, Random.of(1, index))).score, 0);
    assert.ok(letters.chance(facts) < 0.05);
  }
});

test("letters that are left before anything is counted are met on the way", () => {
  const known = { family: "letters", facts: { text: "seatx", asked: "at" } };
  assert.deepEqual(
    met("letters", "o>a0,t0 s-e-a-t-x\ns>a0,t0 e-a-t-x\ne>a0,t0 a-t-x\na>a1,t0 t-x\nt>a1,t1 x\nx>a1,t1"),
    [known],
  );
  // Five letters are asked for two of them, no level asks for one or for three.
  assert.deepEqual(met("letters", "o>a0,e0,t0 s-e-a-t-x\no>a0 s-e-a-t-x"), []);
});
