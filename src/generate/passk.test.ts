import assert from "node:assert/strict";
import { test } from "node:test";
import { meanPassAtK, passAtK } from "./passk.ts";

test("pass@k is the share of k-subsets that hold a right sample", () => {
  for (let n = 1; n <= 7; n++) {
    for (let c = 0; c <= n; c++) {
      for (let k = 1; k <= n; k++) {
        // Samples 0..c−1 are the right ones; every subset of k of the n, as bits.
        let subsets = 0;
        let hit = 0;
        for (let bits = 0; bits < 1 << n; bits++) {
          if (bits.toString(2).replaceAll("0", "").length !== k) continue;
          subsets++;
          if (bits & ((1 << c) - 1)) hit++;
        }
        assert.ok(Math.abs(passAtK(n, c, k) - hit / subsets) < 1e-12, `n ${n} c ${c} k ${k}`);
      }
    }
  }
});

test("pass@k stays exact for many samples", () => {
  assert.equal(passAtK(10_000, 0, 100), 0);
  assert.equal(passAtK(10_000, 10_000, 1), 1);
  assert.ok(Math.abs(passAtK(10_000, 1, 100) - 0.01) < 1e-12);
  assert.ok(Math.abs(passAtK(100_000, 2, 50_000) - (1 - (0.5 * 49_999) / 99_999)) < 1e-9);
});

test("pass@k refuses what is not a count of samples", () => {
  for (const [n, c, k] of [
    [4, 5, 1],
    [4, -1, 1],
    [4, 1, 5],
    [4, 1, 0],
    [4.5, 1, 1],
  ] as const)
    assert.throws(() => passAtK(n, c, k));
  assert.throws(() => meanPassAtK([], 1));
});

test("the mean over problems weighs each alike", () => {
  assert.equal(
    meanPassAtK(
      [
        { n: 4, c: 4 },
        { n: 2, c: 1 },
      ],
      1,
    ),
    0.75,
  );
});
