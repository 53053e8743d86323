import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { division, isPosed } from "./index.ts";

test("division is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(division, { wrongAnswer: () => "1 r 0" }), []);
});

test("quotients have two digits or more, and level 0 divides numbers under 200 by one digit", () => {
  for (let index = 0; index < 500; index++) {
    const level = index % division.levels;
    const { facts, chance } = sampleProblem(division, { seed: 1, index, level, split: "train" });
    assert.ok(isPosed(facts) && chance < 0.05);
    if (level === 0) assert.ok(facts.a < 200 && facts.b < 10);
  }
});

test("prompts, verdicts and chance", () => {
  const facts = { a: 87, b: 5 };
  assert.equal(division.prompt(facts, "en"), "Divide 87 / 5.");
  assert.equal(division.prompt(facts, "de"), "Teile 87 / 5.");
  assert.equal(division.gold({ a: 85, b: 5 }), "17 r 0");
  assert.equal(division.verify(facts, " 17 r 2\n").score, 1);
  assert.deepEqual(division.verify(facts, "16 r 7"), { score: 0, reason: "16 r 7 is not 17 r 2" });
  for (const answer of ["17", "17 r", "17r2", "17 R 2", "17  r 2", "17 r 2 r 0", "17.4", "87/5", "17 r +2", " r 2"]) {
    assert.equal(division.verify(facts, answer).score, 0, answer);
  }
  assert.equal(division.chance(facts), 1 / 90);
});

test("digits are worked from the left, with what remains and what is found", () => {
  const thinking = (a: number, b: number) => goldTrace({ family: "division", facts: { a, b } }, "en").thinking;
  assert.equal(thinking(87, 5), "8,7\n1*5=5 8-5=3 37>1\n7*5=35 37-35=2>17 r 2\nso 17 r 2");
  assert.equal(thinking(1234, 4), "12,34\n3*4=12 12-12=0 3,4>3\n0*4=0 3-0=3 34>30\n8*4=32 34-32=2>308 r 2\nso 308 r 2");
});
