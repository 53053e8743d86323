import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../model/config.ts";
import { parameterCount } from "../model/parameters.ts";
import { base } from "./base.ts";
import { distil, distilRl } from "./distil.ts";
import { computeRatio, equalSteps, equalStepsOf } from "./distil-control.ts";
import { trainingFlops } from "./estimate.ts";
import { type PretrainStage, type Recipe, type RecipeInput, resolveRecipe } from "./schema.ts";

/** The stages of a recipe that stand alone, without the names that bind them to others. */
function alone(input: RecipeInput, kind: string): Recipe["stages"][number] {
  const stage = input.stages.find((one) => one.kind === kind)!;
  const { name: _, ...rest } = stage as typeof stage & { name?: string };
  return resolveRecipe({
    ...input,
    stages: [{ ...rest, ...("from" in rest ? { from: "models/base" } : {}) }] as RecipeInput["stages"],
  }).stages[0]!;
}

/** Of a tokenizer that is learnt. */
const vocabSizeOf = ({ tokenizer }: PretrainStage): number =>
  tokenizer.from === undefined ? tokenizer.vocabSize : Number.NaN;
const sizeOf = (stage: PretrainStage): number =>
  parameterCount(
    validateConfig({
      ...stage.model,
      vocabSize: vocabSizeOf(stage),
      rmsNormEps: 1e-5,
      qkvBias: false,
      qkNorm: false,
    }),
  );

for (const scale of ["tiny", "small"] as const) {
  test(`the student of the scale ${scale} is at most a third as large as the shipped base, and reads fewer documents`, () => {
    const student = alone(distil[scale], "pretrain") as PretrainStage;
    const large = resolveRecipe(base.small).stages[0] as PretrainStage;
    assert.ok(sizeOf(student) <= sizeOf(large) / 3, `${sizeOf(student)} and ${sizeOf(large)}`);
    assert.ok(student.steps * student.tokensPerStep < large.steps * large.tokensPerStep);
    assert.deepEqual(alone(distilRl[scale], "pretrain"), student, "the control begins with the same base");
    const control = alone(distilRl[scale], "reinforce");
    assert.ok(control.kind === "reinforce" && control.steps >= 20 && control.steps <= 500, JSON.stringify(control));
  });
}

test("the control takes as many operations as the fine-tuning", () => {
  const config = validateConfig({
    ...{ architecture: "llama", hiddenSize: 64, layers: 4, heads: 2, kvHeads: 2, headDim: 32, intermediateSize: 192 },
    ...{ vocabSize: 512, tieEmbeddings: true, ropeTheta: 10_000, maxPositions: 512 },
    ...{ rmsNormEps: 1e-5, qkvBias: false, qkNorm: false },
  });
  for (const iterations of [1, 2]) {
    const trained = 2_000_000;
    const cost = { promptsPerStep: 16, samplesPerPrompt: 16, iterations, answerTokens: 60 };
    const steps = equalSteps(trained, cost);
    const sampled = steps * 16 * 16 * 60;
    const control = { flops: trainingFlops(config, { trained: sampled * iterations, sampled }) };
    const ratio = computeRatio(control, { flops: trainingFlops(config, { trained, sampled: 0 }) });
    assert.ok(Math.abs(ratio - 1) < 0.02, `${ratio}`);
    assert.equal(equalStepsOf({ tokens: trained }, cost), steps);
  }
  assert.equal(equalSteps(1, { promptsPerStep: 16, samplesPerPrompt: 16, iterations: 1, answerTokens: 60 }), 1);
});
