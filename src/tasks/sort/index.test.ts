import assert from "node:assert/strict";
import { test } from "node:test";

import { validateTask } from "../validate.ts";
import { sort } from "./index.ts";

test("sort is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(
    validateTask(sort, { wrongAnswer: (facts) => (facts as { numbers: number[] }).numbers.slice(1).join(",") }),
    [],
  );
});

test("the order of the numbers does not matter to the split, and is everything to the verdict", () => {
  const facts = { numbers: [3, 9, 4] };
  assert.equal(sort.canonical(facts), sort.canonical({ numbers: [9, 4, 3] }));
  assert.equal(sort.chance(facts), 1 / 6);
  assert.equal(sort.verify(facts, "3,4,9").score, 1);
  assert.equal(sort.verify(facts, "3, 4, 9").score, 1);
  for (const answer of ["9,4,3", "3,4", "3,4,9,9", "3,4,9,", "3 4 9", ",3,4,9", "3,,4,9", "34,9"]) {
    assert.equal(sort.verify(facts, answer).score, 0, answer);
  }
});
