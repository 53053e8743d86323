import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { gcd, greatest, isPosed } from "./index.ts";
import { gcdMethod } from "./method.ts";

test("gcd is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(gcd, { wrongAnswer: () => "0" }), []);
});

test("the greatest common divisor by trying all, and no answer is common", () => {
  for (let level = 0; level < gcd.levels; level++) {
    const answers = new Map<number, number>();
    const n = 400;
    for (let index = 0; index < n; index++) {
      const { facts, chance } = sampleProblem(gcd, { seed: 2, index, level, split: "train" });
      let best = 1;
      for (let d = 2; d <= Math.min(facts.a, facts.b); d++) if (facts.a % d === 0 && facts.b % d === 0) best = d;
      assert.equal(greatest(facts), best);
      assert.ok(isPosed(facts) && chance <= 0.05);
      answers.set(best, (answers.get(best) ?? 0) + 1);
    }
    assert.ok(Math.max(...answers.values()) / n < 0.12, `level ${level}`);
  }
});

test("prompts, verdicts and chance", () => {
  const facts = { a: 36, b: 84 };
  assert.equal(gcd.prompt(facts, "en"), "GCD of 36, 84.");
  assert.equal(gcd.prompt(facts, "de"), "ggT von 36, 84.");
  assert.equal(gcd.canonical(facts), gcd.canonical({ a: 84, b: 36 }));
  assert.equal(gcd.verify(facts, "12").score, 1);
  assert.deepEqual(gcd.verify(facts, "6"), { score: 0, reason: "6 is not 12" });
  assert.equal(gcd.chance(facts), 1 / 36);
});

test("Euclid's algorithm line by line, and a second look that knows too small and too large", () => {
  const facts = { a: 36, b: 84 };
  const { thinking } = goldTrace({ family: "gcd", facts }, "en");
  assert.equal(thinking, "84,36\n2*36=72 84-72=12 36,12\n3*12=36 36-36=0 12,0\nso 12");
  const check = (answer: string) => gcdMethod.check(facts, answer, new Pen(Random.of(0), "en", 0));
  assert.deepEqual(check("12"), { text: "12*7=84 12*3=36 7,3,1", holds: true });
  assert.deepEqual(check("6"), { text: "6*14=84 6*6=36 14,6,2", holds: false });
  assert.deepEqual(check("11"), { text: "11*7=77<84", holds: false });
});
