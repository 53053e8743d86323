import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { sampleProblem } from "../task.ts";
import { worded } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import { WORDS } from "../trace/words.ts";
import { validateTask } from "../validate.ts";
import { type FilterFacts, filter } from "./index.ts";
import { filterMethod } from "./method.ts";

const facts: FilterFacts = { numbers: [12, 35, 8, 41], keep: "over", limit: 20, give: "list" };

test("filter is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(filter, { wrongAnswer: () => "100" }), []);
});

test("prompts and verdicts", () => {
  assert.equal(filter.prompt(facts, "en"), "List over 20: 12, 35, 8, 41.");
  assert.equal(filter.prompt({ ...facts, keep: "odd", limit: 0, give: "sum" }, "de"), "Summe ungerade: 12, 35, 8, 41.");
  assert.equal(filter.verify(facts, "35,41").score, 1);
  assert.equal(filter.verify(facts, "35, 41").score, 1);
  for (const answer of ["41,35", "35", "35,41,41", "76", "35,41,"]) assert.equal(filter.verify(facts, answer).score, 0);
  assert.equal(filter.verify({ ...facts, give: "sum" }, "76").score, 1);
  assert.equal(filter.gold({ ...facts, keep: "even", limit: 0 }), "12,8");
  assert.equal(filter.chance(facts), 1 / 16);
  assert.equal(filter.canonical(facts), filter.canonical({ ...facts, numbers: [41, 8, 35, 12] }));
});

test("chances stay small, and something passes and something does not", () => {
  for (let index = 0; index < 300; index++) {
    const problem = sampleProblem(filter, { seed: 1, index, level: index % 5, split: "train" });
    assert.ok(problem.chance < 0.05);
    assert.ok(!problem.facts.numbers.includes(problem.facts.limit));
  }
});

test("the work carries what is kept, the check compares all once more", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(filterMethod.work(facts, pen), "35,41");
  assert.equal(filterMethod.work({ ...facts, keep: "odd", limit: 0, give: "sum" }, pen), "76");
  assert.equal(pen.text, "12<20\n35>20 35\n8<20 35\n41>20 35,41\n12 even\n35 odd 35\n8 even 35\n41 odd 35+41=76");
  const list = filterMethod.check(facts, "35", pen);
  assert.equal(list.holds, false);
  assert.equal(worded(list.text, WORDS.en), "12<20 35>20 8<20 41>20 35,41=35");
  const sum = filterMethod.check({ ...facts, keep: "odd", limit: 0, give: "sum" }, "76", pen);
  assert.equal(sum.holds, true);
  assert.equal(worded(sum.text, WORDS.de), "12 gerade 35 ungerade 8 gerade 41 ungerade 35+41=76 76=76");
});
