import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { addition } from "./index.ts";

test("addition is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(addition, { wrongAnswer: () => "1" }), []);
});

test("the level sets the digits, and level 0 stays under 100", () => {
  for (let index = 0; index < 200; index++) {
    const easy = sampleProblem(addition, { seed: 1, index, level: 0, split: "train" }).facts;
    assert.ok(easy.a + easy.b < 100);
    const hard = sampleProblem(addition, { seed: 1, index, level: 3, split: "train" }).facts;
    assert.deepEqual([String(hard.a).length, String(hard.b).length], [5, 5]);
  }
});

test("operands changed over are the same problem", () => {
  assert.equal(addition.canonical({ a: 47, b: 38 }), addition.canonical({ a: 38, b: 47 }));
  assert.notEqual(addition.canonical({ a: 47, b: 38 }), addition.canonical({ a: 48, b: 37 }));
});

test("prompts, verdicts and chance", () => {
  const facts = { a: 47, b: 38 };
  assert.equal(addition.prompt(facts, "en"), "Add 47 + 38.");
  assert.equal(addition.prompt(facts, "de"), "Addiere 47 + 38.");
  assert.deepEqual(addition.verify(facts, "84"), { score: 0, reason: "84 is not 85" });
  assert.equal(addition.verify(facts, " 85\n").score, 1);
  assert.equal(addition.chance(facts), 1 / 179);
});
