import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRecipe } from "../../recipes/index.ts";
import { armOperations, parting, stretches } from "./o1.ts";
import { o1Stages } from "./o1-recipe.ts";
import { o1Section } from "./o1-section.ts";
import { chosen, problemsOf, shares } from "./testing.ts";

/** A run whose judge is pleased ever more, while from a step on the truth falls. */
const run = (turn: number) =>
  Array.from({ length: 100 }, (_, i) => ({
    step: i + 1,
    model: 0.3 + 0.005 * i,
    accuracy: 0.2 + 0.006 * Math.min(i, turn) - 0.004 * Math.max(0, i - turn) + (i % 2 === 0 ? 0.01 : -0.01),
  }));

test("where the judge's reward and the truth part is found, and that they do not", () => {
  const parted = parting(stretches(run(50)));
  assert.ok(parted && parted.best.from === 51 && parted.at.from === 61, JSON.stringify(parted));
  assert.equal(parting(stretches(run(100))), undefined);
  // A fall of both is no parting.
  const both = run(50).map((step) => ({ ...step, model: step.accuracy }));
  assert.equal(parting(stretches(both)), undefined);
  // Single steps have no error.
  assert.equal(parting(stretches(run(50).slice(45, 55))), undefined);
  assert.deepEqual(stretches([]), []);
});

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
    const { name: _, rewardModel: __, rewards: ___, from: ____, ...settings } = grpo;
    assert.deepEqual(rules, { ...settings, from: "models/base", rewards: { accuracy: 1, format: 0.1 } });
  }
});

test("an arm's operations are those of all that it needs", () => {
  const tuned = chosen({ right: [1], training: { flops: 1000 } });
  const policy = chosen({ right: [1], training: { flops: 5000, tokens: 100 }, parameters: 10 });
  const judge = { parameters: 7, flops: 300 };
  assert.equal(armOperations({ judge, tuned, policy, critic: false }), 1000 + 300 + 5000 + 2 * (7 + 10) * 100);
  assert.equal(armOperations({ judge, tuned, policy, critic: true }), 9700 + 8 * 10 * 100);
  assert.ok(Number.isNaN(armOperations({ judge, tuned, policy: chosen({ right: [1] }), critic: false })));
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
  const section = o1Section(
    {
      settings: { scale: "small", seeds: [3], problems, instructions: 10 },
      seeds: [
        {
          ...{ seed: 3, judge, base: m(0.2), tuned: m(0.4, { flops: 8 }) },
          grpo: m(0.5, { ...trained, rewards: run(50) }),
          ppo: m(0.5, { ...trained, rewards: run(100) }),
          ...{ rules: m(0.9, { flops: 40 }), zero: m(0.8, { flops: 30 }), opinions: { arms: [] } },
        },
      ],
    },
    () => undefined,
  );
  assert.match(section, /With GRPO they part at step 61/);
  assert.match(
    section,
    /With PPO they do not part within 100 steps; in the last of them the model's reward goes from 0\.722 to 0\.773\./,
  );
  assert.match(section, /≥ 85\.0 % \| 80\.0 % \| \*\*missed\*\* by 5\.0 points/);
  assert.match(section, /\| 1 ± 0\.25 \| 0\.95 \| met \|/);
  assert.match(section, /with GRPO −40\.0 \(/);
});
