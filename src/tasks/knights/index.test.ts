import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { conclusions, type KnightsFacts, knights, solutions } from "./index.ts";
import { knightsMethod } from "./method.ts";

const facts: KnightsFacts = {
  statements: [
    { of: [1], says: "lies" },
    { of: [0, 2], says: "differ" },
    { of: [1], says: "honest" },
  ],
};

test("knights are sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(knights, { wrongAnswer: () => "K-K" }), []);
});

test("prompts and verdicts", () => {
  assert.equal(knights.prompt(facts, "en"), "K or L? A: B lies. B: A, C differ. C: B honest.");
  assert.equal(knights.prompt(facts, "de"), "K oder L? A: B lügt. B: A, C anders. C: B ehrlich.");
  // Were A a knight, B would lie, so A and C be alike, but then C, a knight, would call B honest.
  assert.equal(knights.gold(facts), "L-K-K");
  for (const answer of ["LKK", "L-K", "l-k-k", "L-K-K-K", "K-L-L", "B,C"]) {
    assert.equal(knights.verify(facts, answer).score, 0, answer);
  }
  assert.equal(knights.chance(facts), 1 / 8);
});

test("every problem has one solution, and one assumption leads to all the kinds", () => {
  for (let index = 0; index < 200; index++) {
    const problem = sampleProblem(knights, { seed: 1, index, level: index % 5, split: "train" });
    const people = 3 + (index % 5);
    assert.equal(problem.facts.statements.length, people);
    assert.equal(solutions(problem.facts).length, 1);
    const told = new Set([0, ...conclusions(problem.facts).map(({ about }) => about)]);
    assert.equal(told.size, people);
  }
});

test("an assumption that does not fit is taken back", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(knightsMethod.work(facts, pen), "L-K-K");
  assert.equal(
    pen.text,
    "A=K\nA=K B=L\nB=L A=C C=K\nC=K B=K no\nwait A=L\nA=L B=K\nB=K A/C C=K\nC=K B=K yes\nA=L B=K C=K",
  );
  assert.deepEqual(knightsMethod.check(facts, "L-L-K", pen), { text: "A=L B=K", holds: false });
});
