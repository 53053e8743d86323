/**
 * Recipes of several stages as real processes: killed with SIGKILL in and between their stages and started again, they end
 * with the files of a run that nobody disturbed, but for what the clock says; and what is done is not done again.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  type DataLineage,
  lastModel,
  type RecipeInput,
  readPipeline,
  resolveRecipe,
  runPipeline,
} from "../src/recipes/index.ts";
import { getTask, isHeldOut, languageShare, readTraces } from "../src/tasks/index.ts";
import { ReckonError } from "../src/util/errors.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-pipeline-"));
after(() => rmSync(root, { recursive: true, force: true }));

const packageRoot = join(import.meta.dirname, "..");

const problems = [
  { family: "addition", level: 0, weight: 2 },
  { family: "max", level: 2, weight: 1 },
];
const schedule = { kind: "cosine", warmup: 2 } as const;
const optimizer = { name: "adamw" } as const;
const learning = { problems, learningRate: 1e-3, schedule, optimizer, checkpointEvery: 2, evaluateProblems: 4 };

const sampling = { kind: "sample", problems, samplesPerPrompt: 2, maxNewTokens: 48, rolloutsEvery: 1 } as const;

function recipe(change: { readonly prompts?: number; readonly steps?: number } = {}): RecipeInput {
  return {
    name: "toy",
    description: "Every kind of stage that leaves something for a later one.",
    stages: [
      { ...sampling, name: "cold", from: "models/zero", prompts: change.prompts ?? 16, chunk: 4, language: "rewrite" },
      {
        ...{ ...learning, kind: "supervise", name: "start", from: "models/base" },
        ...{ tokensPerStep: 256, epochs: 2, evaluateEvery: 3, evaluateNewTokens: 24 },
        data: [{ data: "stage:cold" }, { data: "corpus:solutions", rows: 6, weight: 1.5 }],
      },
      {
        ...{ ...learning, kind: "reinforce", from: "stage:start", steps: change.steps ?? 5 },
        ...{ promptsPerStep: 3, samplesPerPrompt: 4, maxNewTokens: 32, evaluateEvery: 2, rolloutsEvery: 2 },
      },
      { ...sampling, name: "reject", from: "stage:reinforce", prompts: 6, chunk: 3, rows: 4 },
    ],
  };
}

/** Against a judge that the recipe has taught, by GRPO with a curriculum and by PPO with the judge's body as its critic. */
const judged: RecipeInput = {
  name: "judged",
  description: "Every kind of stage that has to do with a reward model.",
  stages: [
    { kind: "graded", name: "good", problems, prompts: 12, chains: 3, least: 3 },
    {
      ...{ ...learning, kind: "supervise", name: "tune", from: "models/base", data: "stage:good" },
      ...{ tokensPerStep: 512, epochs: 1, evaluateEvery: 0, evaluateNewTokens: 24 },
    },
    {
      ...{ kind: "reward", name: "judge", from: "stage:tune", problems, learningRate: 1e-3, schedule, optimizer },
      ...{ steps: 3, promptsPerStep: 2, chains: 3, checkpointEvery: 2, evaluateEvery: 3, evaluatePrompts: 4 },
    },
    {
      ...{ ...learning, kind: "reinforce", name: "grpo", from: "stage:tune", steps: 4, curriculum: {}, resample: 1 },
      ...{ promptsPerStep: 2, samplesPerPrompt: 4, maxNewTokens: 48, evaluateEvery: 0, rolloutsEvery: 2 },
      rewardModel: { from: "stage:judge", weight: 0.5, name: "judge", after: 0.3 },
    },
    {
      ...{ ...learning, kind: "reinforce", name: "ppo", from: "stage:tune", steps: 4, miniBatches: 2 },
      ...{ promptsPerStep: 2, samplesPerPrompt: 4, maxNewTokens: 48, evaluateEvery: 0, rolloutsEvery: 2 },
      rewardModel: { from: "stage:judge" },
      ppo: { critic: "stage:judge", klReward: 0.05, criticWarmup: 1 },
    },
  ],
};

/** A fresh student that learns a teacher's traces, and adapters that learn its distributions. */
const taught: RecipeInput = {
  name: "taught",
  description: "Every kind of stage that distillation has.",
  stages: [
    {
      ...{ kind: "pretrain", name: "base", steps: 5, tokensPerStep: 512, checkpointEvery: 2, evaluateEvery: 3 },
      ...{ learningRate: 1e-3, schedule, optimizer, evaluateProblems: 4, evaluateNewTokens: 24 },
      model: { hiddenSize: 32, layers: 2, heads: 2, kvHeads: 2, headDim: 16, intermediateSize: 64 },
      tokenizer: { vocabSize: 320, digits: "pairs", documents: 300 },
    },
    { ...sampling, name: "teacher", from: "models/zero", prompts: 12, chunk: 4, language: "rewrite" },
    {
      ...{ ...learning, kind: "supervise", name: "student", from: "stage:base", data: "stage:teacher" },
      ...{ tokensPerStep: 256, epochs: 2, evaluateEvery: 0, evaluateNewTokens: 24 },
    },
    {
      ...{ ...learning, kind: "supervise", name: "adapted", from: "models/base", data: "stage:teacher", lora: {} },
      ...{ tokensPerStep: 256, epochs: 2, evaluateEvery: 0, evaluateNewTokens: 24 },
      distribution: { teacher: "models/zero", top: 16 },
    },
  ],
};

/** When to kill: so long after this line was said. */
interface Moment {
  readonly line: string;
  readonly delayMs: number;
}

/** Runs the recipe, killed at the moment given if one is; returns the lines that it said. */
async function live(name: string, input: RecipeInput, workers: number, moment?: Moment): Promise<string[]> {
  const path = join(root, `${name}.json`);
  writeFileSync(path, JSON.stringify(input));
  const args = [join(import.meta.dirname, "pipeline-child.ts"), root, name, path, String(workers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  let [errors, said] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let waiting = moment;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (!waiting || !said.split("\n").includes(waiting.line)) return;
    setTimeout(() => child.kill("SIGKILL"), waiting.delayMs);
    waiting = undefined;
  });
  const [code, signal] = (await closed) as [number | null, string | null];
  const expected = moment ? [null, "SIGKILL"] : [0, null];
  assert.deepEqual([code, signal], expected, `${name}, ${JSON.stringify(moment)}\n${said}\n${errors}`);
  return said.trim().split("\n");
}

const keys = (name: string): unknown[] =>
  readPipeline(join(root, name))!.stages.map(({ name: stage, key, state, kind }) => [stage, kind, state, key]);

/** What a run left, without what the clock said. */
function contents(folder: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // These hold times, paths of this folder, and hashes over them.
    if (["reckon.json", "manifest.json", "state.json", "stage.json", "log.txt", "recipe.json"].includes(entry.name))
      continue;
    const text = readFileSync(path, "latin1");
    const kept = entry.name.endsWith(".jsonl")
      ? text.replaceAll(/,?"time(?:\/\w+)?":("[^"]*"|[\d.e-]+)/g, "").replaceAll(/^.*"RUN_RESUMED".*\n/gm, "")
      : text;
    // Of events a run that nobody disturbed may have none.
    if (kept !== "") out[path.slice(folder.length)] = kept;
  }
  return out;
}

const MOMENTS: readonly Moment[] = [
  { line: "cold begins", delayMs: 300 },
  { line: "cold 2", delayMs: 5 },
  { line: "cold is done", delayMs: 0 },
  { line: "start 1", delayMs: 20 },
  { line: "start 3", delayMs: 0 },
  { line: "start is done", delayMs: 1 },
  { line: "reinforce 3", delayMs: 10 },
  { line: "reinforce is done", delayMs: 0 },
  { line: "reject 1", delayMs: 0 },
];

const JUDGED_MOMENTS: readonly Moment[] = [
  { line: "judge 2", delayMs: 10 },
  { line: "judge is done", delayMs: 0 },
  { line: "grpo 3", delayMs: 10 },
  { line: "ppo 3", delayMs: 20 },
];

const TAUGHT_MOMENTS: readonly Moment[] = [
  { line: "base 3", delayMs: 5 },
  { line: "teacher 1", delayMs: 10 },
  { line: "student 3", delayMs: 5 },
  { line: "adapted 3", delayMs: 10 },
];

/** Lets a recipe live undisturbed under one name, and killed at all moments under another: both must leave the same. */
async function survives(input: RecipeInput, whole: string, killed: string, moments: readonly Moment[]): Promise<void> {
  const said = await live(whole, input, 2);
  assert.equal(said.at(-1), "finished");
  for (const [i, moment] of moments.entries()) await live(killed, input, 1 + (i % 2), moment);
  await live(killed, input, 1);
  assert.deepEqual(keys(killed), keys(whole));
  for (const { name: stage } of readPipeline(join(root, whole))!.stages) {
    const [own, undisturbed] = [contents(join(root, killed, stage)), contents(join(root, whole, stage))];
    assert.deepEqual(Object.keys(own).sort(), Object.keys(undisturbed).sort(), stage);
    for (const [file, text] of Object.entries(undisturbed)) assert.ok(own[file] === text, `${stage}${file} differs`);
  }
}

test("killed in and between its stages, a recipe ends with the same files", async () => {
  await survives(recipe(), "whole", "killed", MOMENTS);
  assert.deepEqual(
    readPipeline(join(root, "whole"))!.stages.map(({ name }) => name),
    ["cold", "start", "reinforce", "reject"],
  );
});

test("so does one that teaches a judge and reinforces against it, with a curriculum and with a critic", async () => {
  await survives(judged, "judged", "judged-killed", JUDGED_MOMENTS);
  const numbers = (stage: string, name: string): number[] =>
    readFileSync(join(root, "judged", stage, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .flatMap((line) => (JSON.parse(line) as Record<string, number>)[name] ?? []);
  // What the judge says, the curriculum knows and the critic has learnt is there to be lost.
  for (const opinions of [numbers("grpo", "rewards/judge/mean"), numbers("ppo", "rewards/model/mean")])
    assert.ok(opinions.length > 1 && opinions.some((opinion) => opinion > 0), opinions.join());
  assert.ok(numbers("ppo", "value/loss").every((loss) => loss > 0));
  const last = (stage: string): string[] => readdirSync(join(root, "judged", stage, "checkpoints", "step-4"));
  assert.ok(last("ppo").includes("critic.safetensors"));
  const { state } = JSON.parse(
    readFileSync(join(root, "judged", "grpo", "checkpoints", "step-4", "trainer.json"), "utf8"),
  ) as { state: { curriculum?: object } };
  assert.ok(Object.keys(state.curriculum ?? {}).length > 0);
});

test("so does one that pretrains a student, teaches it by traces, and adapters by distributions", () =>
  survives(taught, "taught", "taught-killed", TAUGHT_MOMENTS));

test("a disk that fills up within a stage is told with what to do, and after that the recipe goes on", {
  skip: !existsSync("/dev/full") && "no /dev/full",
}, async () => {
  const whole = recipe({ prompts: 4 });
  const input = resolveRecipe({ ...whole, stages: whole.stages.slice(0, 2) });
  const modelFolder = (model: string): string => (model.startsWith("models/") ? join(packageRoot, model) : model);
  const options = { root, name: "full", workers: 1, modelFolder };
  // What is written aside before it gets its name ends up on a device that is always full.
  const aside = join(root, "full", "cold", `traces.jsonl.${process.pid}.tmp`);
  const observer = () => ({ metrics: () => symlinkSync("/dev/full", aside) });
  await assert.rejects(runPipeline(input, { ...options, observer }), (error) => {
    assert.ok(error instanceof ReckonError && error.code === "RUN_DISK", String(error));
    assert.match(error.message, /cold cannot be written: the disk is full[\s\S]*--resume full/);
    return true;
  });
  assert.deepEqual(
    readPipeline(join(root, "full"))!.stages.map(({ state }) => state),
    ["failed", "waiting"],
  );
  assert.equal((await runPipeline(input, options)).status, "finished");
});

test("the data of rejection sampling is right and in one language, and its lineage accounts for every answer", () => {
  const folder = join(root, "whole", "cold");
  const { traces, faults } = readTraces(readFileSync(join(folder, "traces.jsonl"), "utf8"));
  assert.deepEqual(faults, []);
  assert.ok(traces.length > 3, "hardly any data: the test would show nothing");
  for (const { family, facts, answer, thinking, language } of traces) {
    assert.equal(getTask(family!).verify(facts, answer).score, 1);
    assert.equal(isHeldOut(getTask(family!), facts), false);
    assert.equal(languageShare(thinking, language!), 1);
  }
  assert.equal(new Set(traces.map(({ prompt }) => prompt)).size, traces.length, "one a prompt");
  const { counts, families, parentHash } = JSON.parse(
    readFileSync(join(folder, "lineage.json"), "utf8"),
  ) as DataLineage;
  assert.match(parentHash, /^[0-9a-f]{64}$/);
  for (const { sampled, right, ...reasons } of [counts, ...Object.values(families)]) {
    const accounted = Object.values(reasons).reduce((sum, count) => sum + count, 0);
    assert.deepEqual([right, sampled >= right], [accounted, true]);
  }
  assert.deepEqual([counts.sampled, counts.kept], [32, traces.length]);
});

test("what is done is not done again, and what is outdated comes back with its key", async () => {
  const done = ["cold was done", "start was done", "reinforce was done", "reject was done", "finished"];
  assert.deepEqual(await live("whole", recipe(), 1), done);
  const before = keys("whole");
  const [, , , [, , , key]] = before as [unknown, unknown, unknown, string[]];

  const changed = await live("whole", recipe({ steps: 3 }), 1);
  assert.deepEqual(
    changed.filter((line) => /done|begins/.test(line)),
    ["cold was done", "start was done", "reinforce begins", "reinforce is done", "reject begins", "reject is done"],
  );
  const folder = join(root, "whole");
  assert.ok(existsSync(join(folder, "stale", `reject-${key!.slice(0, 8)}`, "traces.jsonl")));
  assert.ok(lastModel(folder)!.startsWith(join(folder, "reinforce", "checkpoints", "step-3")));

  assert.deepEqual(await live("whole", recipe(), 1), done, "back with its key");
  assert.deepEqual(keys("whole"), before);
  assert.equal(readdirSync(join(folder, "stale")).length, 2);
});
