import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { equation, solution } from "./index.ts";

test("equations are sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(equation, { wrongAnswer: () => "-1" }), []);
});

test("the solution solves it and is a whole number", () => {
  for (let index = 0; index < 300; index++) {
    const { facts } = sampleProblem(equation, { seed: 2, index, level: index % equation.levels, split: "train" });
    const x = solution(facts);
    assert.ok(Number.isInteger(x) && x >= 2);
    assert.equal(facts.a * x + facts.b, facts.c);
    assert.notEqual(facts.b, 0);
  }
});

test("prompts and verdicts", () => {
  assert.equal(equation.prompt({ a: 3, b: 4, c: 19 }, "en"), "Solve 3x+4=19.");
  assert.equal(equation.prompt({ a: 3, b: -4, c: 11 }, "de"), "Löse 3x-4=11.");
  assert.equal(equation.verify({ a: 3, b: 4, c: 19 }, "5").score, 1);
  assert.equal(equation.verify({ a: 3, b: 4, c: 19 }, "x=5").score, 0);
  assert.equal(equation.chance({ a: 3, b: 4, c: 19 }), 1 / 20);
});
