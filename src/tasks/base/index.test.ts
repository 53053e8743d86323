import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { base, isPosed } from "./index.ts";

test("base is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(base, { wrongAnswer: () => "-1" }), []);
});

test("answers read back as the value, and both directions are drawn", () => {
  let to = 0;
  const n = 500;
  for (let index = 0; index < n; index++) {
    const level = index % base.levels;
    const { facts, chance } = sampleProblem(base, { seed: 4, index, level, split: "train" });
    assert.equal(Number.parseInt(base.gold(facts), facts.to ? facts.base : 10), facts.value);
    assert.ok(Number.isSafeInteger(Number(base.gold(facts))));
    assert.ok(facts.value.toString(facts.base).length >= 3 && isPosed(facts));
    assert.ok(chance < 0.05);
    if (facts.to) to++;
  }
  assert.ok(to > n / 3 && to < (2 * n) / 3);
});

test("prompts, verdicts and chance", () => {
  const to = { value: 45, base: 2, to: true };
  const back = { ...to, to: false };
  assert.equal(base.prompt(to, "en"), "Base 10 to 2: 45.");
  assert.equal(base.prompt(to, "de"), "Basis 10 in 2: 45.");
  assert.equal(base.prompt(back, "en"), "Base 2 to 10: 101101.");
  assert.equal(base.prompt(back, "de"), "Basis 2 in 10: 101101.");
  assert.equal(base.canonical(to), base.canonical(back));
  assert.equal(base.verify(to, "101101").score, 1);
  assert.equal(base.verify(to, "0b101101").score, 0);
  assert.equal(base.verify(to, "45").score, 0);
  assert.equal(base.verify(back, "45").score, 1);
  assert.equal(base.chance(to), 1 / 32);
});

test("into a base by its powers, back by multiplying", () => {
  const thinking = (facts: unknown) => goldTrace({ family: "base", facts }, "en").thinking;
  assert.equal(thinking({ value: 45, base: 4, to: true }), "4,16\n2*16=32 45-32=13,2\n3*4=12 13-12=1,23\n231\nso 231");
  assert.equal(thinking({ value: 45, base: 4, to: false }), "2,31\n2*4=8 8+3=11,1\n11*4=44 44+1=45\nso 45");
});
