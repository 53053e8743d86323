import assert from "node:assert/strict";
import { test } from "node:test";
import { Curves } from "../lib/curves.ts";
import { withSpeed } from "./speed.ts";

test("the speed is that of the tokens written, without prompts, over the whole step", () => {
  const curves = new Curves();
  const rows = [
    { step: 0, "eval/accuracy": 0.2 },
    { step: 1, num_tokens: 900, "completions/num_tokens": 600, "time/step": 2 },
    { step: 2, num_tokens: 1900, "completions/num_tokens": 1300, "time/step": 3.5 },
  ];
  for (const row of rows) curves.append([withSpeed(row, curves)]);
  assert.deepEqual(curves.column("speed/tokens"), [Number.NaN, 300, 200]);
});
