import assert from "node:assert/strict";
import { test } from "node:test";

import { validateTask } from "../validate.ts";
import { max } from "./index.ts";

test("max is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(
    validateTask(max, { wrongAnswer: (facts) => String(Math.min(...(facts as { numbers: number[] }).numbers)) }),
    [],
  );
});

test("the order of the numbers does not matter; chance is one in n", () => {
  const facts = { numbers: [3, 9, 4] };
  assert.equal(max.canonical(facts), max.canonical({ numbers: [9, 4, 3] }));
  assert.equal(max.chance(facts), 1 / 3);
  assert.equal(max.prompt(facts, "en"), "Max of 3, 9, 4.");
  assert.equal(max.verify(facts, "9").score, 1);
  assert.equal(max.verify(facts, "3, 9, 4").score, 0);
});
