import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { evaluate, expression, show } from "./index.ts";

test("expressions are sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(expression, { wrongAnswer: () => "-1" }), []);
});

test("values are those of the language's own arithmetic, and stay in range", () => {
  for (let index = 0; index < 300; index++) {
    const level = index % expression.levels;
    const { facts } = sampleProblem(expression, { seed: 2, index, level, split: "train" });
    const text = show(facts);
    assert.match(text, /^\d+(?:[+\-*]\d+)+$/);
    assert.equal(evaluate(facts), new Function(`return ${text}`)(), text);
    assert.equal(facts.operators.length, [2, 3, 4, 5, 6, 8][level]);
    assert.ok(evaluate(facts) >= 0 && evaluate(facts) <= 299);
  }
});

test("terms and factors in another order are the same problem, other signs are not", () => {
  const canonical = (values: number[], operators: ("+" | "-" | "*")[]) => expression.canonical({ values, operators });
  assert.equal(canonical([3, 4, 2, 5], ["+", "*", "-"]), canonical([2, 4, 5, 3], ["*", "-", "+"]));
  assert.notEqual(canonical([3, 4, 2], ["+", "-"]), canonical([3, 2, 4], ["+", "-"]));
  assert.notEqual(canonical([3, 4, 2], ["+", "*"]), canonical([3, 4, 2], ["*", "+"]));
  assert.notEqual(canonical([12, 3], ["+"]), canonical([1, 23], ["+"]));
});
