import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "./random.ts";
import { bootstrap, correlation, mean, quantile, rankCorrelation, ranks } from "./statistics.ts";

test("quantiles interpolate between order statistics", () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([1, 2, 3, 4, 5], 0.25), 2);
  assert.equal(quantile([7], 0.9), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("equal values share their ranks", () => {
  assert.deepEqual(ranks([10, 20, 20, 5]), [2, 3.5, 3.5, 1]);
});

test("rank correlation sees order alone, and is NaN where nothing varies", () => {
  assert.equal(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000]), 1);
  assert.equal(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  assert.ok(Math.abs(correlation([1, 2, 3, 4], [2, 1, 4, 3]) - 0.6) < 1e-12);
  assert.ok(Number.isNaN(rankCorrelation([1, 2], [5, 5])));
});

test("a bootstrap interval of a mean covers the truth about as often as it says", () => {
  let covered = 0;
  for (let trial = 0; trial < 200; trial++) {
    const random = Random.of(5, "trial", trial);
    const units = Array.from({ length: 60 }, () => (random.chance(0.3) ? 1 : 0));
    const { low, high } = bootstrap(
      [units.length],
      ([drawn]) => mean(Array.from(drawn!.units, (u) => units[u]!)),
      random.split("bootstrap"),
      { resamples: 200 },
    );
    if (low <= 0.3 && 0.3 <= high) covered++;
  }
  assert.ok(covered >= 178 && covered <= 199, `${covered} of 200`);
});

test("groups that differ widen the interval beyond that of their units", () => {
  const groups = [0.2, 0.5, 0.8].map((p) => Array.from({ length: 400 }, (_, i) => (i < 400 * p ? 1 : 0)));
  const width = (list: number[][]) => {
    const { low, high } = bootstrap(
      list.map((group) => group.length),
      (drawn) => mean(drawn.map(({ group, units }) => mean(Array.from(units, (u) => list[group]![u]!)))),
      Random.of(1, "width"),
      { resamples: 300 },
    );
    return high - low;
  };
  assert.ok(width(groups) > 4 * width([groups.flat()]));
});

test("groups that share their units are as sure of them as one group is, not as many", () => {
  const units = Array.from({ length: 50 }, (_, i) => (i < 20 ? 1 : 0));
  const width = (groups: number, shared: boolean) => {
    const { low, high } = bootstrap(
      Array<number>(groups).fill(units.length),
      (drawn) => mean(drawn.map(({ units: own }) => mean(Array.from(own, (u) => units[u]!)))),
      Random.of(2, "shared", groups),
      { resamples: 400, shared },
    );
    return high - low;
  };
  const one = width(1, false);
  assert.ok(Math.abs(width(9, true) / one - 1) < 0.2);
  assert.ok(width(9, false) < 0.5 * one);
});
