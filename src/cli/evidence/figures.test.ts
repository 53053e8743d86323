import assert from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "../../tasks/index.ts";
import {
  familiesOf,
  familyDifferences,
  lengthByLevel,
  macroInterval,
  macroMean,
  pairedDifference,
  rungsOf,
} from "./figures.ts";

/** Problems of rungs, `count` of each. */
function problemsOf(rungs: readonly (readonly [string, number, number])[], count: number): Problem[] {
  return rungs.flatMap(([family, level, chance]) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${family}/${level}/${i}`,
      family,
      level,
      language: "en" as const,
      prompt: "?",
      facts: i,
      chance,
    })),
  );
}

const problems = problemsOf(
  [
    ["sum", 0, 0.01],
    ["sum", 1, 0.01],
    ["sum", 2, 0.01],
    ["find", 0, 0.02],
    ["coin", 0, 0.5],
  ],
  50,
);
const rungs = rungsOf(problems);

test("the macro-mean weighs families alike, their rungs alike, and leaves out what can be guessed", () => {
  assert.deepEqual(
    familiesOf(rungs).map(({ family, rungs: list }) => [family, list.length]),
    [
      ["sum", 3],
      ["find", 1],
    ],
  );
  // sum: 1, 0.5, 0 → 0.5; find: 0.2; coin does not count.
  const byRung = [1, 0.5, 0, 0.2, 1];
  assert.ok(Math.abs(macroMean(rungs, (problem) => byRung[Math.floor(problem / 50)]!) - 0.35) < 1e-12);
});

test("the interval of a macro-mean holds its value, and seeds that differ widen it", () => {
  const seed = (rate: number) => (problem: number) => (problem % 50 < 50 * rate ? 1 : 0);
  const same = macroInterval(problems, [seed(0.6), seed(0.6), seed(0.6)], "same");
  const apart = macroInterval(problems, [seed(0.3), seed(0.6), seed(0.9)], "apart");
  for (const { value, interval } of [same, apart]) {
    assert.ok(Math.abs(value - 0.6) < 1e-12);
    assert.ok(interval.low < value && value < interval.high);
  }
  assert.ok(apart.interval.high - apart.interval.low > 2 * (same.interval.high - same.interval.low));
});

test("a family's difference is told apart from none only where there is one, and is sure where it is for all families at once", () => {
  const half = (problem: number) => problem % 2;
  const differences = familyDifferences(problems, [
    {
      a: (problem) => {
        const { family } = problems[problem]!;
        if (family === "sum") return problem % 5 === 0 ? 1 : half(problem);
        // Of 50 problems four are won and none is lost; of the others as many are lost as won.
        return family === "find" ? (problem % 12 === 0 ? 1 : half(problem)) : 1 - half(problem);
      },
      b: half,
    },
  ]);
  assert.deepEqual(
    differences.map(({ family, low, high, sure }) => [family, low > 0, high < 0, sure]),
    [
      ["sum", true, false, true],
      ["find", true, false, false],
      ["coin", false, false, false],
    ],
  );
});

test("a difference that one seed of three makes is not told apart from none, however many problems there are", () => {
  const at = [...problems.keys()];
  const never = () => 0;
  const often = (problem: number) => (problem % 3 === 0 ? 1 : 0);
  const seeds = [
    { a: often, b: never },
    { a: never, b: never },
    { a: never, b: never },
  ];
  const { a, b, interval } = pairedDifference(at, seeds, "seeds");
  assert.ok(Math.abs(a - at.filter((problem) => problem % 3 === 0).length / (3 * at.length)) < 1e-12 && b === 0);
  assert.ok(interval.low === 0 && interval.high > a);
});

test("length by level needs three rungs", () => {
  const longer = lengthByLevel(rungs, (problem) => problems[problem]!.level * 10 + 5);
  assert.deepEqual(longer, [{ family: "sum", rungs: 3, correlation: 1 }]);
});
