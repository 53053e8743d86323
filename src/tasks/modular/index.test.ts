import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { modular, remainder } from "./index.ts";

test("modular is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(modular, { wrongAnswer: () => "-1" }), []);
});

test("remainders are those of big integers, no answer is common, and powers have moduli of their own", () => {
  for (let level = 0; level < modular.levels; level++) {
    const answers = new Map<number, number>();
    const n = 400;
    for (let index = 0; index < n; index++) {
      const { facts, chance } = sampleProblem(modular, { seed: 3, index, level, split: "train" });
      const m = BigInt(facts.m);
      const value = "k" in facts ? BigInt(facts.a) ** BigInt(facts.k) : BigInt(facts.a) * BigInt(facts.b);
      assert.equal(BigInt(remainder(facts)), value % m);
      assert.equal(facts.m > 60, "k" in facts);
      if ("k" in facts) assert.equal(facts.k % 2, 1);
      if (level === 0) assert.ok(value < 100n);
      assert.ok(chance < 0.05);
      answers.set(remainder(facts), (answers.get(remainder(facts)) ?? 0) + 1);
    }
    assert.ok(Math.max(...answers.values()) / n < 0.1, `level ${level}`);
  }
});

test("prompts, verdicts and chance", () => {
  const product = { a: 7, b: 13, m: 23 };
  assert.equal(modular.prompt(product, "en"), "Find 7*13 mod 23.");
  assert.equal(modular.prompt({ a: 5, k: 13, m: 67 }, "de"), "Finde 5^13 mod 67.");
  assert.equal(modular.canonical(product), modular.canonical({ a: 13, b: 7, m: 23 }));
  assert.notEqual(modular.canonical({ a: 5, k: 3, m: 67 }), modular.canonical({ a: 3, k: 5, m: 67 }));
  assert.equal(modular.verify(product, "22").score, 1);
  assert.equal(modular.verify(product, "91").score, 0);
  assert.equal(modular.verify(product, "45").score, 0);
  assert.equal(modular.chance(product), 1 / 23);
});

test("products by places, powers by squaring", () => {
  const thinking = (facts: unknown) => goldTrace({ family: "modular", facts }, "en").thinking;
  assert.equal(thinking({ a: 7, b: 13, m: 23 }), "7*10=70 7*3=21 70+21=91\n3*23=69 91-69=22\nso 22");
  assert.equal(
    thinking({ a: 12, k: 3, m: 61 }),
    "12*12^2\n12*10=120 12*2=24 120+24=144\n2*61=122 144-122=22\n12*22\n" +
      "12*20=240 12*2=24 240+24=264\n4*61=244 264-244=20\nso 20",
  );
});
