import assert from "node:assert/strict";
import { test } from "node:test";

import { validateTask } from "../validate.ts";
import { multiplication } from "./index.ts";

test("multiplication is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(multiplication, { wrongAnswer: () => "1" }), []);
});

test("factors changed over are the same problem", () => {
  assert.equal(multiplication.canonical({ a: 34, b: 7 }), multiplication.canonical({ a: 7, b: 34 }));
});

test("prompts, verdicts and chance", () => {
  const facts = { a: 34, b: 7 };
  assert.equal(multiplication.prompt(facts, "en"), "Multiply 34 * 7.");
  assert.equal(multiplication.prompt(facts, "de"), "Multipliziere 34 * 7.");
  assert.equal(multiplication.verify(facts, "238").score, 1);
  assert.equal(multiplication.verify(facts, "34*7").score, 0);
  assert.equal(multiplication.chance(facts), 1 / (99 * 9 - 10 + 1));
});
