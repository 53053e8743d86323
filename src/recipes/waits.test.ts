/** Answers that are made to go on in reinforcement: which, by what, and that the word itself is not learnt. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Completion } from "../generate/index.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import type { Problem } from "../tasks/index.ts";
import { rolloutOf, sequenceOf, surprisalOf } from "../train/rollout.ts";
import { loadModelFolder, resolveRecipe, runRecipe } from "./index.ts";

const base = join(import.meta.dirname, "..", "..", "models", "base");
const root = mkdtempSync(join(tmpdir(), "reckon-waits-"));
after(() => rmSync(root, { recursive: true, force: true }));

const stage = {
  kind: "reinforce",
  from: base,
  steps: 1,
  promptsPerStep: 4,
  samplesPerPrompt: 16,
  maxNewTokens: 96,
  learningRate: 1e-4,
  optimizer: { name: "adamw" },
  schedule: { kind: "constant", warmup: 0 },
  evaluateEvery: 0,
  rolloutsEvery: 1,
  rolloutGroups: 4,
} as const;

interface Line {
  readonly group: number;
  readonly thinking: string;
}

async function thoughts(name: string, waits: object): Promise<{ readonly weights: Buffer; readonly lines: Line[] }> {
  const recipe = resolveRecipe({
    name,
    description: "",
    stages: [{ ...stage, problems: [{ family: "addition", level: 0, weight: 1 }], ...waits }],
  });
  const run = RunDirectory.create(root, name, recipe);
  await runRecipe(recipe, run, { workers: name === "two" ? 2 : 1 });
  await run.close();
  const lines = readFileSync(join(run.path, "rollouts.jsonl"), "utf8").trim().split("\n");
  return {
    weights: readFileSync(join(run.path, "checkpoints", "step-1", "model.safetensors")),
    lines: lines.map((line) => JSON.parse(line) as Line),
  };
}

test("of a share of the groups every thought that would end is made to go on, whatever the workers", async () => {
  const one = await thoughts("one", { waits: { share: 0.5 } });
  const two = await thoughts("two", { waits: { share: 0.5 } });
  assert.ok(one.weights.equals(two.weights));
  const free = (await thoughts("free", {})).lines;
  const groups = [...new Set(one.lines.map(({ group }) => group))];
  assert.equal(groups.length, 4);
  let goneOn = 0;
  for (const [i, { group, thinking }] of one.lines.entries()) {
    const before = free[i]!.thinking;
    if (groups.indexOf(group) % 2 === 0) assert.equal(thinking, before, "a group that is left alone");
    else if (before !== "" && thinking.startsWith(`${before}\nwait`)) goneOn++;
  }
  assert.ok(goneOn >= 4, `${goneOn} thoughts would show it`);
});

test("what was put there has no advantage and no surprise", async () => {
  const { tokenizer } = await loadModelFolder(base);
  const completion: Completion = {
    ...{ prompt: 0, tokens: [10, 11, 12, 13, 14], logprobs: Float32Array.of(-1, -20, -30, -2, -3), finish: "stop" },
    forced: [{ from: 1, count: 2 }],
  };
  const problem: Problem = { id: "x", family: "addition", level: 0, prompt: "?", language: "en", facts: {}, chance: 0 };
  const rollout = rolloutOf(problem, [8, 9], completion, tokenizer);
  assert.equal(surprisalOf(rollout), 6);
  assert.deepEqual(sequenceOf(rollout, 1, -2, undefined).advantage, Float32Array.of(-2, 0, 0, -2, -2));
  const own = Float32Array.of(1, 2, 3, 4, 5);
  assert.deepEqual(sequenceOf(rollout, 1, own, undefined).advantage, Float32Array.of(1, 0, 0, 4, 5));
  assert.deepEqual(own, Float32Array.of(1, 2, 3, 4, 5), "the advantages themselves stay");
  assert.equal(sequenceOf(rolloutOf(problem, [8], { ...completion, forced: [] }, tokenizer), 1, 3, undefined).from, 1);
});
