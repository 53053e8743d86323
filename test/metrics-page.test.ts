/** docs/metrics.md names every metric that runs write, and none that they do not. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type RecipeInput, resolveRecipe, runRecipe } from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";

const root = join(import.meta.dirname, "..");

const short = {
  steps: 2,
  learningRate: 1e-4,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;

/** Reward models of three losses, then PPO against the first: the fourth writes nothing of its own. */
function judged(folder: string): Record<string, RecipeInput["stages"][number]> {
  const problems = [{ family: "addition", level: 0, weight: 1 }];
  const from = join(root, "models", "base");
  const reward = (loss: "ratings" | "pairs" | "steps") =>
    ({
      kind: "reward",
      ...short,
      from,
      problems,
      loss,
      promptsPerStep: 2,
      evaluateEvery: 2,
      evaluatePrompts: 6,
    }) as const;
  return {
    ratings: reward("ratings"),
    pairs: reward("pairs"),
    steps: reward("steps"),
    graded: { kind: "graded", problems, prompts: 3 },
    ppo: {
      kind: "reinforce",
      ...short,
      from,
      problems,
      promptsPerStep: 2,
      samplesPerPrompt: 2,
      maxNewTokens: 32,
      evaluateEvery: 0,
      ppo: { klReward: 0.01 },
      rewardModel: { from: join(folder, "ratings", "checkpoints", "step-2") },
    },
  };
}

function stages(folder: string): Record<string, RecipeInput["stages"][number]> {
  const reward = join(folder, "brief.mjs");
  writeFileSync(reward, "export default function brief({ length }) { return 1 / length; }\n");
  return {
    pretrain: {
      kind: "pretrain",
      ...short,
      model: { hiddenSize: 16, layers: 1, heads: 2, kvHeads: 2, headDim: 8, intermediateSize: 16 },
      tokenizer: { vocabSize: 320, documents: 100 },
      tokensPerStep: 512,
      evaluateProblems: 4,
      evaluateNewTokens: 8,
    },
    sample: {
      kind: "sample",
      from: join(root, "models", "zero"),
      problems: [{ family: "addition", level: 0, weight: 1 }],
      prompts: 2,
      samplesPerPrompt: 2,
      maxNewTokens: 48,
    },
    reinforce: {
      kind: "reinforce",
      ...short,
      from: join(root, "models", "base"),
      problems: [
        { family: "countdown", level: 0, weight: 1 },
        { family: "addition", level: 0, weight: 1 },
      ],
      algorithm: "dapo",
      rewards: { language: 0.1, length: 0.1, repetition: 0.1 },
      userRewards: [reward],
      promptsPerStep: 4,
      samplesPerPrompt: 4,
      maxNewTokens: 128,
      klWeight: 0.01,
      resample: 1,
      curriculum: {},
      evaluateProblems: 48,
    },
  };
}

/** Names of all metrics that a run wrote; names that belong to the problems and rewards of the run are blanks. */
function written(path: string): Set<string> {
  const rows = readFileSync(join(path, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const names = rows.flatMap((row) => Object.keys(JSON.parse(row) as object));
  const blank = (name: string): string =>
    name
      .replace(/^rewards\/[^/]+\//, "rewards/<name>/")
      .replace(/^(curriculum|curriculum_odds)\/[^/]+\/\d+$/, "$1/<family>/<level>")
      .replace(/^eval\/[^/]+\/\d+\/(accuracy|chance|problems)$/, "eval/<family>/<level>/$1")
      .replace(/^eval\/[^/]+\/error$/, "eval/<aspect>/error")
      .replace(/^eval\/[^/]+\/accuracy$/, "eval/<family>/accuracy");
  return new Set(names.map(blank));
}

test("docs/metrics.md names what runs write, all of it and nothing else", async () => {
  const page = readFileSync(join(root, "docs", "metrics.md"), "utf8");
  const documented = [...page.matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]{10,} \| [^|]+ \|$/gm)].map((match) => match[1]!);
  assert.equal(page.match(/^\| `/gm)!.length, documented.length, "a row of four cells for each");
  assert.equal(new Set(documented).size, documented.length, "each once");
  const folder = mkdtempSync(join(tmpdir(), "reckon-metrics-"));
  try {
    const names = new Set<string>();
    for (const [name, stage] of Object.entries({ ...stages(folder), ...judged(folder) })) {
      const recipe = resolveRecipe({ name, description: "", stages: [stage] });
      const run = RunDirectory.create(folder, name, recipe);
      await runRecipe(recipe, run, { workers: 2 });
      await run.close();
      for (const metric of written(run.path)) names.add(metric);
    }
    assert.deepEqual([...names].sort(), documented.sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
