/** `reckon eval --reward-model` as a user meets it: with a reward model that a run has just made, and with what is none. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type RecipeInput, resolveRecipe, runRecipe } from "../recipes/index.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { getTask, sampleProblem } from "../tasks/index.ts";
import { stageTable } from "./stage-table.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-ranker-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const run = join(folder, "judge");
const few = join(folder, "few.jsonl");
const ASK = ["--problems", few, "--samples", "4", "--max-tokens", "64", "--seed", "3"];

function reckon(args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ["--conditions=reckon-source", join(import.meta.dirname, "main.ts"), ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

before(async () => {
  const problems = [{ family: "addition", level: 0, weight: 1 }];
  const recipe = resolveRecipe({
    name: "judge",
    description: "",
    stages: [
      {
        kind: "reward",
        from: join(import.meta.dirname, "..", "..", "models", "base"),
        problems,
        loss: "steps",
        steps: 2,
        promptsPerStep: 2,
        learningRate: 1e-3,
        schedule: { kind: "constant", warmup: 0 },
        optimizer: { name: "adamw" },
        evaluateEvery: 0,
        evaluatePrompts: 5,
      },
    ],
  });
  const directory = RunDirectory.create(folder, "judge", recipe);
  await runRecipe(recipe, directory, { workers: 2 });
  await directory.close();
  const asked = Array.from({ length: 6 }, (_, index) =>
    sampleProblem(getTask("addition"), { seed: 1, index, level: 0, split: "heldout" }),
  );
  writeFileSync(few, asked.map((problem) => `${JSON.stringify(problem)}\n`).join(""));
});

test("says in JSON what choosing would give, on as many threads as there are, and leaves the other numbers alone", () => {
  const json = (...args: string[]): Record<string, unknown> => {
    const { status, stdout, stderr } = reckon(["eval", "zero", ...ASK, "--json", ...args]);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const { best_of_k, weighted_vote, ...others } = json("--reward-model", run, "--workers", "2");
  assert.deepEqual(json(), others, "votes need no reward model, and it changes nothing else");
  const again = json("--reward-model", join(run, "checkpoints", "step-2"), "--workers", "1");
  assert.deepEqual([again["best_of_k"], again["weighted_vote"]], [best_of_k, weighted_vote]);
  const [best, bound] = [best_of_k, others["pass_at_k"]] as Record<string, number>[];
  assert.deepEqual(Object.keys(best!), ["1", "2", "4"]);
  assert.deepEqual(Object.keys(others["votes"] as object), ["1", "2", "4"]);
  assert.ok(Math.abs(best!["1"]! - (others["pass_at_1"] as number)) < 1e-12);
  for (const k of ["2", "4"]) assert.ok(best![k]! <= bound![k]! + 1e-12);
  assert.ok(typeof weighted_vote === "number" && weighted_vote >= 0 && weighted_vote <= bound!["4"]!);
});

test("says it in words", () => {
  const { status, stdout, stderr } = reckon(["eval", "zero", ...ASK, "--reward-model", run]);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /pass@4 +\d[\d.]* % +majority \d[\d.]* %, highest rated \d[\d.]* %/);
  assert.match(stdout, /vote by rating +\d[\d.]* % +of all 4/);
});

test("with nothing to choose from it is wrong usage, before anything is loaded", () => {
  for (const [args, words] of [
    [["--samples", "1"], /--samples 2 or more/],
    [["--samples", "4", "--stages"], /--stages or --reward-model/],
  ] as const) {
    const { status, stdout, stderr } = reckon(["eval", "nope", "--reward-model", "nope-either", ...args]);
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert.match(stderr, words);
  }
});

/** The judge, of which two tokens have changed places. */
function otherTokens(): string {
  const other = join(folder, "other");
  cpSync(join(run, "checkpoints", "step-2"), other, { recursive: true });
  const file = join(other, "tokenizer.json");
  const json = JSON.parse(readFileSync(file, "utf8")) as { model: { vocab: Record<string, number> } };
  const { vocab } = json.model;
  [vocab["a"], vocab["b"]] = [vocab["b"]!, vocab["a"]!];
  writeFileSync(file, JSON.stringify(json));
  return other;
}

test("what cannot judge this model is named before any answer is sampled", () => {
  const other = otherTokens();
  for (const [name, code] of [
    ["base", /REWARD_MODEL\]: base is no reward model[\s\S]*a language model/],
    ["nope", /MODEL_UNKNOWN/],
    [other, /REWARD_TOKENIZER[\s\S]*got: +token \d+ is/],
  ] as const) {
    const { status, stdout, stderr } = reckon(["eval", "zero", ...ASK, "--reward-model", name]);
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, code);
    assert.doesNotMatch(stderr, /^ +at /m);
  }
});

test("a stage table keeps every part of a reward, the opinions of the recipe's own judge among them", async () => {
  const pipeline = join(folder, "whole");
  const base = join(import.meta.dirname, "..", "..", "models", "base");
  const problems = [{ family: "addition", level: 0, weight: 1 }];
  const learning = {
    problems,
    learningRate: 1e-3,
    schedule: { kind: "constant", warmup: 0 },
    optimizer: { name: "adamw" },
  };
  const recipe = resolveRecipe({
    ...{ name: "whole", description: "" },
    stages: [
      { kind: "reward", name: "judge", from: base, loss: "steps", steps: 2, ...learning },
      {
        kind: "reinforce",
        name: "rl",
        from: base,
        steps: 1,
        rewardModel: [
          { from: "stage:judge", name: "taste" },
          { from: run, name: "outside" },
          { from: otherTokens(), name: "strange" },
        ],
        ...learning,
      },
    ],
  } as RecipeInput);
  cpSync(run, join(pipeline, "judge"), { recursive: true });
  cpSync(join(base, "..", "zero"), join(pipeline, "rl", "checkpoints", "step-1"), { recursive: true });
  const stages = recipe.stages.map(({ kind, name }) => ({
    ...{ name, kind, key: "k", state: "finished", folder: name, seconds: 1 },
  }));
  writeFileSync(join(pipeline, "pipeline.json"), JSON.stringify({ recipe, stages }));
  const measured: string[] = [];
  const warnings: string[] = [];
  const options = {
    ...{ workers: 2, problems: 6, instructions: 2 },
    onModel: (name: string) => void measured.push(name),
    warn: (message: string) => void warnings.push(message),
  };
  const rows = await stageTable(pipeline, options);
  const told = (table: unknown): unknown => JSON.parse(JSON.stringify(table)); // A share of nothing is null in the file.
  assert.deepEqual(told(await stageTable(pipeline, options)), told(rows));
  assert.deepEqual(measured, ["base", "rl"]);
  assert.equal(warnings.filter((text) => /what strange thinks .* is not told/.test(text)).length, 2, warnings.join());
  const [kept] = readdirSync(pipeline).filter((name) => /^table-.*jsonl$/.test(name));
  const answers = readFileSync(join(pipeline, kept!), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly rewards: Readonly<Record<string, number | null>> });
  assert.equal(answers.length, 8);
  for (const { rewards } of answers) {
    const opinion = rewards["taste"];
    assert.ok(opinion === null || (opinion! >= 0 && opinion! <= 1), JSON.stringify(rewards));
    assert.equal(opinion !== null, rewards["format"] === 1);
    assert.ok(
      rewards["outside"] === opinion && !("strange" in rewards),
      "one that is no stage, and one of other tokens",
    );
    for (const part of ["accuracy", "language", "length", "repetition", "overlong"]) assert.ok(part in rewards, part);
  }
});
