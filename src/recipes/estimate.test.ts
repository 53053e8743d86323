import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelConfig } from "../model/config.ts";
import { parameterLayout } from "../model/parameters.ts";
import { estimate, estimateStages, minutesOf, stageConfigs, trainingFlops } from "./estimate.ts";
import { type RecipeInput, resolveRecipe } from "./schema.ts";

const problems = [{ family: "addition", level: 0, weight: 1 }];
const learning = { learningRate: 1, schedule: { kind: "constant", warmup: 0 }, optimizer: { name: "adamw" } } as const;

/** A student that is made, a larger teacher from a folder, fine-tuning, and an API beside them. */
const recipe = resolveRecipe({
  name: "r",
  description: "",
  stages: [
    {
      ...{ kind: "pretrain", name: "base", steps: 10, tokensPerStep: 1000, ...learning },
      model: { hiddenSize: 16, layers: 1, heads: 1, kvHeads: 1, headDim: 16, intermediateSize: 32 },
      tokenizer: { vocabSize: 300, documents: 50 },
    },
    { kind: "sample", name: "teacher", from: "big", problems, prompts: 100, samplesPerPrompt: 2, maxNewTokens: 100 },
    { kind: "supervise", name: "student", from: "stage:base", data: "stage:teacher", problems, epochs: 1, ...learning },
    { kind: "sample", name: "api", teacher: { url: "http://127.0.0.1:1/v1", model: "m" }, problems, prompts: 100 },
  ],
} satisfies RecipeInput);

async function configs(): Promise<(ModelConfig | undefined)[]> {
  let opened: string[] = [];
  const [student] = await stageConfigs(resolveRecipe({ ...recipe, stages: [recipe.stages[0]!] }), async () => {
    throw new Error("there is nothing to open");
  });
  const all = await stageConfigs(recipe, async (folder) => {
    opened = [...opened, folder];
    return { ...student!, hiddenSize: 64, layers: 8, intermediateSize: 128 };
  });
  assert.deepEqual(opened, ["big"]);
  return all;
}

test("each stage is estimated with its own model", async () => {
  const [base, teacher, student, api] = await configs();
  assert.deepEqual(student, base);
  assert.equal(api, undefined);
  const parameters = (config: ModelConfig): number => parameterLayout(config).parameterCount;
  assert.ok(parameters(teacher!) > 5 * parameters(base!));
  const stages = estimateStages(recipe, [base, teacher, student, api]);
  assert.deepEqual(
    stages.map(({ flops }) => flops),
    [
      6 * parameters(base!) * 10_000,
      2 * parameters(teacher!) * stages[1]!.sampled,
      6 * parameters(base!) * stages[2]!.trained,
      0,
    ],
  );
  assert.ok(stages[3]!.sampled > 0, "what an API says is told, though it takes none of our operations");
  const whole = estimate(recipe, [base, teacher, student, api]);
  assert.equal(
    whole.flops,
    stages.reduce((n, { flops }) => n + flops, 0),
  );
  assert.equal(whole.samplingFlops, stages[1]!.flops);
});

test("while PPO's critic warms up nothing is trained on", () => {
  const trained = (criticWarmup: number): number => {
    const rl = { kind: "reinforce", from: "x", problems, steps: 10, iterations: 2, ppo: { criticWarmup } } as const;
    return estimate(resolveRecipe({ name: "r", description: "", stages: [{ ...rl, ...learning }] }), [undefined])
      .trained;
  };
  assert.ok(trained(0) > 0);
  assert.ok(Math.abs(trained(3) / trained(0) - 0.7) < 1e-9);
  assert.ok(Math.abs(trained(9) / trained(0) - 0.1) < 1e-9);
});

test("what a reference, a judge and a critic take is in the operations", async () => {
  const [config] = await configs();
  const flops = (more: object): number => {
    const rl = { kind: "reinforce", from: "x", problems, steps: 10, ...learning, ...more } as const;
    return estimate(resolveRecipe({ name: "r", description: "", stages: [rl] }), [config]).flops;
  };
  const token = flops({}) / 8;
  const near = (flops: number, times: number): void => assert.ok(Math.abs(flops / token - times) < 1e-9, `${flops}`);
  near(flops({ klWeight: 0.1 }), 10);
  near(flops({ rewardModel: { from: "y", weight: 1, after: 0.75 } }), 8.5);
  near(flops({ ppo: {} }), 16);
  near(flops({ ppo: { klReward: 0.1 }, rewardModel: { from: "y", weight: 1 } }), 20);
});

test("sampling computes at a rate of its own: 12,000 tokens a second of 2.03 M parameters on two cores", async () => {
  const small = { flops: 2 * 2.03e6 * 720_000, samplingFlops: 2 * 2.03e6 * 720_000 };
  assert.ok(Math.abs(minutesOf(small, 2) - 1) < 0.02);
  const [base] = await configs();
  const flops = trainingFlops(base!, { trained: 1e6, sampled: 0 });
  assert.equal(minutesOf({ flops, samplingFlops: 0 }, 2), flops / 120e9 / 60);
  assert.ok(Math.abs(minutesOf({ flops: 2 * flops, samplingFlops: flops }, 2) - (3.5 * flops) / 120e9 / 60) < 1e-9);
});
