import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokenWeights } from "./token-weights.ts";

fc.configureGlobal({ seed: 11 });

test("token weights sum to what each normalisation promises", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 30 });
  const near = (a: number, b: number): void => {
    assert.ok(Math.abs(a - b) < 1e-9, `${a}, expected ${b}`);
  };
  fc.assert(
    fc.property(lengths, (list) => {
      const tokens = list.reduce((a, b) => a + b, 0);
      const sum = (weights: readonly number[]) => weights.reduce((total, w, i) => total + w * list[i]!, 0);
      const grpo = tokenWeights(list, "grpo", 300);
      near(sum(grpo), 1);
      for (const [i, w] of grpo.entries()) near(w * list[i]!, 1 / list.length); // every answer counts the same
      const dapo = tokenWeights(list, "dapo", 300);
      near(sum(dapo), 1);
      assert.equal(new Set(dapo).size, 1); // every token counts the same
      assert.deepEqual(tokenWeights(list, "bnpo", 300), dapo);
      // An update of the first answers alone, of a step of all.
      const first = list.slice(0, Math.ceil(list.length / 2));
      const part = tokenWeights(first, "dapo", 300, list);
      near(part[0]!, list.length / first.length / tokens); // a token of any update counts the same
      near(sum(tokenWeights(first, "bnpo", 300, list)), 1);
      const dr = tokenWeights(list, "dr_grpo", 300);
      near(sum(dr), tokens / (300 * list.length));
      assert.deepEqual(new Set(dr), new Set(tokenWeights([1, ...list.slice(1)], "dr_grpo", 300))); // whatever the lengths are
    }),
  );
  assert.deepEqual(tokenWeights([0, 4], "grpo", 8), [0.5, 0.125], "an empty answer divides by nothing");
  assert.deepEqual(tokenWeights([], "dapo", 8), []);
});
