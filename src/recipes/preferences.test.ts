/** Judges of taste in real runs: trained on preferences, together beside the rules from a share of the steps on. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { preferenceTraces, traceLines } from "../tasks/index.ts";
import { type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";
import { weightsHash } from "./lineage.ts";
import { ratedTraces } from "./rated-traces.ts";
import { SHORT } from "./testing.ts";
import { firstTexts } from "./texts.ts";

const base = join(import.meta.dirname, "..", "..", "models", "base");
const folder = mkdtempSync(join(tmpdir(), "reckon-taste-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type StageInput = RecipeInput["stages"][number];
const problems = [{ family: "addition", level: 0, weight: 1 }];
const recipeOf = (name: string, stage: StageInput) =>
  resolveRecipe({ name, description: "", seed: 3, stages: [stage] });

async function run(name: string, stage: StageInput): Promise<string> {
  const recipe = recipeOf(name, stage);
  const directory = RunDirectory.create(folder, name, recipe);
  await runRecipe(recipe, directory, { workers: 1 });
  await directory.close();
  return directory.path;
}

const metricsOf = (path: string) =>
  readFileSync(join(path, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number> & { readonly step: number });

const judging = (about: "helpful" | "harmless") =>
  ({
    ...{ kind: "reward", ...SHORT, from: base, problems, data: `corpus:${about}`, steps: 2, promptsPerStep: 2 },
    ...{ evaluatePrompts: 5, loss: about === "helpful" ? "pairs" : "binary" },
    judges: about === "helpful" ? "answer" : "response",
  }) as const satisfies StageInput;

test("preferences are data of reward models, held out as ever, and stand for the code in their keys", async () => {
  const settings = { problems, data: "corpus:helpful", chains: 4, evaluatePrompts: 3 };
  const data = await ratedTraces(settings, 3);
  assert.deepEqual(
    data.train(5),
    preferenceTraces({ about: "helpful", seed: 3, index: 5, split: "train", chains: 4, problems }),
  );
  assert.equal(data.heldOut.length, 3);
  assert.ok(data.heldOut.flat().every(({ id }) => id.startsWith("helpful/heldout/")));
  await assert.rejects(ratedTraces({ ...settings, data: "corpus:solutions" }, 3), { code: "RECIPE_INVALID" });
  const texts = firstTexts(recipeOf("r", judging("harmless")), 2);
  assert.equal(
    texts[1],
    traceLines(preferenceTraces({ about: "harmless", seed: 3, index: 1, split: "train", problems })),
  );
});

test("two judges beside the rules: each named, neither before its time", async () => {
  const folders = [];
  for (const about of ["helpful", "harmless"] as const) {
    const judge = join(await run(about, judging(about)), "checkpoints", "step-2");
    const { reward } = JSON.parse(readFileSync(join(judge, "reckon.json"), "utf8"));
    assert.deepEqual([reward.kind, reward.judges], about === "helpful" ? ["pairs", "answer"] : ["binary", "response"]);
    assert.ok(reward.evaluation["eval/pair_accuracy"] >= 0);
    folders.push(judge);
  }
  const stage: StageInput = {
    ...{ kind: "reinforce", ...SHORT, from: base, problems, steps: 4, promptsPerStep: 2, samplesPerPrompt: 4 },
    ...{ maxNewTokens: 64, evaluateProblems: 2, evaluateEvery: 0 },
    rewardModel: [
      { from: folders[0]!, name: "helpful", weight: 0.2, after: 0.5 },
      { from: folders[1]!, name: "harmless", weight: 0.1, after: 0.75 },
    ],
  };
  const whole = await run("whole", stage);
  const { judges } = JSON.parse(readFileSync(join(whole, "checkpoints", "step-4", "reckon.json"), "utf8"));
  assert.deepEqual(judges, {
    helpful: await weightsHash(folders[0]!),
    harmless: await weightsHash(folders[1]!),
  });
  const rows = metricsOf(whole).filter(({ step }) => step > 0);
  const given = (name: string) => rows.map((row) => row[`rewards/${name}/mean`] !== undefined);
  assert.deepEqual(given("helpful"), [false, false, true, true]);
  assert.deepEqual(given("harmless"), [false, false, false, true]);
  assert.deepEqual(given("accuracy"), [true, true, true, true]);
});
