import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../util/random.ts";
import { passAtK } from "./passk.ts";
import { bestOfK, type RatedAnswer } from "./rerank.ts";

/** The mean over all subsets of k, each giving the mean score of its highest rated members. */
function byHand(answers: readonly RatedAnswer[], k: number): number {
  let [subsets, total] = [0, 0];
  for (let bits = 0; bits < 1 << answers.length; bits++) {
    const members = answers.filter((_, i) => bits & (1 << i));
    if (members.length !== k) continue;
    const highest = Math.max(...members.map(({ rating }) => rating));
    const best = members.filter(({ rating }) => rating === highest);
    subsets++;
    total += best.reduce((sum, { score }) => sum + score, 0) / best.length;
  }
  return total / subsets;
}

test("best of k is the mean over all subsets of k, ties and answers without a rating included", () => {
  const random = Random.of(5, "rerank");
  for (let n = 1; n <= 9; n++) {
    for (let round = 0; round < 12; round++) {
      // Few different ratings make ties; scores between right and wrong are possible.
      const kinds = [Number.NEGATIVE_INFINITY, 0, 0.25, 0.5, 1].slice(0, random.int(1, 5));
      const answers = Array.from({ length: n }, () => ({
        rating: round % 2 === 0 ? random.pick(kinds) : random.next(),
        score: random.pick([0, 0, 1, 0.5]),
      }));
      for (let k = 1; k <= n; k++) {
        const [got, wanted] = [bestOfK(answers, k), byHand(answers, k)];
        assert.ok(Math.abs(got - wanted) < 1e-12, `${JSON.stringify(answers)} k ${k}: ${got} is not ${wanted}`);
      }
    }
  }
});

test("who knows what is right reaches pass@k; who has no opinion stays at pass@1; who errs falls below it", () => {
  const of = (rating: (right: boolean) => number): RatedAnswer[] =>
    Array.from({ length: 64 }, (_, i) => ({ rating: rating(i % 8 === 0), score: i % 8 === 0 ? 1 : 0 }));
  for (const k of [1, 2, 16, 64]) {
    assert.ok(Math.abs(bestOfK(of(Number), k) - passAtK(64, 8, k)) < 1e-12);
    assert.ok(
      Math.abs(
        bestOfK(
          of(() => 0.5),
          k,
        ) -
          1 / 8,
      ) < 1e-12,
    );
  }
  assert.ok(
    bestOfK(
      of((right) => (right ? 0 : 1)),
      16,
    ) < 0.001,
  );
  assert.equal(
    bestOfK(
      of((right) => (right ? 0 : 1)),
      64,
    ),
    0,
  );
});

test("best of k stays exact for many answers", () => {
  const answers = Array.from({ length: 10_000 }, (_, i) => ({ rating: i, score: i === 9_999 ? 1 : 0 }));
  assert.ok(Math.abs(bestOfK(answers, 100) - 0.01) < 1e-12);
  assert.equal(bestOfK(answers, 10_000), 1);
});

test("best of k refuses what is no choice", () => {
  const one = { rating: 1, score: 1 };
  assert.throws(() => bestOfK([], 1), /best of 1 in 0/);
  assert.throws(() => bestOfK([one], 2), /best of 2 in 1/);
  assert.throws(() => bestOfK([one], 0), /best of 0/);
  assert.throws(() => bestOfK([{ rating: Number.NaN, score: 1 }], 1), /no number/);
});
