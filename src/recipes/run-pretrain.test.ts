import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace, meetsHeldOut, sampleFromMix } from "../tasks/index.ts";
import { cleanSolution } from "./run-pretrain.ts";

test("clean solutions that a model is fine-tuned on never meet a held-out problem on their way", () => {
  const rungs = [
    { family: "countdown", level: 2, weight: 1 },
    { family: "expression", level: 2, weight: 1 },
    { family: "addition", level: 0, weight: 1 },
  ];
  let replaced = 0;
  for (let index = 0; index < 300; index++) {
    const given = cleanSolution(3, index, rungs);
    const first = sampleFromMix({ seed: 3, index, split: "train" }, rungs);
    const trace = goldTrace(first, first.language);
    if (meetsHeldOut(first.family, trace.thinking)) {
      replaced++;
      assert.notEqual(given.thinking, trace.thinking);
    } else assert.deepEqual(given, { prompt: first.prompt, ...trace });
    // Whatever the family: the text itself holds none.
    for (const family of ["countdown", "expression"]) assert.equal(meetsHeldOut(family, given.thinking), false);
  }
  assert.ok(replaced > 10, `${replaced} would have: the test would show nothing`);
});
