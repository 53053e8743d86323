/** Stages with adapters, run as recipes are: what they save is a plain model, and a stopped run goes on to the same bits. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parameterLayout } from "../model/parameters.ts";
import { readSafetensors } from "../model/safetensors.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { loadModelFolder, type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-lora-"));
after(() => rmSync(root, { recursive: true, force: true }));

const common = {
  from: join(import.meta.dirname, "..", "..", "models", "base"),
  steps: 2,
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
  checkpointEvery: 1,
  evaluateEvery: 0,
  evaluateProblems: 1,
} as const;
const problems = (): { family: string; level: number; weight: number }[] => [
  { family: "addition", level: 0, weight: 1 },
];
const lora = (): { rank: number; targets: ("q" | "down")[] } => ({ rank: 2, targets: ["q", "down"] });
const stages: Record<string, RecipeInput["stages"][number]> = {
  supervise: { kind: "supervise", ...common, problems: problems(), lora: lora(), tokensPerStep: 512 },
  reinforce: {
    kind: "reinforce",
    ...common,
    problems: problems(),
    lora: lora(),
    promptsPerStep: 4,
    samplesPerPrompt: 4,
    maxNewTokens: 48,
    klWeight: 0.01,
  },
};

for (const [name, stage] of Object.entries(stages)) {
  test(`${name}: only the targets of the base are changed, and the run keeps what it needs to go on`, async () => {
    const recipe = resolveRecipe({ name, description: "", stages: [stage] });
    assert.equal((recipe.stages[0] as { lora: { alpha: number } }).lora.alpha, 16);
    const run = RunDirectory.create(root, name, recipe);
    await runRecipe(recipe, run, { workers: 2 });
    await run.close();
    const folder = join(run.path, "checkpoints", "step-2");
    const [base, made] = [await loadModelFolder(common.from), await loadModelFolder(folder)];
    for (const { name: weight, offset, size } of parameterLayout(base.config).entries) {
      const changed = made.parameters.subarray(offset, offset + size).some((x, i) => x !== base.parameters[offset + i]);
      assert.equal(changed, /\.(wq|wd)$/.test(weight), weight);
    }
    const state = readSafetensors(readFileSync(join(folder, "optimizer.safetensors")));
    assert.equal(state.get("base")!.data.byteLength, 4 * base.parameters.length);
    assert.equal(state.get("first")!.data.byteLength, state.get("adapters")!.data.byteLength);
    assert.ok(state.get("adapters")!.data.byteLength < state.get("base")!.data.byteLength / 10);

    // The same run, killed after its first step.
    const again = RunDirectory.create(root, `${name}-again`, recipe);
    await runRecipe(recipe, again, { workers: 1 });
    await again.close();
    rmSync(join(again.path, "checkpoints", "step-2"), { recursive: true });
    assert.deepEqual(readdirSync(join(again.path, "checkpoints")), ["step-1"]);
    const resumed = await RunDirectory.open(root, `${name}-again`);
    await runRecipe(recipe, resumed, { workers: 1 });
    await resumed.close();
    const weights = (path: string): Buffer => readFileSync(join(path, "checkpoints", "step-2", "model.safetensors"));
    assert.ok(weights(again.path).equals(weights(run.path)));
  });
}
