import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { isPosed, next, sequence } from "./index.ts";
import { sequenceMethod } from "./method.ts";
import { nextBy, RULES, type Rule, ruleOf } from "./rules.ts";

test("sequence is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(sequence, { wrongAnswer: () => "-1" }), []);
});

test("all rules that fit agree, every rule of a level occurs and no other, and numbers stay in range", () => {
  for (let level = 0; level < sequence.levels; level++) {
    const seen = new Set<Rule>();
    const answers = new Map<number, number>();
    for (let index = 0; index < 400; index++) {
      const { facts, chance } = sampleProblem(sequence, { seed: 7, index, level, split: "train" });
      const { terms } = facts;
      assert.ok(isPosed(facts) && chance < 0.05);
      const answer = next(terms);
      for (const rule of RULES) assert.ok([null, answer].includes(nextBy(rule, terms)), terms.join());
      assert.ok(answer >= 0 && answer <= 1999);
      assert.ok(answer <= 3 * Math.max(...terms));
      seen.add(ruleOf(terms)!);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    assert.deepEqual([...seen].sort(), RULES.slice(0, level + 1).sort(), `level ${level}`);
    assert.ok(Math.max(...answers.values()) < 0.06 * 400, `level ${level}`);
  }
});

test("rules and their next terms", () => {
  assert.deepEqual([ruleOf([3, 7, 11, 15]), next([3, 7, 11, 15])], ["difference", 19]);
  assert.deepEqual([ruleOf([40, 33, 26, 19]), next([40, 33, 26, 19])], ["difference", 12]);
  assert.deepEqual([ruleOf([2, 5, 10, 17]), next([2, 5, 10, 17])], ["growing", 26]);
  assert.deepEqual([ruleOf([3, 6, 12, 24]), next([3, 6, 12, 24])], ["ratio", 48]);
  assert.deepEqual([ruleOf([3, 5, 8, 13]), next([3, 5, 8, 13])], ["sum", 21]);
  assert.deepEqual([ruleOf([3, 20, 7, 18, 11, 16]), next([3, 20, 7, 18, 11, 16])], ["turns", 15]);
  assert.deepEqual([ruleOf([3, 20, 7, 18, 11, 16, 15]), next([3, 20, 7, 18, 11, 16, 15])], ["turns", 14]);
  assert.equal(ruleOf([3, 20, 7, 18]), null);
  assert.equal(isPosed({ terms: [3, 7, 11, 15] }), true);
  assert.equal(isPosed({ terms: [3, 3, 3, 3] }), false);
  assert.equal(isPosed({ terms: [9, 1, 7, 5] }), false);
});

test("prompts, verdicts and chance", () => {
  const facts = { terms: [3, 7, 11, 15] };
  assert.equal(sequence.prompt(facts, "en"), "Next: 3, 7, 11, 15.");
  assert.equal(sequence.prompt(facts, "de"), "Weiter: 3, 7, 11, 15.");
  assert.equal(sequence.verify(facts, "19").score, 1);
  assert.equal(sequence.verify(facts, "19, 23").score, 0);
  assert.equal(sequence.chance(facts), 1 / 46);
});

test("rules are tried in order, and a second look goes backwards", () => {
  const thinking = (...terms: number[]) => goldTrace({ family: "sequence", facts: { terms } }, "en").thinking;
  assert.equal(thinking(3, 7, 11, 15), "7-3=4 11-7=4 15-11=4\n15+4=19\nso 19");
  assert.equal(thinking(2, 5, 10, 17), "5-2=3 10-5=5 17-10=7\n5-3=2 7-5=2\n7+2=9\n17+9=26\nso 26");
  assert.equal(thinking(3, 6, 12, 24), "6-3=3 12-6=6 24-12=12\n6-3=3 12-6=6\n3*2=6 6*2=12 12*2=24\n24*2=48\nso 48");
  assert.equal(thinking(3, 5, 8, 13), "5-3=2 8-5=3 13-8=5\n3-2=1 5-3=2\n3*2=6>5\n3+5=8 5+8=13\n8+13=21\nso 21");
  assert.equal(thinking(3, 20, 7, 18, 11, 16), "20-3=17 20-7=13\n3,7,11 7-3=4 11-7=4\n11+4=15\nso 15");
  const check = (answer: string, ...terms: number[]) =>
    sequenceMethod.check({ terms }, answer, new Pen(Random.of(0), "en", 0));
  assert.deepEqual(check("19", 3, 7, 11, 15), { text: "19-15=4 15-11=4", holds: true });
  assert.deepEqual(check("25", 2, 5, 10, 17), { text: "25-17=8 17-10=7 10-5=5", holds: false });
});
