import assert from "node:assert/strict";
import { test } from "node:test";
import { document, goldTrace, meetsHeldOut, renderDocument, sampleFromMix } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { base } from "./base.ts";
import { phasesOf } from "./corpus-mix.ts";
import { r1Zero } from "./r1-zero.ts";
import { resolveRecipe } from "./schema.ts";
import { sft } from "./sft.ts";
import { cleanSolution } from "./solutions.ts";
import { firstTexts } from "./texts.ts";

test("clean solutions that a model is fine-tuned on never meet a held-out problem on their way", () => {
  const rungs = [
    { family: "countdown", level: 2, weight: 1 },
    { family: "expression", level: 2, weight: 1 },
    { family: "addition", level: 0, weight: 1 },
  ];
  let replaced = 0;
  for (let index = 0; index < 300; index++) {
    const given = cleanSolution(3, index, rungs);
    const first = sampleFromMix({ seed: 3, index, split: "train" }, rungs);
    const trace = goldTrace(first, first.language);
    if (meetsHeldOut(first.family, trace.thinking)) {
      replaced++;
      assert.notEqual(given.thinking, trace.thinking);
    } else assert.deepEqual(given, { prompt: first.prompt, ...trace });
    // Whatever the family: the text itself holds none.
    for (const family of ["countdown", "expression"]) assert.equal(meetsHeldOut(family, given.thinking), false);
  }
  assert.ok(replaced > 10, `${replaced} would have: the test would show nothing`);
});

test("the first texts are those that a run reads, of every phase", () => {
  const recipe = resolveRecipe(base.tiny, ["seed=4"]);
  const texts = firstTexts(recipe, 5);
  const stage = recipe.stages[0]!;
  assert.ok(stage.kind === "pretrain");
  const [first, last] = phasesOf(stage);
  assert.equal(texts.length, 10);
  assert.equal(texts[3], renderDocument(document(Random.of(4, "corpus", 3), first!.mix)));
  assert.equal(texts[8], renderDocument(document(Random.of(4, "corpus", 3), last!.mix)));
  assert.notDeepEqual(firstTexts(resolveRecipe(base.tiny, ["seed=5"]), 5), texts);
  for (const input of [sft.tiny, r1Zero.tiny]) {
    const own = firstTexts(resolveRecipe(input), 6);
    assert.equal(new Set(own).size, 6);
    assert.deepEqual(firstTexts(resolveRecipe(input), 3), own.slice(0, 3));
  }
});
