import assert from "node:assert/strict";
import { it } from "node:test";
import { ReckonError } from "../../util/errors.ts";
import { told } from "./told.ts";

it("gives what happened, what was expected, what came and what helps a line each", () => {
  const error = new ReckonError("GOLD_UNUSABLE", "the answers cannot be used", {
    expected: "one answer a line",
    got: "none in line 3",
    help: "write one",
  });
  assert.deepEqual(told({ message: error.message, help: null }).split("\n"), [
    "The answers cannot be used.",
    "expected: one answer a line",
    "got: none in line 3",
    "help: write one",
  ]);
  // The server sends the help by itself.
  assert.equal(told({ message: error.summary, help: error.help }), "The answers cannot be used.\nWrite one.");
  assert.equal(told({ message: "the disk is full", help: null }, "Trace 1: "), "Trace 1: the disk is full.");
  assert.equal(told({ message: "gold.jsonl is gone" }), "gold.jsonl is gone.");
});
