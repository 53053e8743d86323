import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRecipe } from "../../recipes/index.ts";
import { judgedRun as run } from "../../recipes/testing.ts";
import { armOperations } from "./o1.ts";
import { o1Stages } from "./o1-recipe.ts";
import { o1Section } from "./o1-section.ts";
import { condensePairs } from "./pairs.ts";
import { chosen, problemsOf, shares } from "./testing.ts";

test("both algorithms are compared, against the same judge from the same beginning", () => {
  for (const scale of ["tiny", "small"] as const) {
    const { recipe, byRules, ...names } = o1Stages(scale);
    const { stages } = resolveRecipe(recipe);
    const of = (name: string) => stages.find((stage) => stage.name === name)!;
    const [grpo, ppo] = [of(names.grpo), of(names.ppo)];
    assert.ok(grpo.kind === "reinforce" && ppo.kind === "reinforce");
    assert.ok(grpo.ppo === undefined && ppo.ppo !== undefined);
    assert.deepEqual([ppo.rewardModel, ppo.from, ppo.steps], [grpo.rewardModel, grpo.from, grpo.steps]);
    const [rules, ...others] = resolveRecipe(byRules).stages;
    assert.ok(rules?.kind === "reinforce" && others.length === 0);
    const { rewardModel: _, ...settings } = grpo;
    const rewards = { accuracy: 1, format: 0.1 };
    assert.deepEqual(of(names.verified), { ...settings, name: names.verified, rewards });
    const { name: __, ...alone } = settings;
    assert.deepEqual(rules, { ...alone, rewards, from: "models/base", klWeight: 0 });
    assert.ok(grpo.klWeight > 0);
    const judged = { ...grpo, name: names.judged, steps: 2 * grpo.steps, from: "models/base", klWeight: 0 };
    assert.deepEqual(of(names.judged), judged);
  }
});

test("an arm's operations are those of all that it needs", () => {
  const tuned = chosen({ right: [1], training: { flops: 1000 } });
  const policy = chosen({ right: [1], training: { flops: 5000, tokens: 100 }, parameters: 10 });
  const judge = { parameters: 7, flops: 300 };
  assert.equal(armOperations({ judge, tuned, policy }), 1000 + 300 + 5000 + 2 * (7 + 10) * 100);
  assert.equal(armOperations({ judge: { ...judge, marks: 0.1 }, tuned, policy }), 6300 + 2 * (14 + 10) * 100);
  assert.equal(armOperations({ tuned, policy }), 1000 + 5000 + 2 * 10 * 100);
  assert.equal(armOperations({ judge, tuned, policy, critic: true }), 9700 + 8 * 10 * 100);
  assert.equal(armOperations({ judge, tuned, policy, anchored: false }), 6300 + 2 * 7 * 100);
  assert.ok(Number.isNaN(armOperations({ judge, tuned, policy: chosen({ right: [1] }) })));
});

test("the section tells pair accuracy, calibration, the parting and its floors", () => {
  const problems = problemsOf(["addition"], 100);
  const m = (share: number, training?: Parameters<typeof chosen>[0]["training"]) =>
    chosen({ right: shares(100, share), ...(training ? { training } : {}) });
  const judge = {
    ...{ parameters: 1, flops: 10, evaluation: { "eval/pair_accuracy": 0.8, "eval/calibration_error": 0.05 } },
    reliability: [{ from: 0.5, to: 0.6, count: 40, said: 0.55, was: 0.5 }],
  };
  const trained = { flops: 20, tokens: 1 };
  // Right answers are few for a while, as the reward rises, and come back.
  const dipping = Array.from({ length: 100 }, (_, i) => ({
    ...{ step: i + 1, model: Math.min(0.99, 0.9 + i / 500) + 0.001 * (i % 2), format: 1 },
    accuracy: (i < 10 ? 0.8 : i < 70 ? 0.6 : 0.85) + 0.01 * (i % 2),
  }));
  const section = o1Section(
    {
      settings: { scale: "small", seeds: [3], problems, instructions: 10, requests: 50 },
      seeds: [
        {
          pairs: { prompts: 9, ...condensePairs([{ family: "gcd", kind: "slip", over: 0.9, under: 0.2 }]) },
          ...{ seed: 3, judge, base: m(0.2), tuned: m(0.4, { flops: 8 }) },
          grpo: m(0.5, { ...trained, rewards: run(50) }),
          ppo: m(0.5, { ...trained, steps: 100, rewards: run(100) }),
          verified: m(0.7, trained),
          judged: m(0.3, { ...trained, steps: 200, rewards: dipping }),
          ...{ rules: m(0.9, { flops: 40 }), zero: m(0.8, { flops: 30 }), opinions: { arms: [] } },
        },
      ],
    },
    () => undefined,
  );
  assert.match(section, /With GRPO they part at step 61/);
  assert.match(
    section,
    /the reward goes from [\d.]+ to [\d.]+, and the opinion of what is in the strict format from [\d.]+ to [\d.]+\./,
  );
  assert.match(section, /against the fine-tuned model, with which these begin, GRPO \+10\.0 \(/);
  assert.match(
    section,
    /With PPO they do not part within 100 steps, and the reward may still rise: 0\.572 and then 0\.723 in its last two parts\./,
  );
  assert.match(
    section,
    /With the base, GRPO they do not part within 200 steps, and the reward has less than 0\.02 left to rise by: [\d.]+ and then [\d.]+ in its last two parts\. \(Up to step 60 it seemed that they do;/,
  );
  assert.match(section, /nothing else wrong with either \| 100\.0 % of 1 \|/);
  assert.match(section, /GRPO: far enough[^\n]*\| part: right answers fall \| met \|/);
  assert.match(section, /PPO: far enough[^\n]*may still rise \| \*\*missed\*\*/);
  assert.match(section, /verifier in the judge's place with GRPO −20\.0 \(/);
  assert.match(section, /≥ 85\.0 % \| 80\.0 % \| \*\*missed\*\* by 5\.0 points/);
  assert.match(section, /\| 1 ± 0\.25 \| 0\.95 \| met \|/);
  assert.match(section, /with GRPO −40\.0 \(/);
});
