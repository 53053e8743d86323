/** Advantages, returns and explained variance against the written-out definitions (test/golden/ppo.py). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goldenJson, relativeError } from "../../test/golden-files.ts";
import { explainedVariance, generalisedAdvantages, whiten } from "./gae.ts";

interface Case {
  readonly gamma: number;
  readonly lambda: number;
  readonly answers: readonly Record<"rewards" | "values" | "advantages" | "returns" | "whitened", number[]>[];
  readonly explained: number;
}

for (const { gamma, lambda, answers, explained } of goldenJson<readonly Case[]>("ppo")) {
  test(`γ ${gamma}, λ ${lambda}: advantages, returns, whitening and explained variance are the definitions'`, () => {
    const got = answers.map(({ rewards, values }) => generalisedAdvantages(rewards, values, gamma, lambda));
    answers.forEach((answer, i) => {
      assert.ok(relativeError(got[i]!.advantages, answer.advantages) < 1e-6, `advantages of answer ${i}`);
      assert.ok(relativeError(got[i]!.returns, answer.returns) < 1e-6, `returns of answer ${i}`);
    });
    const values = answers.map((answer) => Float32Array.from(answer.values));
    const returns = got.map((one) => one.returns);
    assert.ok(Math.abs(explainedVariance(values, returns) - explained) < 1e-5);
    const advantages = got.map((one) => one.advantages);
    whiten(advantages);
    answers.forEach(({ whitened }, i) => {
      assert.ok(relativeError(advantages[i]!, whitened) < 1e-5, `whitened advantages of answer ${i}`);
    });
  });
}

test("values that are the returns explain all, a constant nothing, returns without a difference nothing", () => {
  const returns = [Float32Array.of(0, 1), Float32Array.of(3)];
  assert.equal(explainedVariance(returns, returns), 1);
  assert.ok(Math.abs(explainedVariance([Float32Array.of(7, 7), Float32Array.of(7)], returns)) < 1e-9);
  assert.equal(explainedVariance(returns, [Float32Array.of(2, 2), Float32Array.of(2)]), 0);
});

test("a single advantage is whitened to 0", () => {
  const one = [Float32Array.of(3)];
  whiten(one);
  assert.deepEqual([...one[0]!], [0]);
});
