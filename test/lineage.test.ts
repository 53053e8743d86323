/** What checkpoints say of themselves, in a base and in what was reinforced from it, stopped once and exported. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promptIds } from "../src/model/chat-template.ts";
import { parameterLayout } from "../src/model/parameters.ts";
import {
  type DataLineage,
  type LineageRecord,
  loadModelFolder,
  type RecipeInput,
  resolveRecipe,
  runRecipe,
} from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";
import type { RolloutRecord } from "../src/train/run-store.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-lineage-"));
after(() => rmSync(root, { recursive: true, force: true }));

const common = { learningRate: 1e-3, schedule: { kind: "constant", warmup: 0 }, optimizer: { name: "adamw" } } as const;
const base: RecipeInput = {
  name: "small-base",
  description: "",
  stages: [
    {
      kind: "pretrain",
      ...common,
      model: { hiddenSize: 16, layers: 1, heads: 2, kvHeads: 2, headDim: 8, intermediateSize: 16 },
      tokenizer: { vocabSize: 320, documents: 100 },
      steps: 3,
      tokensPerStep: 512,
      evaluateEvery: 2,
      evaluateProblems: 4,
      evaluateNewTokens: 8,
    },
  ],
};
const folder = (name: string, step: number): string => join(root, name, "checkpoints", `step-${step}`);
const zero: RecipeInput = {
  name: "small-zero",
  description: "",
  seed: 5,
  stages: [
    {
      kind: "reinforce",
      ...common,
      from: join(import.meta.dirname, "..", "models", "base"),
      problems: [{ family: "addition", level: 0, weight: 1 }],
      steps: 3,
      promptsPerStep: 3,
      samplesPerPrompt: 4,
      maxNewTokens: 24,
      iterations: 2,
      evaluateProblems: 4,
      rolloutsEvery: 1,
      rolloutGroups: 3,
    },
  ],
};

async function train(run: RunDirectory, stopAtOnce = false): Promise<void> {
  if (stopAtOnce) run.requestStop();
  await runRecipe(resolveRecipe(run.recipe as RecipeInput), run, { workers: 1 });
  await run.close();
}

const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), "utf8")) as T;
const lines = <T>(...path: string[]): T[] =>
  readFileSync(join(...path), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

const events = (name: string): string[] =>
  existsSync(join(root, name, "events.jsonl"))
    ? lines<{ readonly code: string }>(root, name, "events.jsonl").map(({ code }) => code)
    : [];

test("a base has no parent, and carries its tokens, operations, seconds and its last evaluation", async () => {
  await train(RunDirectory.create(root, "base", resolveRecipe(base)));
  const { seconds, evaluation, ...lineage } = read<LineageRecord>(folder("base", 3), "reckon.json");
  const last = lines<Record<string, number>>(root, "base", "metrics.jsonl").at(-1)!;
  const { parameterCount } = parameterLayout((await loadModelFolder(folder("base", 3))).config);
  assert.deepEqual(lineage, {
    recipe: "small-base",
    stage: "pretrain",
    parent: null,
    seed: 0,
    step: 3,
    tokens: last["num_tokens"],
    lossTokens: last["num_loss_tokens"],
    flops: 6 * parameterCount * last["num_tokens"]!,
  });
  assert.ok(seconds > 0 && seconds < 600);
  assert.equal(evaluation!.pass_at_1, last["eval/accuracy"]);
  assert.equal(evaluation!.nats_per_document, last["eval/nats_per_document"]);
});

test("a reinforced model names its parent by hash, through a stop and an export", async () => {
  await train(RunDirectory.create(root, "zero", resolveRecipe(zero)), true);
  const before = read<LineageRecord>(folder("zero", 1), "reckon.json");
  await train(await RunDirectory.open(root, "zero"));
  const { seconds, evaluation, parent, ...lineage } = read<LineageRecord>(folder("zero", 3), "reckon.json");

  const shipped = join(import.meta.dirname, "..", "models", "base");
  const { config, tokenizer } = await loadModelFolder(shipped);
  const last = lines<Record<string, number>>(root, "zero", "metrics.jsonl").at(-1)!;
  const rollouts = lines<RolloutRecord>(root, "zero", "rollouts.jsonl");
  const sampled = rollouts.reduce((n, { tokens }) => n + tokens, 0);
  const trained = rollouts
    .filter(({ advantage }) => advantage !== 0)
    .reduce((n, { tokens, prompt }) => n + 2 * (tokens + promptIds(tokenizer, prompt).length), 0);
  assert.equal(rollouts.length, 3 * 12);
  assert.ok(trained > 0 && rollouts.some(({ advantage }) => advantage === 0), "both kinds of answers occur");
  assert.deepEqual(lineage, {
    recipe: "small-zero",
    stage: "reinforce",
    parentHash: createHash("sha256")
      .update(readFileSync(join(shipped, "model.safetensors")))
      .digest("hex"),
    seed: 5,
    step: 3,
    tokens: last["num_tokens"],
    sampledTokens: sampled,
    flops: parameterLayout(config).parameterCount * (6 * trained + 2 * sampled),
  });
  assert.deepEqual(parent, read(shipped, "reckon.json"));
  assert.equal(before.parentHash, lineage.parentHash);
  assert.ok(seconds > before.seconds, "the seconds go on where they were");
  assert.equal(evaluation!.pass_at_1, last["eval/accuracy"]);

  const exported = (...more: string[]): LineageRecord => {
    const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");
    const args = [main, "export", join(root, "zero"), join(root, "out"), ...more];
    const done = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    return read<LineageRecord>(root, "out", "reckon.json");
  };
  const whole = read<LineageRecord>(folder("zero", 3), "reckon.json");
  assert.deepEqual(exported(), whole);
  // What is shipped may be measured as it is, in place of the last evaluation of its training.
  const { evaluation: own, ...same } = exported("--evaluate", "4", "--mix", "small");
  const { evaluation: _, ...rest } = whole;
  assert.deepEqual(same, rest);
  const { asked, n } = own as typeof own & { readonly asked: unknown };
  assert.deepEqual([n, asked], [4, { mix: "small", samples: 1, seed: 0, temperature: 1, maxTokens: 256 }]);
});

test("a student names the model whose answers it learnt from, and how many of them, through a stop", async () => {
  const models = join(import.meta.dirname, "..", "models");
  const problems = [{ family: "addition", level: 0, weight: 1 }];
  const sample: RecipeInput = {
    ...{ name: "traces", description: "", seed: 2 },
    stages: [
      {
        kind: "sample",
        name: "cold",
        from: join(models, "zero"),
        problems,
        prompts: 8,
        samplesPerPrompt: 2,
        maxNewTokens: 64,
      },
    ],
  };
  await train(RunDirectory.create(root, "traces", resolveRecipe(sample)));
  const data = join(root, "traces", "traces.jsonl");
  const student: RecipeInput = {
    ...{ name: "student", description: "", seed: 2 },
    stages: [
      {
        ...{ kind: "supervise", ...common, from: join(models, "base"), problems, steps: 3 },
        data: [{ data }, { data: "corpus:solutions", rows: 5 }],
        ...{ tokensPerStep: 512, rowLength: 128, evaluateProblems: 2, evaluateNewTokens: 8 },
      },
    ],
  };
  await train(RunDirectory.create(root, "student", resolveRecipe(student)), true);
  await train(await RunDirectory.open(root, "student"));
  const { data: origins, corpora } = read<LineageRecord>(folder("student", 3), "reckon.json");
  assert.deepEqual(corpora, { solutions: 5 });
  const [origin, ...others] = origins!;
  assert.equal(others.length, 0);
  const { families: _, ...told } = read<DataLineage>(root, "traces", "lineage.json");
  assert.deepEqual(origin, told);
  const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  assert.deepEqual(
    [origin!.parentHash, origin!.hash, origin!.stage],
    [sha256(join(models, "zero", "model.safetensors")), sha256(data), "cold"],
  );
  assert.ok(origin!.counts.kept > 0 && origin!.counts.kept <= 16);
  // The model that answered leads to its own base.
  const { evaluation: _e, seconds: _s, parent, ...zero } = read<Record<string, unknown>>(models, "zero", "reckon.json");
  const { evaluation: _f, seconds: _t, ...base } = parent as Record<string, unknown>;
  assert.deepEqual(origin!.parent, { ...zero, parent: base });
  assert.deepEqual(events("student"), ["RUN_RESUMED"]);

  // A file of one's own beside it is not that model's, and no more is its own once somebody has changed it.
  const own = join(root, "traces", "own.jsonl");
  writeFileSync(own, '{"prompt":"1+1?","thinking":"1+1=2","answer":"2"}\n');
  for (const [name, file, told] of [
    ["beside", own, []],
    ["changed", data, ["DATA_CHANGED_SINCE"]],
  ] as const) {
    if (file === data) writeFileSync(data, readFileSync(data, "utf8").replace("\n", "\n\n"));
    const other = { ...student, stages: student.stages.map((stage) => ({ ...stage, data: file, steps: 1 })) };
    await train(RunDirectory.create(root, name, resolveRecipe(other as RecipeInput)));
    const { parent: _p, ...record } = read<LineageRecord>(folder(name, 1), "reckon.json");
    assert.deepEqual([record.data, record.teachers], [undefined, undefined], name);
    assert.deepEqual(events(name), told);
  }
});
