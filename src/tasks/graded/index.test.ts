/** Graded chains: deterministic, rated by what was done to them, and never on held-out problems. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meetsHeldOut } from "../corpus/leaks.ts";
import { smallMix } from "../corpus/small-mix.ts";
import { readTraces, traceLines } from "../index.ts";
import { getTask } from "../registry.ts";
import { isHeldOut } from "../task.ts";
import { gradedTraces } from "./index.ts";
import { rate } from "./rate.ts";

const groups = Array.from({ length: 250 }, (_, index) =>
  gradedTraces({ seed: 3, index, split: "train", problems: smallMix, chains: 5 }),
);
const all = groups.flat();
const withDefect = (name: string) => all.filter(({ defects }) => defects.includes(name));

test("the same request gives the same chains; they read back as traces; ids and texts are unique", () => {
  assert.deepEqual(gradedTraces({ seed: 3, index: 7, split: "train", problems: smallMix, chains: 5 }), groups[7]);
  assert.notDeepEqual(gradedTraces({ seed: 4, index: 7, split: "train", problems: smallMix, chains: 5 }), groups[7]);
  const { traces, faults } = readTraces(traceLines(all));
  assert.deepEqual(faults, []);
  assert.deepEqual(traces, all);
  for (const group of groups) {
    assert.equal(new Set(group.map(({ prompt }) => prompt)).size, 1);
    assert.equal(new Set(group.map(({ thinking, answer }) => `${thinking}\n${answer}`)).size, group.length);
  }
});

test("train problems are not held out, nor met on the way; held-out ones are", () => {
  for (const { family, facts, thinking } of all) {
    assert.equal(isHeldOut(getTask(family!), facts), false);
    assert.equal(meetsHeldOut(family!, thinking), false);
  }
  for (let index = 0; index < 40; index++)
    for (const { family, facts } of gradedTraces({ seed: 3, index, split: "heldout" }))
      assert.ok(isHeldOut(getTask(family!), facts));
});

test("the score is the verifier's, and correctness follows it and the lines", () => {
  for (const { family, facts, answer, score, ratings, steps, defects } of all) {
    assert.equal(score, getTask(family!).verify(facts, answer).score);
    const { correctness } = ratings!;
    const wrongLine = steps!.includes(0);
    if (score === 1) assert.equal(correctness, wrongLine ? 4 : 5);
    else assert.ok(correctness! <= 2.5, `${correctness}`);
    if (defects.length === 0) {
      assert.equal(score, 1);
      assert.deepEqual(Object.values(ratings!), [5, 5, 5, 5, 5]);
    }
  }
});

test("each defect lowers its own aspect, and all of them occur", () => {
  const mean = (list: readonly { ratings?: Record<string, number> }[], aspect: string): number =>
    list.reduce((total, { ratings }) => total + (ratings?.[aspect] ?? 5), 0) / list.length;
  const aspects = {
    ...{ slip: "correctness", mixed: "clarity", foreign: "clarity", gaps: "completeness", disorder: "coherence" },
    ...{
      repeats: "efficiency",
      jump: "coherence",
      caught: "efficiency",
      direct: "completeness",
      "gave-up": "completeness",
    },
  };
  for (const [defect, aspect] of Object.entries(aspects)) {
    const list = withDefect(defect);
    assert.ok(list.length >= 8, `${list.length} chains with ${defect}`);
    assert.ok(mean(list, aspect) < 4.5, `${defect}: ${aspect} is ${mean(list, aspect)}`);
    for (const { ratings, thinking } of list) {
      if (thinking === "") assert.deepEqual(Object.keys(ratings!), ["correctness", "completeness", "efficiency"]);
    }
  }
});

test("steps end with the first wrong line; a wrong equation is marked where it stands", () => {
  for (const { steps, thinking, score, defects } of all) {
    const lines = thinking === "" ? [] : thinking.split("\n");
    const wrong = steps!.indexOf(0);
    assert.equal(wrong < 0 ? lines.length : wrong + 1, steps!.length);
    // An equation of two numbers that is wrong at the beginning of its line is an error, and so the last label at the latest.
    const first = lines.findIndex((line) => EQUATION.test(line) && !holds(line));
    if (first >= 0) assert.ok(wrong >= 0 && wrong <= first, `${JSON.stringify(thinking)} ${steps}`);
    if (score !== 1 && lines.length > 0 && wrong < 0 && !defects.includes("jump"))
      assert.fail(`nothing is wrong in ${thinking}`);
  }
});

test("of a method that works lines out before it writes them, the line that is blamed says something false", () => {
  const families = ["multiplication", "modular", "max"];
  let blamed = 0;
  for (const { family, steps, thinking } of all) {
    const wrong = steps!.indexOf(0);
    if (!families.includes(family!) || wrong < 0) continue;
    const said = thinking
      .split("\n")
      [wrong]!.split(" ")
      .filter((part) => STATEMENT.test(part));
    if (said.length === 0) continue;
    blamed++;
    assert.ok(!said.every(isTrue), `${JSON.stringify(thinking)} ${steps}`);
  }
  assert.ok(blamed > 20, `${blamed} chains are blamed`);
});

const STATEMENT = /^(\d+)(?:([+*-])(\d+))?([=<>])(\d+)$/;

function isTrue(statement: string): boolean {
  const [, a, operator, b = "0", relation, result] = STATEMENT.exec(statement)!;
  const [x, y, z] = [Number(a), Number(b), Number(result)];
  const value = operator === "*" ? x * y : operator === "-" ? x - y : x + y;
  return relation === "=" ? value === z : relation === "<" ? value < z : value > z;
}

const EQUATION = /^(\d+)([+*-])(\d+)=(\d+)(?= |>|$)/;

function holds(line: string): boolean {
  const [, a, operator, b, result] = EQUATION.exec(line)!;
  const [x, y] = [Number(a), Number(b)];
  return Number(result) === (operator === "+" ? x + y : operator === "-" ? x - y : x * y);
}

test("ratings are those of docs/reward-models.md", () => {
  const line = (text: string, right = true) => ({ text, right });
  const chain = {
    lines: [line("1+1=2"), line("2+2=5", false), line("so 5"), line("also 5")],
    answer: "5",
    defects: ["slip", "jump"] as const,
    kept: 0.5,
    ordered: 0.75,
    needed: 0.6,
  };
  assert.deepEqual(rate(chain, 0, "en"), {
    ratings: { correctness: 1.5, clarity: 3, coherence: 2, completeness: 3, efficiency: 3 },
    steps: [1, 0],
  });
  assert.equal(rate(chain, 1, "en").ratings.correctness, 4);
  assert.equal(rate({ ...chain, defects: ["gave-up"] }, 0, "en").ratings.completeness, 2);
  assert.equal(rate({ ...chain, defects: ["caught"] }, 1, "en").ratings.efficiency, 2);
  assert.deepEqual(rate({ ...chain, lines: [], defects: ["direct"] }, 0, "en"), {
    ratings: { correctness: 1, completeness: 1, efficiency: 5 },
    steps: [],
  });
});
