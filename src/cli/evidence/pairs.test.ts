import assert from "node:assert/strict";
import { test } from "node:test";
import { condensePairs, kindOf, pairsText, type RatedPair } from "./pairs.ts";

test("pairs are of the kind that makes one the better", () => {
  const chain = (score: number, ...defects: string[]) => ({ score, defects });
  assert.equal(kindOf(chain(1), chain(0, "slip")), "slip");
  assert.equal(kindOf(chain(1), chain(0, "slip", "gaps")), "verdict");
  assert.equal(kindOf(chain(1, "foreign"), chain(0, "slip")), "verdict");
  assert.equal(kindOf(chain(0), chain(1, "repeats")), "verdict");
  assert.equal(kindOf(chain(1), chain(1, "gaps")), "right");
  assert.equal(kindOf(chain(0, "slip"), chain(0, "slip", "mixed")), "wrong");
});

test("each kind has its share in the right order, and sureness is held against it", () => {
  const pair = (kind: RatedPair["kind"], family: string, over: number, under: number): RatedPair => ({
    ...{ kind, family, over, under },
  });
  const pairs = [
    ...[pair("slip", "maze", 0.9, 0.1), pair("slip", "maze", 0.5, 0.5), pair("slip", "gcd", 0.2, 0.8)],
    pair("right", "gcd", 1, 0.5),
  ];
  const found = condensePairs(pairs);
  assert.deepEqual(found.all, { count: 4, ordered: 0.625 });
  assert.deepEqual(found.kinds.slip, { count: 3, ordered: 0.5 });
  assert.equal(found.kinds.wrong.count, 0);
  assert.deepEqual(found.families, { maze: { count: 2, ordered: 0.75 }, gcd: { count: 1, ordered: 0 } });
  // Odds of 9 to 1 against 1 to 9 say 81 to 1; equal ones say nothing; 1 to 4 against 4 to 1 is as sure, and wrong.
  const [tie, sure] = [found.reliability[0]!, found.reliability.at(-1)!];
  assert.deepEqual([tie.from, tie.said, tie.was], [0.5, 0.5, 0.5]);
  assert.deepEqual([sure.count, sure.was], [3, 2 / 3]);
  assert.ok(Math.abs(sure.said - (81 / 82 + 16 / 17 + 9999 / 10_000) / 3) < 1e-9);
  const text = pairsText([{ seed: 3, pairs: { prompts: 9, ...found } }]);
  assert.match(text, /nothing else wrong with either \| 50\.0 % of 3 \|/);
  assert.match(text, /both wrong \| – \|/);
  assert.match(text, /seed 3: gcd 0\.0 % of 1, maze 75\.0 % of 2/);
});
