import assert from "node:assert/strict";
import { test } from "node:test";
import { getTask } from "../registry.ts";
import { isHeldOut, sampleProblem } from "../task.ts";
import { goldTrace } from "./gold.ts";
import { meetsHeldOut, met } from "./leaks.ts";

/** What a clean solution meets, the problem itself left out. */
function inside(family: string, facts: unknown): unknown[] {
  const task = getTask(family);
  const { thinking } = goldTrace({ family, facts }, "en");
  return met(family, thinking)
    .filter((posed) => task.canonical(posed.facts) !== task.canonical(facts))
    .map((posed) => posed.facts);
}

test("problems inside solutions are found, and steps are none", () => {
  assert.deepEqual(inside("subtraction", { a: 3788, b: 1255 }), [
    { a: 378, b: 125 },
    { a: 37, b: 12 },
  ]);
  assert.deepEqual(inside("subtraction", { a: 62, b: 38 }), []);
  assert.deepEqual(inside("division", { a: 8734, b: 5 }), [
    { a: 3734, b: 5 },
    { a: 234, b: 5 },
  ]);
  assert.deepEqual(inside("division", { a: 87, b: 5 }), []);
  assert.deepEqual(inside("gcd", { a: 230, b: 400 }), [
    { a: 230, b: 170 },
    { a: 170, b: 60 },
    { a: 60, b: 50 },
  ]);
  const numbers = (base: number, value: number, to: boolean) =>
    inside("base", { value, base, to }).map((facts) => (facts as { value: number }).value);
  assert.deepEqual(numbers(4, 990, true), [222]);
  assert.deepEqual(numbers(4, 990, false), [61, 247]);
  assert.deepEqual(inside("factors", { n: 376 }), [{ n: 188 }, { n: 188 }]);
  assert.deepEqual(inside("polynomial", { coefficients: [1, 2, -1, 3], x: 7 }), [
    { coefficients: [9, -1, 3], x: 7 },
    { coefficients: [1, 2, -1], x: 7 },
  ]);
  // The first coefficients: the second sum is the value of 5x^2+2x-1.
  assert.deepEqual(inside("polynomial", { coefficients: [5, 2, -1, 3], x: 7 }), [{ coefficients: [5, 2, -1], x: 7 }]);
  assert.deepEqual(inside("sequence", { terms: [3, 8, 15, 24, 35] }), [{ terms: [5, 7, 9, 11] }]);
  assert.deepEqual(inside("sequence", { terms: [3, 20, 7, 18, 11, 16, 15] }), []);
});

test("the row of remainders in a second look is a row of pairs", () => {
  const thinking = "check 2*46=92 2*41=82 46,41,5,1 yes";
  assert.deepEqual(met("gcd", thinking), [{ family: "gcd", facts: { a: 46, b: 41 } }]);
  assert.deepEqual(met("gcd", `${thinking}\nwarte prüfe 3*97=291 3*45=135 97,45,7,3,1 ja`).slice(1), [
    { family: "gcd", facts: { a: 97, b: 45 } },
  ]);
});

test("each product of a second look at factors is one that was taken apart", () => {
  const numbers = (thinking: string) => met("factors", thinking).map(({ facts }) => (facts as { n: number }).n);
  assert.deepEqual(numbers("check 2*3=6 6*11=66 66*29=1914 1914=1914 yes"), [66, 1914]);
  assert.deepEqual(numbers("check 2*2=4 4*3=12 12*5=60 60=84 no"), [60]);
});

test("a solution that meets a held-out problem is known, in every family that has them", () => {
  for (const family of ["subtraction", "division", "gcd", "base", "factors", "polynomial", "sequence"]) {
    const task = getTask(family);
    let meets = 0;
    for (let index = 0; index < 300; index++) {
      const problem = sampleProblem(task, { seed: 8, index, level: 4, split: "train" });
      const { thinking } = goldTrace(problem, "en");
      const held = inside(family, problem.facts).some((facts) => isHeldOut(task, facts));
      assert.equal(meetsHeldOut(family, thinking), held, thinking);
      if (held) meets++;
    }
    assert.ok(meets > 0 && meets < 270, `${family}: ${meets}`);
  }
});
