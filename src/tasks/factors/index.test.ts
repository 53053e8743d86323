import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { factorise, factors } from "./index.ts";
import { factorsMethod } from "./method.ts";

test("factors is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(factors, { wrongAnswer: (facts) => String((facts as { n: number }).n) }), []);
});

test("factors are primes in order that multiply to the number", () => {
  for (let index = 0; index < 500; index++) {
    const level = index % factors.levels;
    const { facts, chance } = sampleProblem(factors, { seed: 6, index, level, split: "train" });
    const found = factorise(facts.n);
    assert.equal(
      found.reduce((product, value) => product * value, 1),
      facts.n,
    );
    for (const [i, value] of found.entries()) {
      assert.ok(i === 0 || found[i - 1]! <= value);
      for (let d = 2; d * d <= value; d++) assert.notEqual(value % d, 0);
    }
    assert.ok(found.length >= 3 && chance < 0.05);
  }
});

test("every level has problems enough for both splits", () => {
  const seen = new Set<string>();
  for (let index = 0; index < 1500; index++) {
    seen.add(factors.canonical(sampleProblem(factors, { seed: 6, index, level: 0, split: "train" }).facts));
  }
  assert.ok(seen.size > 70, `${seen.size}`);
});

test("prompts, verdicts and chance", () => {
  const facts = { n: 84 };
  assert.equal(factors.prompt(facts, "en"), "Factor 84.");
  assert.equal(factors.prompt(facts, "de"), "Zerlege 84.");
  assert.equal(factors.verify(facts, "2*2*3*7").score, 1);
  assert.equal(factors.verify(facts, "2 * 2 * 3 * 7").score, 1);
  for (const answer of [
    "84",
    "4*21",
    "2*2*21",
    "7*3*2*2",
    "2*2*3*7*1",
    "1*2*2*3*7",
    "2^2*3*7",
    "2,2,3,7",
    "2*2*3*7*",
  ]) {
    assert.equal(factors.verify(facts, answer).score, 0, answer);
  }
  assert.equal(factors.chance(facts), 1 / 90);
});

test("trial division line by line, and a second look that finds composite factors", () => {
  const { thinking } = goldTrace({ family: "factors", facts: { n: 84 } }, "en");
  assert.equal(thinking, "2*42=84 2*42\n2*21=42 2*2*21\n2*10=20<21\n3*7=21 2*2*3*7\n3*3=9>7\nso 2*2*3*7");
  const check = (answer: string) => factorsMethod.check({ n: 84 }, answer, new Pen(Random.of(0), "en", 0));
  assert.deepEqual(check("2*2*3*7"), { text: "2*2=4 4*3=12 12*7=84 84=84", holds: true });
  assert.deepEqual(check("2*2*21"), { text: "2*2=4 4*21=84 84=84 3*7=21", holds: false });
  assert.deepEqual(check("2*2*3*5"), { text: "2*2=4 4*3=12 12*5=60 60=84", holds: false });
});
