import assert from "node:assert/strict";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { modelKey, placesOf, RECIPES, type RecipeInput, relocated, resolveRecipe } from "./index.ts";

const problems = [{ family: "addition", level: 0, weight: 1 }];
const sample = { kind: "sample", from: "models/zero", problems, prompts: 4 } as const;
const learning = {
  problems,
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;
const tune = { kind: "supervise", from: "models/base", epochs: 1, ...learning } as const;
const rl = { kind: "reinforce", steps: 2, ...learning } as const;
const recipe = (...stages: RecipeInput["stages"]): RecipeInput => ({ name: "r", description: "", stages });
const refused = (input: RecipeInput, words: RegExp, settings: string[] = []): void =>
  assert.throws(
    () => resolveRecipe(input, settings),
    (error) => error instanceof ReckonError && words.test(error.message),
  );

const several = recipe(
  sample,
  { ...tune, name: "start", data: "stage:sample" },
  { ...rl, name: "rl", from: "stage:start" },
);

test("settings name a stage by its name, its kind where it has none, or its number", () => {
  const { stages } = resolveRecipe(several, ["stages.rl.steps=5", "stages.sample.prompts=7", "stages.1.epochs=3"]);
  assert.deepEqual(
    stages.map((stage) => ("prompts" in stage ? stage.prompts : "epochs" in stage ? stage.epochs : stage.steps)),
    [7, 3, 5],
  );
  refused(several, /no stage none[\s\S]*sample, start, rl/, ["stages.none.steps=5"]);
  refused(several, /of which stage is steps[\s\S]*stages\.rl\.steps/, ["steps=5"]);
  assert.equal(resolveRecipe(several, ["seed=4"]).seed, 4);
});

test("a reference leads to an earlier stage that makes what is wanted", () => {
  const start = { ...tune, name: "start" };
  refused(recipe({ ...rl, from: "stage:start" }, { ...start, data: "x.jsonl" }), /no stage before it makes a model/);
  refused(recipe(sample, { ...rl, from: "stage:sample" }), /stage reinforce refers to stage:sample[\s\S]*makes data/);
  refused(recipe(sample, start, { ...tune, data: "stage:start" }), /needs either|epochs/);
  refused(
    recipe(sample, { ...start, data: "stage:sample" }, { ...tune, data: [{ data: "stage:start" }] }),
    /stage supervise refers to stage:start[\s\S]*stage:sample/,
  );
  refused(recipe({ ...tune, data: "stage:supervise" }), /no stage before it makes a data/);
});

test("stages have names of their own, which are no folders of others", () => {
  refused(recipe(sample, sample), /cannot be called sample/);
  refused(recipe({ ...sample, name: "stale" }), /cannot be called stale/);
  refused(recipe({ ...sample, name: "../up" }), /stages\.0\.name/);
  assert.equal(resolveRecipe(recipe(sample, { ...sample, name: "again" })).stages.length, 2);
});

test("fine-tuning takes steps, or epochs of data", () => {
  refused(recipe({ ...tune, steps: 3, data: "x.jsonl" }), /needs either steps or epochs/);
  refused(recipe({ kind: "supervise", from: "models/base", ...learning }), /needs either steps or epochs/);
  refused(recipe(tune), /epochs are of data/);
});

test("epochs that are set stand in place of a recipe's own steps, and the other way about, but not both", () => {
  const { sft, r1 } = RECIPES;
  const [read] = resolveRecipe(sft!.tiny, ["data=x.jsonl", "epochs=2"]).stages;
  assert.ok(read?.kind === "supervise" && read.epochs === 2 && !("steps" in read));
  const cold = "stages.start.";
  const short = resolveRecipe(r1!.tiny, [`${cold}steps=5`]).stages.find(({ name }) => name === "start");
  assert.ok(short?.kind === "supervise" && short.steps === 5 && !("epochs" in short));
  refused(r1!.tiny, /needs either steps or epochs/, [`${cold}steps=5`, `${cold}epochs=2`]);
});

test("what recipes of before did not name is absent from them, so that their keys stay", () => {
  const [stage] = resolveRecipe(RECIPES["sft"]!.tiny).stages;
  for (const key of ["name", "data", "broken", "epochs", "distribution"]) assert.equal(key in stage!, false, key);
  const [listed] = resolveRecipe(RECIPES["sft"]!.tiny, ['data=[{"data":"x.jsonl"}]']).stages;
  assert.ok(listed?.kind === "supervise");
  assert.deepEqual(listed.data, [{ data: "x.jsonl", weight: 1 }]);
  const [judge] = resolveRecipe(RECIPES["reward"]!.tiny).stages;
  assert.equal("broken" in judge!, false);
});

test("the key of the shipped base stays as it was recorded", () => {
  // Whatever changes it on purpose (the corpus, a default, FORMAT) writes the new one here.
  assert.equal(
    modelKey(resolveRecipe(RECIPES["base"]!.small, ["seed=0"])),
    "16b9dd0d3c3407541dc50c017b52a917c270eeb695dbb5d78361bc442ba6d140",
  );
});

test("a tokenizer is learnt or taken from a model, and what is taken stands in place of the recipe's own", () => {
  const { distil } = RECIPES;
  const take = "stages.base.tokenizer.from=models/zero";
  const [base] = resolveRecipe(distil!.tiny, [take]).stages;
  assert.ok(base?.kind === "pretrain");
  assert.deepEqual(base.tokenizer, { from: "models/zero" });
  assert.deepEqual(placesOf(base).models, ["models/zero"]);
  assert.deepEqual(relocated(base, (place) => place.toUpperCase(), String).tokenizer, { from: "MODELS/ZERO" });
  const [own] = resolveRecipe(distil!.tiny, ["stages.base.tokenizer.digits=single"]).stages;
  assert.ok(own?.kind === "pretrain");
  assert.deepEqual(own.tokenizer, { vocabSize: 512, digits: "single", documents: 20_000 });
  assert.deepEqual(placesOf(own).models, []);
  const both = "stages.base.tokenizer.vocabSize=600";
  for (const settings of [
    [take, both],
    [both, take],
  ]) {
    refused(distil!.tiny, /tokenizer[\s\S]*either from .* or vocabSize, digits, documents/, settings);
  }
  refused(distil!.tiny, /Unrecognized key: "vocab"/, ["stages.base.tokenizer.vocab=600"]);
  refused(distil!.tiny, /vocabSize: .*expected number/, ["stages.base.tokenizer.vocabSize=many"]);
  refused(distil!.tiny, /from: .*expected string/, ["stages.base.tokenizer.from=3"]);
  refused(distil!.tiny, /stage base refers to stage:student/, ["stages.base.tokenizer.from=stage:student"]);
});

test("a teacher of distributions is a model that the stage begins with", () => {
  const [stage] = resolveRecipe(recipe({ ...tune, data: "x.jsonl" }), ["distribution.teacher=models/zero"]).stages;
  assert.ok(stage?.kind === "supervise");
  assert.deepEqual(stage.distribution, { teacher: "models/zero", top: 64, temperature: 1, weight: 0.5 });
  assert.deepEqual(placesOf(stage).models, ["models/base", "models/zero"]);
  assert.equal(relocated(stage, (place) => place.toUpperCase(), String).distribution?.teacher, "MODELS/ZERO");
  refused(recipe({ ...tune, data: "x.jsonl" }), /distribution/, ["distribution.weight=0.5"]);
});

test("the pipeline of R1 resolves at every scale", () => {
  for (const scale of ["tiny", "small"] as const) {
    const { stages } = resolveRecipe(RECIPES["r1"]![scale]);
    assert.deepEqual(
      stages.map((stage) => `${stage.name} ${stage.kind}`),
      [
        ...["cold sample", "start supervise", "reason reinforce", "reject sample", "tune supervise"],
        ...["helpful reward", "harmless reward", "rl reinforce"],
      ],
    );
    const last = stages.at(-1)!;
    assert.ok(last.kind === "reinforce" && last.problems.some(({ family }) => family === "instruct-greeting"));
    const [start, tune] = stages.filter((stage) => stage.kind === "supervise");
    assert.equal(tune!.from, start!.from, "the fresh base");
  }
});
