/**
 * A training run with a user's task and a user's reward that misbehave in every way: each failure costs its sample and is
 * named, and the run ends with finite numbers.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type RecipeInput, resolveRecipe, runRecipe } from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";
import type { RolloutRecord } from "../src/train/run-store.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-user-run-"));
after(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const TASK = `
import { defineTask } from "reckon/tasks";
export default defineTask<{ a: number; b: number }>({
  name: "difference",
  sample: (random) => ({ a: random.int(0, 99), b: random.int(0, 99) }),
  // Some prompts are too long for the model.
  prompt: ({ a, b }) => (a % 3 === 0 ? "very ".repeat(600) : "") + \`\${a}-\${b}?\`,
  verify: ({ a, b }, answer) => {
    if (answer !== String(a - b)) throw new Error("I only know the right answer");
    return { score: 1, reason: "equal" };
  },
  gold: ({ a, b }) => String(a - b),
});`;

// By the length of what was written, which varies among the answers of a model that knows nothing yet.
const REWARD = `
export default {
  name: "moody",
  weight: 0.5,
  reward({ text, length }) {
    if (text.length % 11 === 3) throw new Error("out of sorts");
    if (text.length % 11 === 5) return NaN;
    if (text.length % 11 === 7) return "1";
    if (text.length % 11 === 9) return null;
    if (text.length % 61 === 1) process.exit(1);
    return length / 20;
  },
};`;

const base: RecipeInput = {
  name: "base",
  description: "A few steps, so that there is a model.",
  stages: [
    {
      kind: "pretrain",
      model: { hiddenSize: 16, layers: 1, heads: 1, kvHeads: 1, headDim: 16, intermediateSize: 32 },
      tokenizer: { vocabSize: 300, documents: 50 },
      steps: 3,
      tokensPerStep: 512,
      learningRate: 0.01,
      schedule: { kind: "constant", warmup: 0 },
      optimizer: { name: "adamw" },
      evaluateEvery: 0,
    },
  ],
};

test("a run with a hostile task and a hostile reward", async () => {
  const folder = RunDirectory.create(root, "base", base);
  await runRecipe(resolveRecipe(base), folder, { workers: 1 });
  await folder.close();

  const recipe = resolveRecipe({
    name: "zero",
    description: "",
    stages: [
      {
        kind: "reinforce",
        from: join(root, "base", "checkpoints", "step-3"),
        problems: [
          { family: "difference", level: 0, weight: 1 },
          { family: "addition", level: 0, weight: 1 },
        ],
        tasks: [file("difference.ts", TASK)],
        userRewards: [file("moody.mjs", REWARD)],
        steps: 4,
        promptsPerStep: 6,
        samplesPerPrompt: 6,
        maxNewTokens: 20,
        learningRate: 1e-3,
        schedule: { kind: "constant", warmup: 0 },
        optimizer: { name: "adamw" },
        evaluateEvery: 2,
        evaluateProblems: 6,
        rolloutsEvery: 1,
        rolloutGroups: 6,
      },
    ],
  });
  const run = RunDirectory.create(root, "zero", recipe);
  await runRecipe(recipe, run, { workers: 1 });
  await run.close();
  assert.equal(run.state.status, "finished");

  const read = <T>(name: string): T[] =>
    readFileSync(join(run.path, name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as T);
  const metrics = read<Record<string, number | null>>("metrics.jsonl");
  assert.equal(metrics.at(-1)!["step"], 4);
  for (const row of metrics)
    for (const [key, value] of Object.entries(row)) assert.ok(Number.isFinite(value), `${key}: ${value}`);
  assert.ok(
    metrics.slice(1).every((row) => row["grad_norm"]! > 0),
    "there was something to learn",
  );

  const rollouts = read<RolloutRecord>("rollouts.jsonl");
  assert.equal(rollouts.length, 4 * 36);
  assert.deepEqual([...new Set(rollouts.map(({ family }) => family))].sort(), ["addition", "difference"]);
  for (const { completion, tokens, reward, rewards } of rollouts) {
    const bad = [3, 5, 7, 9].includes(completion.length % 11) || completion.length % 61 === 1;
    assert.equal(rewards["moody"], bad ? null : tokens / 20);
    assert.ok(Number.isFinite(reward));
  }
  assert.ok(
    rollouts.some(({ rewards }) => rewards["moody"] === null),
    "nothing failed: the test would show nothing",
  );
  const events = read<{ code: string; message: string }>("events.jsonl");
  assert.match(events.find(({ code }) => code === "REWARD_FAILED")!.message, /moody/);
  const long = events.filter(({ code }) => code === "PROMPT_TOO_LONG");
  assert.equal(long.length, 1, "told once");
  assert.match(long[0]!.message, /difference/);
  assert.ok(rollouts.every(({ prompt }) => prompt.length < 100));
});
