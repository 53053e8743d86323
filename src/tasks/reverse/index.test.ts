import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { met } from "../corpus/leaks.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { reverse } from "./index.ts";
import { reverseMethod } from "./method.ts";

test("reverse is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(reverse, { wrongAnswer: () => "m-a-t-r" }), []);
});

test("only the letters written apart, in the other order, are right", () => {
  const facts = { text: "tram" };
  assert.equal(reverse.prompt(facts, "en"), "Reverse t-r-a-m.");
  assert.equal(reverse.prompt(facts, "de"), "Drehe t-r-a-m um.");
  assert.equal(reverse.verify(facts, "m-a-r-t").score, 1);
  for (const answer of ["mart", "m a r t", "t-r-a-m", "m-a-r-t-", "m-a-r", "M-A-R-T", "m--a-r-t"]) {
    assert.equal(reverse.verify(facts, answer).score, 0, answer);
  }
});

test("chance counts equal letters once, and misses are wrong", () => {
  assert.ok(Math.abs(reverse.chance({ text: "abcd" }) - 1 / 24) < 1e-12);
  assert.ok(Math.abs(reverse.chance({ text: "aabb" }) - 1 / 6) < 1e-12);
  for (let index = 0; index < 200; index++) {
    const { facts } = sampleProblem(reverse, { seed: 1, index, level: index % 5, split: "train" });
    assert.equal(reverse.verify(facts, reverseMethod.miss(facts, Random.of(1, index))).score, 0);
    assert.ok(reverse.chance(facts) < 0.05);
  }
});

test("the rest that a line restates and the letters already turned are problems met on the way, where they are enough", () => {
  const texts = (thinking: string) => met("reverse", thinking).map(({ facts }) => (facts as { text: string }).text);
  assert.deepEqual(texts("r-a-m>t\nwait a-m>r-t\nm>a-r-t\nm-a-r-t\nso m-a-r-t"), []);
  assert.deepEqual(texts("r-a-m-s>t\nwait a-m-s>r-t\nm-s>a-r-t\ns>m-a-r-t\ns-m-a-r-t\nso s-m-a-r-t"), ["rams", "tram"]);
  // Four letters are posed only if they are different.
  assert.deepEqual(texts("r-a-r-s>t\nr-s>a-r-t\ns>r-a-r-t"), []);
});
