import assert from "node:assert/strict";
import { test } from "node:test";
import { firstTexts, RECIPES, resolveRecipe } from "../../recipes/index.ts";
import { getTask, sampleProblem } from "../../tasks/index.ts";
import { measurementKey, modelKey } from "./keys.ts";

test("a model's key names recipe, parent and the texts that are trained on", () => {
  const recipe = resolveRecipe(RECIPES["base"]!.tiny);
  const texts = firstTexts(recipe, 100);
  assert.equal(modelKey(recipe), modelKey(recipe, texts));
  // A corpus that another version writes: one line of one document of the last phase.
  assert.notEqual(modelKey(recipe), modelKey(recipe, [...texts.slice(0, -1), `${texts.at(-1)}.`]));
  const zero = (...settings: string[]): string => modelKey(resolveRecipe(RECIPES["r1-zero"]!.tiny, settings));
  assert.equal(zero("from=a"), zero("from=a"));
  assert.notEqual(zero("from=a"), zero("from=b"));
  assert.notEqual(zero("from=a", "steps=3"), zero("from=a"));
});

test("a measurement's key names model, problems with facts and gold answers, and how answers are drawn", () => {
  const task = getTask("addition");
  const problems = [0, 1].map((index) => sampleProblem(task, { seed: 1, index, level: 0, split: "heldout" }));
  const key = (list = problems, temperature = 1, how = [11, 256]): string =>
    measurementKey("m", list, { temperature, samples: 1 }, how);
  const [first, second] = problems as [(typeof problems)[0], (typeof problems)[0]];
  assert.equal(key(), key(structuredClone(problems)));
  // The same prompt with other facts: only the verifier would notice.
  assert.notEqual(key(), key([{ ...first, facts: second.facts }, second]));
  assert.notEqual(key(), key([first]));
  assert.notEqual(key(), key(problems, 0.6));
  assert.notEqual(key(), key(problems, 1, [11, 128]));
});
