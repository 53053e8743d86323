import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { met } from "../corpus/leaks.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { type RankingFacts, ranking } from "./index.ts";
import { rankingMethod } from "./method.ts";

const facts: RankingFacts = {
  statements: [
    ["B", "D"],
    ["A", "B"],
    ["D", "C"],
  ],
};

test("ranking is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(ranking, { wrongAnswer: () => "A>B" }), []);
});

test("the order is the only one that fits, and everything to the verdict", () => {
  assert.equal(ranking.prompt(facts, "en"), "Order B>D, A>B, D>C.");
  assert.equal(ranking.prompt(facts, "de"), "Ordne B>D, A>B, D>C.");
  assert.equal(ranking.gold(facts), "A>B>D>C");
  for (const answer of ["A,B,D,C", "ABDC", "A > B > D > C", "C>D>B>A", "A>B>D", "A>B>D>C>C", "A>B>D>C>"]) {
    assert.equal(ranking.verify(facts, answer).score, 0, answer);
  }
  for (let index = 0; index < 100; index++) {
    const problem = sampleProblem(ranking, { seed: 1, index, level: index % 5, split: "train" });
    const order = ranking.gold(problem.facts).split(">");
    assert.equal(order.length, 4 + (index % 5));
    for (const [greater, less] of problem.facts.statements)
      assert.equal(order.indexOf(less) - order.indexOf(greater), 1);
    assert.ok(problem.chance < 0.05);
  }
});

test("comparisons in another order are the same problem", () => {
  assert.equal(ranking.canonical(facts), ranking.canonical({ statements: [...facts.statements].reverse() }));
  assert.ok(Math.abs(ranking.chance(facts) - 1 / 24) < 1e-12);
});

test("chains are followed downwards, and one that could be a problem of its own is met", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(rankingMethod.work({ statements: [...facts.statements, ["E", "A"]] }, pen), "E>A>B>D>C");
  assert.equal(pen.text, "B>D>C A>B,E>A\nA>B>D>C E>A\nE>A>B>D>C");
  assert.deepEqual(
    met("ranking", pen.text).map((posed) => ranking.gold(posed.facts as RankingFacts)),
    ["A>B>D>C"],
  );
});

test("careless work ends, whatever its slips", () => {
  for (let index = 0; index < 300; index++) {
    const problem = sampleProblem(ranking, { seed: 2, index, level: index % 5, split: "train" });
    const pen = new Pen(Random.of(2, index), "en", 0.3);
    const order = rankingMethod.work(problem.facts, pen).split(">");
    assert.ok(order.length >= 1 && new Set(order).size === order.length, pen.text);
  }
});
