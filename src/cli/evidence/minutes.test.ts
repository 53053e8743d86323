import assert from "node:assert/strict";
import { test } from "node:test";
import { minutesFloor, minutesOf, operationsOf } from "./minutes.ts";

test("a training that is not on record took no time that is known, and meets no floor", () => {
  const training = { steps: 1, seconds: 90, flops: 5, curve: [] };
  assert.equal(minutesOf({ training }), 1.5);
  assert.equal(operationsOf({ training }), 5);
  assert.ok(Number.isNaN(minutesOf({})) && Number.isNaN(operationsOf({})));
  const { got, met } = minutesFloor([60, 89.6]);
  assert.deepEqual([got, met], ["60, 90", true]);
  assert.equal(minutesFloor([60, 91]).met, false);
  const unknown = minutesFloor([60, minutesOf({})]);
  assert.deepEqual([unknown.got, unknown.met], ["60, –", false]);
});
