import assert from "node:assert/strict";
import { test } from "node:test";
import { constantShare } from "./constant.ts";
import { rungsOf } from "./figures.ts";
import { heldOutSet, readHeldOut } from "./held-out.ts";

test("an answer without reading is right as often as the most common answer is", () => {
  const rungs = [
    { family: "knights", level: 0 },
    { family: "reverse", level: 2 },
  ];
  const problems = heldOutSet({ ...readHeldOut(), rungs }, 100);
  const [knights, reverse] = rungsOf(problems).map((rung) => constantShare(rung, problems));
  // Three people are knights or liars in eight ways, some more often than others; of reversed words none comes twice.
  assert.ok(knights! > 0.05 && knights! < 0.4, String(knights));
  assert.equal(reverse, 0);
});
