import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { goldenJson } from "../../test/golden-files.ts";
import { ReckonError } from "../util/errors.ts";
import { groupAdvantages, isDead, type RewardedGroup, stepAdvantages } from "./advantages.ts";

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

/** Groups of rewards whose answers are all of one length. */
const equally = (rewards: readonly (readonly number[])[]): RewardedGroup[] =>
  rewards.map((list) => ({ rewards: list, lengths: list.map(() => 3) }));
const flat = (advantages: readonly (readonly (number | Float32Array)[])[]): number[] =>
  advantages.flat().flatMap((one) => (typeof one === "number" ? [one] : [...one]));
const same = (got: readonly number[], expected: readonly number[], within = 1e-9): void => {
  assert.equal(got.length, expected.length);
  for (const [i, x] of got.entries()) assert.ok(Math.abs(x - expected[i]!) < within, `${got}, expected ${expected}`);
};

const rewardGroups = fc.integer({ min: 2, max: 8 }).chain((size) =>
  fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size, maxLength: size }), {
    minLength: 1,
    maxLength: 6,
  }),
);

test("a step's advantages are the groups' own, whatever other groups there are", () => {
  fc.assert(
    fc.property(rewardGroups, fc.constantFrom("group" as const, "none" as const), (groups, scale) => {
      const got = stepAdvantages(equally(groups), { baseline: "group", scale });
      assert.deepEqual(
        got,
        groups.map((rewards) => groupAdvantages(rewards, scale)),
      );
    }),
  );
});

test("leaving one out is Dr. GRPO's advantage times G/(G − 1), and the reward less the mean of the others", () => {
  fc.assert(
    fc.property(rewardGroups, (groups) => {
      const rloo = stepAdvantages(equally(groups), { baseline: "leave_one_out", scale: "none" });
      const plain = stepAdvantages(equally(groups), { baseline: "group", scale: "none" });
      const size = groups[0]!.length;
      same(
        flat(rloo),
        flat(plain).map((x) => (x * size) / (size - 1)),
      );
      const others = groups.map((list) =>
        isDead(list)
          ? list.map(() => 0)
          : list.map((r, i) => r - list.reduce((sum, x, j) => (j === i ? sum : sum + x), 0) / (size - 1)),
      );
      same(flat(rloo), others.flat());
    }),
  );
});

test("the batch's deviation scales all groups alike; whitening leaves mean 0 and deviation 1 over tokens", () => {
  fc.assert(
    fc.property(
      rewardGroups,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 48, maxLength: 48 }),
      (groups, n) => {
        const scaled = flat(stepAdvantages(equally(groups), { baseline: "group", scale: "batch" }));
        const plain = flat(stepAdvantages(equally(groups), { baseline: "group", scale: "none" }));
        const largest = plain.reduce((at, x, i) => (Math.abs(x) > Math.abs(plain[at]!) ? i : at), 0);
        if (plain[largest] !== 0) {
          const factor = scaled[largest]! / plain[largest]!;
          assert.ok(factor > 0);
          same(
            scaled,
            plain.map((x) => x * factor),
            1e-6 * (1 + Math.abs(factor)),
          );
        }
        let at = 0;
        const uneven = groups.map((rewards) => ({ rewards, lengths: rewards.map(() => n[at++]!) }));
        const white = stepAdvantages(uneven, { baseline: "batch", scale: "batch" });
        if (isDead(groups.flat())) return assert.ok(flat(white).every((x) => x === 0));
        const tokens = white.flatMap((row, g) =>
          row.flatMap((x, i) => new Array<number>(uneven[g]!.lengths[i]!).fill(x as number)),
        );
        const centre = tokens.reduce((a, b) => a + b, 0) / tokens.length;
        const variance = tokens.reduce((sum, x) => sum + (x - centre) ** 2, 0) / tokens.length;
        assert.ok(Math.abs(centre) < 1e-6 && variance < 1 + 1e-6, `${centre} ${variance}`);
        // Less than 1 only where the least variance stood in for a smaller one.
        assert.ok(variance > 0.99 || Math.max(...groups.flat()) - Math.min(...groups.flat()) < 1e-3, `${variance}`);
      },
    ),
  );
});

test("a penalty of every token counts for it and those before it, or for the whole answer", () => {
  const group = { rewards: [1, 0], lengths: [2, 1], penalties: [Float32Array.of(0.5, 0.25), Float32Array.of(-0.5)] };
  const whole = stepAdvantages([group], { baseline: "leave_one_out", scale: "none" });
  same(flat(whole), [0.25 - 0.5, 0.5 - 0.25]);
  const each = stepAdvantages([group], { baseline: "batch", scale: "none" });
  const centre = (0.25 + 0.75 + 0.5) / 3;
  same(flat(each), [0.25 - centre, 0.75 - centre, 0.5 - centre], 1e-6);
  assert.deepEqual(
    each[0]!.map((x) => (x as Float32Array).length),
    [2, 1],
  );
});
