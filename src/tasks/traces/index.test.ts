import assert from "node:assert/strict";
import { test } from "node:test";
import { readTraces, type Trace, traceLines } from "./index.ts";

const trace: Trace = {
  id: "a",
  prompt: "12+3=?",
  thinking: "12+3=15",
  answer: "15",
  family: "addition",
  level: 0,
  language: "en",
  score: 1,
  ratings: { correctness: 5, clarity: 3.5 },
  source: "corpus",
};

test("what is written is read back, with fields of its own", () => {
  const own = { ...trace, id: "b", teacher: { name: "x" } } as Trace;
  assert.deepEqual(readTraces(traceLines([trace, own])), { traces: [trace, own], faults: [] });
});

test("a direct answer has no thinking, and an id is made where none is given", () => {
  const { traces, faults } = readTraces('\ufeff{"prompt":"hi","thinking":"","answer":"hello"}\r\n\n');
  assert.deepEqual(faults, []);
  assert.deepEqual(traces, [{ prompt: "hi", thinking: "", answer: "hello", id: "line-1" }]);
});

test("every broken row is named by its line, and the others are read", () => {
  const row = (change: Record<string, unknown>): string => JSON.stringify({ ...trace, ...change });
  const lines = [
    row({}),
    "{",
    "[]",
    row({}),
    row({ id: 7 }),
    row({ id: "c", prompt: " " }),
    row({ id: "d", thinking: undefined }),
    row({ id: "e", answer: 15 }),
    row({ id: "f", thinking: "a</think>b" }),
    row({ id: "g", answer: "\ud800" }),
    row({ id: "h", ratings: { beauty: 3 } }),
    row({ id: "i", ratings: { clarity: 6 } }),
    row({ id: "j", level: -1 }),
    row({ id: "k", language: "fr" }),
    row({ id: "l", score: 2 }),
    row({ id: "m", ratings: [] }),
    row({ id: "n", prompt: "x".repeat(10_001) }),
    row({ id: "o" }),
    row({ id: "p", steps: 1 }),
    row({ id: "q", steps: [1, 2] }),
    row({ id: "r", steps: [1, 1] }),
    row({ id: "s", steps: [0.5] }),
  ];
  const { traces, faults } = readTraces(lines.join("\n"));
  assert.deepEqual(
    traces.map(({ id }) => id),
    ["a", "o", "s"],
  );
  assert.deepEqual(
    faults.map(({ line, reason }) => `${line}: ${reason}`),
    [
      "2: not JSON",
      "3: not a JSON object",
      "4: the id of line 1 again",
      "5: id is no text",
      "6: prompt is empty",
      "7: thinking is missing",
      "8: answer is no text",
      "9: thinking contains the special token </think>",
      "10: half of a surrogate pair in answer",
      "11: ratings.beauty is none of correctness, clarity, coherence, completeness, efficiency",
      "12: ratings.clarity is not from 1 to 5",
      "13: level is no whole number",
      "14: language is none of en, de",
      "15: score is not from 0 to 1",
      "16: ratings are no object",
      "17: prompt is longer than 10000 characters",
      "19: steps are no list",
      "20: a step is not from 0 to 1",
      "21: 2 steps of 1 lines of thinking",
    ],
  );
});
