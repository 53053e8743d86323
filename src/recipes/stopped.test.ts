/** Data stages that are stopped early: what has no data yet is not called finished, and what has all of it is. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";

const base = join(import.meta.dirname, "..", "..", "models", "base");
const root = mkdtempSync(join(tmpdir(), "reckon-stopped-"));
after(() => rmSync(root, { recursive: true, force: true }));
const problems = [{ family: "addition", level: 0, weight: 1 }];

/** A run that is asked to pause before it begins, or, where it is told of a step, after that. */
async function paused(name: string, stage: RecipeInput["stages"][number], after?: number) {
  const recipe = resolveRecipe({ name, description: "", stages: [stage] });
  const run: RunDirectory = RunDirectory.create(root, name, recipe, {
    observer: { progress: (step) => void (step === after && run.requestStop("pause")) },
  });
  if (after === undefined) run.requestStop("pause");
  await runRecipe(recipe, run, { workers: 1 });
  await run.close();
  return { status: run.state.status, data: existsSync(join(run.path, "traces.jsonl")) };
}

test("sampling that is stopped before its first chunk is paused", async () => {
  const stage = { kind: "sample", from: base, problems, prompts: 4, maxNewTokens: 8 } as const;
  assert.deepEqual(await paused("sampled", stage), { status: "paused", data: false });
});

test("graded chains that are stopped on the way are paused, and after their last row finished", async () => {
  const graded = (prompts: number) => ({ kind: "graded", problems, prompts }) as const;
  assert.deepEqual(await paused("half", graded(1000), 1), { status: "paused", data: false });
  assert.deepEqual(await paused("whole", graded(1000), 2), { status: "finished", data: true });
});
