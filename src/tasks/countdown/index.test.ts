import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../../util/random.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { parseExpression } from "./expression.ts";
import { countdown } from "./index.ts";
import { isSolvable, reach, solve, stepsOn, term } from "./solver.ts";

test("countdown is sound, and hostile answers earn nothing", () => {
  const wrongAnswer = (facts: unknown) => (facts as { numbers: number[] }).numbers.map(() => 1).join("+");
  assert.deepEqual(validateTask(countdown, { wrongAnswer, levels: [0, 1, 2, 3] }), []);
  assert.deepEqual(validateTask(countdown, { wrongAnswer, levels: [4, 5], count: 2 }), []);
});

test("only legal expressions over exactly the given numbers are right", () => {
  const facts = { numbers: [21, 5, 3], target: 29 };
  for (const answer of ["21+5+3", "(21+5)+3", "3+(5+21)", " ( 21 + 5 ) + 3 ", "((((21))+5)+(3))"]) {
    assert.equal(countdown.verify(facts, answer).score, 1, answer);
  }
  const wrong: [string, RegExp][] = [
    ["29", /uses "29"/],
    ["21+5", /uses/],
    ["21+5+3+0", /uses/],
    ["21+5+3=29", /unexpected "="/],
    ["(21+5)*3", /makes 78/],
    ["21+5+3)", /unexpected/],
    ["(21+5+3", /not closed/],
    ["21+5++3", /unexpected/],
    ["21 5 3", /unexpected/],
    ["2 1+5+3", /unexpected/],
    ["-3+21+5+6", /unexpected "-"/],
    ["21+5+3-", /ends too early/],
    ["()", /unexpected/],
    ["21+05+3", /begins with 0/],
    ["21+5+3.0", /unexpected/],
    ["21×5+3", /unexpected/],
    ["21**5", /unexpected/],
    ["21//5", /unexpected/],
    ["21+5+3;", /unexpected/],
    ["constructor", /unexpected/],
    ["9999999999+5+3", /too long/],
    ["999999999*999999999*999999999", /too large/],
  ];
  for (const [answer, reason] of wrong) {
    const verdict = countdown.verify(facts, answer);
    assert.equal(verdict.score, 0, answer);
    assert.match(verdict.reason, reason);
  }
});

test("intermediate values stay non-negative and whole, though the end would be right", () => {
  assert.match(
    countdown.verify({ numbers: [3, 5, 21], target: 19 }, "3-5+21").reason,
    /3-5 is not a non-negative number/,
  );
  assert.equal(countdown.verify({ numbers: [3, 5, 21], target: 19 }, "3+21-5").score, 1);
  assert.match(countdown.verify({ numbers: [7, 2, 4], target: 14 }, "7/2*4").reason, /7\/2 is not a whole number/);
  assert.match(countdown.verify({ numbers: [7, 2, 2], target: 7 }, "7/(2-2)").reason, /7\/0 is not a whole number/);
});

test("the parser agrees with the language's own arithmetic on every expression that is legal", () => {
  const atom = fc.integer({ min: 0, max: 30 }).map(String);
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      atom,
      fc.tuple(tie("tree"), fc.constantFrom("+", "-", "*", "/"), tie("tree")).map((parts) => parts.join("")),
      tie("tree").map((inner) => `(${inner})`),
    ),
  }));
  let legal = 0;
  fc.assert(
    fc.property(tree, (text) => {
      const parsed = parseExpression(text);
      if (!parsed.ok) return;
      legal++;
      assert.equal(parsed.value, new Function(`return ${text}`)(), text);
    }),
    { seed: 1, numRuns: 2000 },
  );
  assert.ok(legal > 300, `${legal} legal`);
});

test("any text gets a verdict", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 500 }), fc.string({ unit: fc.constantFrom(..."()+-*/0159 ,=") })),
      (text) => {
        const { score, reason } = countdown.verify({ numbers: [1, 5, 9], target: 45 }, text);
        assert.ok((score === 0 || score === 1) && reason.length > 0);
      },
    ),
    { seed: 2, numRuns: 2000 },
  );
});

/** All trees over the numbers, written out: slow and obvious. */
function everyValue(values: readonly number[]): number[] {
  if (values.length === 1) return [...values];
  const out: number[] = [];
  const [first, ...others] = values;
  // The part with the first number against the rest, in every split.
  for (let mask = 0; mask < 2 ** others.length - 1; mask++) {
    const left = [first!, ...others.filter((_, i) => mask & (2 ** i))];
    const right = others.filter((_, i) => !(mask & (2 ** i)));
    for (const x of everyValue(left))
      for (const y of everyValue(right)) out.push(...stepsOn(x, y).map((step) => step.result));
  }
  return out;
}

test("reachable values are counted as by brute force, and are exactly those that can be solved", () => {
  for (const numbers of [[1], [3, 3], [2, 5, 7], [4, 4, 4], [1, 2, 3, 4], [5, 5, 10, 2]]) {
    const values = everyValue(numbers);
    const { total, counts } = reach(numbers, 40);
    assert.equal(total, values.length);
    for (let target = 0; target <= 40; target++) {
      const count = values.filter((value) => value === target).length;
      assert.equal(counts.get(target) ?? 0, count, `${numbers} > ${target}`);
      assert.equal(isSolvable(numbers, target), count > 0);
      const found = solve(numbers.map(term), target);
      assert.equal(found !== null, count > 0);
      if (found !== null) assert.equal(countdown.verify({ numbers, target }, found).score, 1, found);
    }
  }
});

test("chance is the share of expressions that hit", () => {
  const values = everyValue([21, 5, 3]);
  const expected = values.filter((value) => value === 29).length / values.length;
  assert.equal(countdown.chance({ numbers: [21, 5, 3], target: 29 }), expected);
});

test("targets are uniform over what is reachable, not drawn like guesses", () => {
  // Under a uniform draw the mean share of expressions that hit is that of the average reachable value.
  let difference = 0;
  let guessDifference = 0;
  let squares = 0;
  const n = 2000;
  for (let index = 0; index < n; index++) {
    const { numbers, target } = countdown.sample(Random.of(5, index), 0);
    const { total, counts } = reach(numbers, 50);
    const inRange = [...counts].filter(([value]) => value >= 5).map(([, count]) => count / total);
    const sum = inRange.reduce((x, y) => x + y, 0);
    const uniform = sum / inRange.length;
    const asGuessed = inRange.reduce((x, y) => x + (y * y) / sum, 0);
    const gap = counts.get(target)! / total - uniform;
    difference += gap / n;
    guessDifference += (asGuessed - uniform) / n;
    squares += (gap * gap) / n;
  }
  assert.ok(Math.abs(difference) < 4 * Math.sqrt(squares / n), `${difference}`);
  assert.ok(guessDifference > 10 * Math.sqrt(squares / n), "the test could not tell the two apart");
});

test("the order of the numbers does not matter to the split, the target does", () => {
  const canonical = (numbers: number[], target: number) => countdown.canonical({ numbers, target });
  assert.equal(canonical([21, 5, 3], 29), canonical([3, 21, 5], 29));
  assert.notEqual(canonical([21, 5, 3], 29), canonical([21, 5, 3], 28));
});

test("six numbers are drawn and solved", () => {
  const { facts } = sampleProblem(countdown, { seed: 1, index: 0, level: 5, split: "train" });
  assert.equal(facts.numbers.length, 6);
  assert.equal(countdown.verify(facts, countdown.gold(facts)).score, 1);
});
