import assert from "node:assert/strict";
import { it } from "node:test";
import { axisNumbers, duration, number, percent, plural, sentence, signed } from "./format.ts";

it("writes numbers as people read them", () => {
  assert.deepEqual([0, 0.0001, 0.031, 0.0996, 0.445, 1].map(percent), [
    "0%",
    "under 0.1%",
    "3.1%",
    "10%",
    "45%",
    "100%",
  ]);
  assert.deepEqual([0, 1.1, 0.5654, 12.345, 345.6, 1234567, -0.25, 0.00001].map(number), [
    "0",
    "1.10",
    "0.565",
    "12.3",
    "346",
    "1.2M",
    "−0.250",
    "1.0e−5",
  ]);
  assert.deepEqual([1.294, -0.771, 0.001, -0.001].map(signed), ["+1.29", "−0.77", "0.00", "0.00"]);
});

it("writes axes short", () => {
  assert.deepEqual(axisNumbers([0, 50, 100, 150]), ["0", "50", "100", "150"]);
  assert.deepEqual(axisNumbers([0, 0.25, 0.5]), ["0", "0.25", "0.5"]);
  assert.deepEqual(axisNumbers([-0.02, 0, 0.02]), ["−0.02", "0", "0.02"]);
  assert.deepEqual(axisNumbers([0, 50_000, 100_000]), ["0", "50k", "100k"]);
  assert.deepEqual(axisNumbers([99_950, 100_000]), ["99.95k", "100k"]);
  assert.deepEqual(axisNumbers([0, 500_000, 1_000_000]), ["0", "0.5M", "1M"]);
  assert.deepEqual(axisNumbers([0, 0.0001, 0.0002, 0.00025]), ["0", "1e−4", "2e−4", "2.5e−4"]);
  assert.deepEqual(axisNumbers([0.99999, 1, 1.00001]), ["0.99999", "1", "1.00001"]);
});

it("writes times by their two largest units", () => {
  assert.deepEqual([8.4, 88, 754, 7500, 200_000, Number.NaN].map(duration), [
    "8 s",
    "1 min 28 s",
    "13 min",
    "2 h 05 min",
    "2 d 7 h",
    "–",
  ]);
});

it("makes sentences", () => {
  assert.deepEqual(["right", "over since step 4", "Done.", " why? ", "", "a.jsonl is gone"].map(sentence), [
    "Right.",
    "Over since step 4.",
    "Done.",
    "Why?",
    "",
    "a.jsonl is gone.",
  ]);
  assert.deepEqual([plural(1, "try", "tries"), plural(1200, "try", "tries")], ["1 try", "1,200 tries"]);
});
