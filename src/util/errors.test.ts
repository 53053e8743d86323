import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as assertInternal, ReckonError } from "./errors.ts";

test("a ReckonError says what was expected, what came and what to do, one line each", () => {
  const error = new ReckonError("RECIPE_KEY", "The recipe has an unknown key.", {
    expected: "one of steps, seed",
    got: "step",
    help: "Rename it to steps.",
  });
  assert.equal(
    error.message,
    [
      "The recipe has an unknown key.",
      "  expected: one of steps, seed",
      "  got:      step",
      "  help:     Rename it to steps.",
    ].join("\n"),
  );
  assert.equal(error.code, "RECIPE_KEY");
  assert.equal(error.name, "ReckonError");
  assert.deepEqual([error.expected, error.got, error.help], ["one of steps, seed", "step", "Rename it to steps."]);
});

test("a ReckonError without details is its summary, and has no cause", () => {
  const error = new ReckonError("A_B", "It failed.");
  assert.equal(error.message, "It failed.");
  assert.equal("cause" in error, false);
  assert.ok(error instanceof Error);
});

test("a ReckonError keeps its cause, even a falsy one", () => {
  const cause = new Error("disk");
  assert.equal(new ReckonError("A", "b", { cause }).cause, cause);
  assert.equal(new ReckonError("A", "b", { cause: 0 }).cause, 0);
});

test("assert throws a fault of ours, told apart from the user's", () => {
  assertInternal(1, "fine");
  assert.throws(
    () => assertInternal(0, "the ring is empty"),
    (error) =>
      error instanceof Error && !(error instanceof ReckonError) && error.message === "internal: the ring is empty",
  );
});
