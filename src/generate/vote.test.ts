import assert from "node:assert/strict";
import { test } from "node:test";
import { majorityVote } from "./vote.ts";

const own = (answer: string): string | undefined => (answer === "" ? undefined : answer.trim());

test("the most frequent answer wins, whatever its spelling", () => {
  assert.deepEqual(majorityVote(["7", "8", " 8", "9", "8 "], own), { winner: "8", votes: 3, total: 5 });
});

test("a tie goes to the answer that came first", () => {
  assert.equal(majorityVote(["b", "a", "a", "b"], own)?.winner, "b");
});

test("what cannot be read does not vote", () => {
  assert.deepEqual(majorityVote(["", "", "", "4"], own), { winner: "4", votes: 1, total: 1 });
  assert.equal(majorityVote(["", ""], own), undefined);
  assert.equal(majorityVote([], own), undefined);
});

test("weights decide where they are given", () => {
  const score = (answer: string): number => (answer === "right" ? 5 : 1);
  assert.equal(majorityVote(["wrong", "wrong", "right"], own, score)?.winner, "right");
});
