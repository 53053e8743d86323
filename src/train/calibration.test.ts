import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../util/random.ts";
import { reliability } from "./calibration.ts";

test("bins hold what falls into them, the ends included, and the error is their mean distance", () => {
  const { bins, error } = reliability([
    { said: 0, was: 0 },
    { said: 0.05, was: 1 },
    { said: 0.95, was: 1 },
    { said: 1, was: 1 },
  ]);
  assert.deepEqual(
    bins.map(({ from, to, count, was }) => [from, to, count, was]),
    [
      [0, 0.1, 2, 0.5],
      [0.9, 1, 2, 1],
    ],
  );
  assert.ok(Math.abs(error - (0.5 * 0.475 + 0.5 * 0.025)) < 1e-12);
  assert.deepEqual(reliability([]), { error: 0, bins: [] });
});

test("honest probabilities have no error to speak of, boasts have theirs", () => {
  const random = Random.of(1, "forecasts");
  const honest = Array.from({ length: 20_000 }, () => {
    const said = random.next();
    return { said, was: random.chance(said) ? 1 : 0 };
  });
  assert.ok(reliability(honest).error < 0.02);
  const boasts = honest.map(({ said, was }) => ({ said: 0.5 + Math.sign(said - 0.5) / 2, was }));
  assert.ok(Math.abs(reliability(boasts).error - 0.25) < 0.02);
});
