/**
 * Reinforcement on a data set from a file with a curriculum: the run learns from its rows, says which rows it left out,
 * and ends with the same bits when it was stopped on its way.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type RecipeInput, resolveRecipe, runRecipe } from "../src/recipes/index.ts";
import { openProblems } from "../src/recipes/problems.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-file-run-"));
after(() => rmSync(root, { recursive: true, force: true }));
const market = join(root, "market.jsonl");
copyFileSync(join(import.meta.dirname, "../src/tasks/file/fixtures/market.jsonl"), market);
const broken = join(root, "broken.jsonl");
writeFileSync(
  broken,
  `${Array.from({ length: 40 }, (_, i) => `{"problem":"${i}?","gold":"${i}"}`).join("\n")}\n{"problem":"?"}\n`,
);

const base: RecipeInput = {
  name: "base",
  description: "A few steps, so that there is a model.",
  stages: [
    {
      kind: "pretrain",
      model: { hiddenSize: 16, layers: 1, heads: 1, kvHeads: 1, headDim: 16, intermediateSize: 32 },
      tokenizer: { vocabSize: 300, documents: 50 },
      steps: 2,
      tokensPerStep: 512,
      learningRate: 0.01,
      schedule: { kind: "constant", warmup: 0 },
      optimizer: { name: "adamw" },
      evaluateEvery: 0,
    },
  ],
};

const rungs = [
  { family: "market", level: 0, weight: 1 },
  { family: "market", level: 1, weight: 1 },
  { family: "quiz", level: 0, weight: 1 },
];

const zero: RecipeInput = {
  name: "zero",
  description: "",
  stages: [
    {
      kind: "reinforce",
      from: join(root, "base", "checkpoints", "step-2"),
      problems: rungs,
      tasks: [market, { file: broken, name: "quiz", broken: "skip" }],
      curriculum: { halfLife: 2 },
      steps: 5,
      promptsPerStep: 6,
      samplesPerPrompt: 4,
      maxNewTokens: 12,
      learningRate: 1e-3,
      schedule: { kind: "constant", warmup: 0 },
      optimizer: { name: "adamw" },
      evaluateEvery: 5,
      evaluateProblems: 4,
      rolloutsEvery: 1,
      rolloutGroups: 6,
    },
  ],
};

const linesOf = (run: RunDirectory, name: string) =>
  readFileSync(join(run.path, name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const parameters = (run: RunDirectory) => readFileSync(join(run.path, "checkpoints", "step-5", "model.safetensors"));
const timeless = (run: RunDirectory) =>
  linesOf(run, "metrics.jsonl").map((row) => Object.entries(row).filter(([key]) => !key.startsWith("time")));

test("a run on files of questions and answers with a curriculum, whole and in pieces", async () => {
  const folder = RunDirectory.create(root, "base", base);
  await runRecipe(resolveRecipe(base), folder, { workers: 1 });
  await folder.close();
  const recipe = resolveRecipe(zero);

  const whole = RunDirectory.create(root, "whole", recipe);
  await runRecipe(recipe, whole, { workers: 1 });
  await whole.close();

  let pieces = RunDirectory.create(root, "pieces", recipe, {
    observer: { metrics: ({ step }) => void (step === 2 && pieces.requestStop("pause")) },
  });
  await runRecipe(recipe, pieces, { workers: 1 });
  await pieces.close();
  assert.equal(pieces.state.step, 2);
  pieces = await RunDirectory.open(root, "pieces");
  await runRecipe(resolveRecipe(pieces.recipe as RecipeInput), pieces, { workers: 1 });
  await pieces.close();

  assert.deepEqual(parameters(pieces), parameters(whole));
  assert.deepEqual(timeless(pieces), timeless(whole));
  assert.deepEqual(linesOf(pieces, "rollouts.jsonl"), linesOf(whole, "rollouts.jsonl"));
  const families = new Set(linesOf(whole, "rollouts.jsonl").map(({ family }) => family));
  assert.deepEqual([...families].sort(), ["market", "quiz"]);
  const last = linesOf(whole, "metrics.jsonl").at(-1)!;
  for (const rung of ["market/0", "market/1", "quiz/0"]) {
    assert.ok((last[`curriculum_odds/${rung}`] as number) < 1, `${rung} was seen and not solved`);
    assert.equal(last[`curriculum/${rung}`], 0);
  }
  const event = linesOf(whole, "events.jsonl").find(({ code }) => code === "TASK_ROWS_SKIPPED");
  const told = linesOf(pieces, "events.jsonl").filter(({ code }) => code === "TASK_ROWS_SKIPPED");
  assert.deepEqual(told.length, 1, "told once");
  assert.match(String(event?.["message"]), /1 rows of .*broken\.jsonl were left out: line 41: /);
});

test("odds move the draws of rungs and nothing else, and a family that is in no file is named", async () => {
  const settings = { problems: rungs, rewards: { accuracy: 1, format: 0.1 }, userRewards: [] };
  const tasks = [market, { file: broken, name: "quiz", broken: "skip" as const }];
  const source = await openProblems({ ...settings, tasks });
  const draws = async (odds?: (family: string, level: number) => number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const problem = await source.draw({ seed: 4, index, split: "train", ...(odds ? { odds } : {}) });
        return `${problem.family}/${problem.level}`;
      }),
    );
  const plain = await draws();
  assert.deepEqual(await draws(() => 0.3), plain, "equal factors change nothing");
  assert.deepEqual(new Set(await draws((family) => (family === "quiz" ? 1 : 0))), new Set(["quiz/0"]));
  const tilted = await draws((_, level) => (level === 1 ? 1 : 0.05));
  const share = (list: string[]): number => list.filter((rung) => rung === "market/1").length / list.length;
  assert.ok(share(plain) < 0.45 && share(tilted) > 0.8, `${share(plain)} ${share(tilted)}`);
  await source.close();
  await assert.rejects(openProblems({ ...settings, tasks: [market] }), { code: "TASK_UNKNOWN" });
  await assert.rejects(openProblems({ ...settings, problems: rungs.slice(0, 2), tasks: [market, market] }), {
    code: "TASK_INVALID",
  });
  assert.throws(() => resolveRecipe(zero, ['tasks=[{"file":"a.jsonl","nme":"b"}]']), { code: "RECIPE_INVALID" });
  assert.throws(() => resolveRecipe(zero, ["curriculum.floor=0"]), { code: "RECIPE_INVALID" });
  const stage = resolveRecipe(zero, ["curriculum={}"]).stages[0]!;
  assert.deepEqual(stage.kind === "reinforce" && stage.curriculum, { halfLife: 30, floor: 0.1, prior: 0.5 });
});

test("a reward of one's own does not take a name that the rules' rewards are logged under", async () => {
  const path = join(root, "length.ts");
  writeFileSync(path, "export default () => 1");
  const settings = { problems: [{ family: "addition", level: 0, weight: 1 }], tasks: [], userRewards: [path] };
  await assert.rejects(openProblems({ ...settings, rewards: { accuracy: 1, format: 0.1 } }), {
    code: "REWARD_INVALID",
    expected: /repetition/,
  });
});
