import assert from "node:assert/strict";
import { test } from "node:test";
import { met } from "../corpus/leaks.ts";
import { countdown } from "../countdown/index.ts";
import { isHeldOut, sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { puzzle24 } from "./index.ts";

test("puzzles are sound, and hostile answers earn nothing", () => {
  const wrongAnswer = (facts: unknown) => (facts as { numbers: number[] }).numbers.map(() => 1).join("+");
  assert.deepEqual(validateTask(puzzle24, { wrongAnswer }), []);
});

test("a level is a range of chances, and harder levels have fewer solutions", () => {
  const means = Array.from({ length: puzzle24.levels }, (_, level) => {
    let sum = 0;
    for (let index = 0; index < 60; index++) {
      const { facts, chance } = sampleProblem(puzzle24, { seed: 1, index, level, split: "train" });
      assert.ok(chance > 0 && chance < 0.05);
      assert.ok(facts.numbers.length === 4 && Math.max(...facts.numbers) <= 13 && facts.target === 24);
      sum += chance;
    }
    return sum / 60;
  });
  assert.deepEqual(
    means,
    [...means].sort((x, y) => y - x),
  );
});

test("the split is countdown's", () => {
  for (const split of ["train", "heldout"] as const) {
    for (let index = 0; index < 100; index++) {
      const { facts } = sampleProblem(puzzle24, { seed: 2, index, level: index % 5, split });
      assert.equal(isHeldOut(countdown, facts), split === "heldout");
    }
  }
});

test("a branch is read as the countdown that it is", () => {
  assert.deepEqual(met("puzzle24", "12+5=17 3,7>24\n17-3=14 14+7=21>24 no"), [
    { family: "countdown", facts: { numbers: [12, 5, 3, 7], target: 24 } },
    { family: "countdown", facts: { numbers: [17, 3, 7], target: 24 } },
  ]);
});

test("prompts and verdicts", () => {
  const facts = { numbers: [4, 7, 8, 8], target: 24 };
  assert.equal(puzzle24.prompt(facts, "en"), "Use 4, 7, 8, 8 for 24.");
  assert.equal(puzzle24.prompt(facts, "de"), "Nimm 4, 7, 8, 8 für 24.");
  assert.equal(puzzle24.verify(facts, "(7-8/8)*4").score, 1);
  assert.equal(puzzle24.verify(facts, "4*7-8/8-3").score, 0);
  assert.equal(puzzle24.canonical(facts), puzzle24.canonical({ ...facts, numbers: [8, 4, 8, 7] }));
});
