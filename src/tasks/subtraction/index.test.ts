import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { isPosed, subtraction } from "./index.ts";

test("subtraction is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(subtraction, { wrongAnswer: () => "-1" }), []);
});

test("the level sets the digits, and nothing is negative", () => {
  for (let index = 0; index < 500; index++) {
    const level = index % subtraction.levels;
    const { facts, chance } = sampleProblem(subtraction, { seed: 1, index, level, split: "train" });
    assert.ok(facts.a >= facts.b && isPosed(facts));
    assert.ok(chance < 0.05);
    assert.equal(String(facts.a).length, level + 2);
    if (level > 0) assert.equal(String(facts.b).length, level + 2);
  }
});

test("prompts, verdicts and chance", () => {
  const facts = { a: 62, b: 38 };
  assert.equal(subtraction.prompt(facts, "en"), "Subtract 62 - 38.");
  assert.equal(subtraction.prompt(facts, "de"), "Subtrahiere 62 - 38.");
  assert.deepEqual(subtraction.verify(facts, "34"), { score: 0, reason: "34 is not 24" });
  assert.equal(subtraction.verify(facts, "24").score, 1);
  assert.equal(subtraction.chance(facts), 1 / 63);
  assert.notEqual(subtraction.canonical(facts), subtraction.canonical({ a: 38, b: 62 }));
});

test("columns are worked from the right, with what is left and what is found", () => {
  const thinking = (a: number, b: number) => goldTrace({ family: "subtraction", facts: { a, b } }, "en").thinking;
  assert.equal(thinking(62, 38), "12-8=4 6-3-1>4\n6-3-1=2>24\nso 24");
  assert.equal(thinking(402, 7), "12-7=5 40-0-1>5\n10-0-1=9 4-0-1>95\n4-0-1=3>395\nso 395");
  assert.equal(thinking(62, 58), "12-8=4 6-5-1>4\n6-5-1=0>04\nso 4");
});
