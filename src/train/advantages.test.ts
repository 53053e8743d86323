import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { goldenJson } from "../../test/golden-files.ts";
import { ReckonError } from "../util/errors.ts";
import { groupAdvantages, isDead, tokenWeights } from "./advantages.ts";

fc.configureGlobal({ seed: 11 });

test("advantages equal PyTorch's, divided by the sample deviation or not", () => {
  for (const golden of goldenJson<{ rewards: number[]; group: number[]; none: number[] }[]>("advantages")) {
    for (const scale of ["group", "none"] as const) {
      const got = groupAdvantages(golden.rewards, scale);
      const expected = golden[scale];
      const widest = Math.max(...got.map((x, i) => Math.abs(x - expected[i]!) / (1 + Math.abs(expected[i]!))));
      assert.ok(widest < 1e-11, `${scale} of ${golden.rewards}: ${got}, expected ${expected}`);
    }
  }
});

test("a lone success among eight earns 2.474, and a lone crumb of 0.1 about the same: only the order counts", () => {
  const lone = (reward: number) => groupAdvantages([reward, 0, 0, 0, 0, 0, 0, 0], "group")[0]!;
  assert.equal(lone(1).toFixed(3), "2.474");
  assert.equal(lone(0.1).toFixed(3), "2.468");
});

test("advantages sum to zero, keep the order of rewards, and do not see a constant added to all of them", () => {
  const rewards = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(
      rewards,
      fc.constantFrom("group" as const, "none" as const),
      fc.integer({ min: -5, max: 5 }),
      (r, scale, c) => {
        const got = groupAdvantages(r, scale);
        assert.ok(Math.abs(got.reduce((a, b) => a + b, 0)) < 1e-6);
        for (let i = 1; i < r.length; i++) assert.ok((r[i]! - r[i - 1]!) * (got[i]! - got[i - 1]!) >= 0);
        const moved = groupAdvantages(
          r.map((x) => x + c),
          scale,
        );
        if (isDead(r)) assert.ok(got.every((x) => x === 0));
        else assert.ok(moved.every((x, i) => Math.abs(x - got[i]!) < 1e-6));
      },
    ),
  );
});

test("a group in which all rewards are equal teaches nothing, float dust included", () => {
  assert.deepEqual(groupAdvantages([0.1 + 0.2, 0.3, 0.3], "group"), [0, 0, 0]);
  assert.ok(isDead([0.1 + 0.2, 0.3]));
  assert.ok(!isDead([0, 0, 1e-6]));
});

test("a group of one and a reward that is no number are refused", () => {
  const refuses = (rewards: number[], code: string) =>
    assert.throws(
      () => groupAdvantages(rewards, "group"),
      (error: unknown) => error instanceof ReckonError && error.code === code,
    );
  refuses([1], "TRAIN_GROUP_SIZE");
  refuses([], "TRAIN_GROUP_SIZE");
  refuses([0, Number.NaN], "TRAIN_NOT_FINITE");
  refuses([0, Number.POSITIVE_INFINITY], "TRAIN_NOT_FINITE");
});

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
      const dr = tokenWeights(list, "dr_grpo", 300);
      near(sum(dr), tokens / (300 * list.length));
      assert.deepEqual(new Set(dr), new Set(tokenWeights([1, ...list.slice(1)], "dr_grpo", 300))); // whatever the lengths are
    }),
  );
  assert.deepEqual(tokenWeights([0, 4], "grpo", 8), [0.5, 0.125], "an empty answer divides by nothing");
  assert.deepEqual(tokenWeights([], "dapo", 8), []);
});
