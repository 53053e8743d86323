/** Runs that go on after the file that they learn from was changed: refused, and with the file put back the same as ever. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { gradedTraces, traceLines } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";
import { SHORT } from "./testing.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-data-files-"));
after(() => rmSync(root, { recursive: true, force: true }));

const problems = [{ family: "addition", level: 0, weight: 1 }];
const rows = Array.from({ length: 30 }, (_, index) =>
  gradedTraces({ seed: 4, index, split: "train", problems }),
).flat();
const data = join(root, "rated.jsonl");
const text = traceLines(rows);

const common = {
  ...{ ...SHORT, from: join(import.meta.dirname, "..", "..", "models", "base"), problems },
  ...{ steps: 3, checkpointEvery: 1, evaluateEvery: 0 },
} as const;
const supervised = { ...common, tokensPerStep: 256, evaluateProblems: 1 } as const;
const stages: Record<string, RecipeInput["stages"][number]> = {
  supervise: { kind: "supervise", ...supervised, data: [{ data }, { data: "corpus:solutions", rows: 3 }] },
  reward: { kind: "reward", ...common, data, promptsPerStep: 2, evaluatePrompts: 4 },
};

/** Lets a run live, from its start or from its newest checkpoint, until it is done or asked to pause. */
async function live(name: string, stage: RecipeInput["stages"][number] | undefined, pauseAt?: number): Promise<void> {
  const observer = { progress: (step: number): void => void (step === pauseAt && run.requestStop("pause")) };
  const run: RunDirectory = stage
    ? RunDirectory.create(root, name, resolveRecipe({ name, description: "", stages: [stage] }), { observer })
    : await RunDirectory.open(root, name, { observer });
  try {
    await runRecipe(resolveRecipe(run.recipe as RecipeInput), run, { workers: 1 });
    await run.close();
  } catch (error) {
    await run.close("failed", String(error));
    throw error;
  }
}

const last = (name: string, file: string): Buffer => readFileSync(join(root, name, "checkpoints", "step-3", file));

for (const [kind, stage] of Object.entries(stages)) {
  test(`${kind}: a file that was cut is refused by what it was and is; put back, the run ends as if nothing had been`, async () => {
    writeFileSync(data, text);
    await live(`${kind}-whole`, stage);
    await live(kind, stage, 1);
    cpSync(join(root, kind), join(root, `${kind}-unbegun`), { recursive: true });
    writeFileSync(data, traceLines(rows.slice(0, 70)));
    await assert.rejects(live(kind, undefined), (error) => {
      assert.ok(error instanceof ReckonError && error.code === "DATA_CHANGED", String(error));
      assert.ok(error.summary.includes(data));
      assert.match(error.message, new RegExp(`expected: ${rows.length} rows.*\n.*got: +70 rows[^]*Put the file back`));
      return true;
    });
    writeFileSync(data, text);
    await live(kind, undefined);
    for (const file of ["model.safetensors", "optimizer.safetensors", "trainer.json"])
      assert.ok(last(kind, file).equals(last(`${kind}-whole`, file)), file);

    // Nothing has been learnt yet where there is no checkpoint: such a run begins anew, with the file as it is.
    writeFileSync(data, traceLines(rows.slice(0, 70)));
    rmSync(join(root, `${kind}-unbegun`, "checkpoints"), { recursive: true });
    mkdirSync(join(root, `${kind}-unbegun`, "checkpoints"));
    await live(`${kind}-unbegun`, undefined);
    assert.match(String(last(`${kind}-unbegun`, "trainer.json")), /"rows": 70/);
  });
}

test("the file of a run may lie elsewhere; of a run of an older version nothing is known, and it goes on", async () => {
  writeFileSync(data, text);
  await live("old", stages["supervise"], 1);
  const run = await RunDirectory.open(root, "old");
  const { step, files } = (await run.latestCheckpoint())!;
  const { data: known, ...trainer } = JSON.parse(new TextDecoder().decode(files.get("trainer.json")));
  assert.deepEqual(Object.keys(known[0]), ["sha256", "rows"], "no path");
  const before = new Map([...files, ["trainer.json", new TextEncoder().encode(JSON.stringify(trainer))]]);
  await run.saveCheckpoint(step, before);
  await run.close("paused");
  writeFileSync(data, traceLines(rows.slice(0, 70)));
  await live("old", undefined);
  assert.match(String(last("old", "trainer.json")), /"rows": 70/, "from now on it is known");

  writeFileSync(data, text);
  await live("moved", stages["supervise"], 1);
  const moved = join(root, "elsewhere.jsonl");
  cpSync(data, moved);
  rmSync(data);
  await assert.rejects(live("moved", undefined), { code: "DATA_UNREADABLE" });
  const recipe = join(root, "moved", "recipe.json");
  writeFileSync(recipe, readFileSync(recipe, "utf8").replace(JSON.stringify(data), JSON.stringify(moved)));
  await live("moved", undefined);
});
