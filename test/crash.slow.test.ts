/**
 * Real training runs, killed with SIGKILL at random moments of their lives and resumed until they end, with one and two
 * workers in turn: parameters, optimiser, metrics, rollouts, events and lineage are bit for bit those of a run that nobody
 * disturbed, but for what the clock says.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { RecipeInput } from "../src/recipes/index.ts";
import { Random } from "../src/util/random.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-crash-"));
after(() => rmSync(root, { recursive: true, force: true }));

const PRETRAIN_STEPS = 60;
const REINFORCE_STEPS = 48;
const model = { hiddenSize: 32, layers: 2, heads: 2, kvHeads: 2, headDim: 16, intermediateSize: 64 };
const pretrain: RecipeInput = {
  name: "tiny-base",
  description: "Enough to write the tags.",
  stages: [
    {
      kind: "pretrain",
      model,
      tokenizer: { vocabSize: 320, documents: 100 },
      steps: PRETRAIN_STEPS,
      tokensPerStep: 1536,
      learningRate: 0.02,
      schedule: { kind: "wsd", warmup: 2, decay: 0.3 },
      optimizer: { name: "muon", weightDecay: 0.01 },
      phases: [
        { from: 0, mix: { direct: 1 } },
        { from: 0.8, mix: { direct: 0.9 } },
      ],
      checkpointEvery: 7,
      evaluateEvery: 20,
      evaluateProblems: 6,
      evaluateNewTokens: 24,
    },
  ],
};
const reinforce: RecipeInput = {
  name: "tiny-zero",
  description: "Every part of the loop that holds a state: the reference, resampling, several updates a step.",
  stages: [
    {
      kind: "reinforce",
      from: join(root, "base", "checkpoints", `step-${PRETRAIN_STEPS}`),
      problems: [
        { family: "addition", level: 0, weight: 2 },
        { family: "max", level: 0, weight: 1 },
      ],
      steps: REINFORCE_STEPS,
      promptsPerStep: 4,
      samplesPerPrompt: 6,
      maxNewTokens: 24,
      learningRate: 1e-3,
      schedule: { kind: "linear", warmup: 2 },
      optimizer: { name: "adamw" },
      klWeight: 0.02,
      referenceEvery: 5,
      iterations: 2,
      miniBatches: 2,
      resample: 1,
      checkpointEvery: 4,
      evaluateEvery: 7,
      evaluateProblems: 8,
      rolloutsEvery: 3,
    },
  ],
};

/** When to kill: so long after the start, or so long after a step was done. */
interface Moment {
  readonly step: number;
  readonly delayMs: number;
}

function moments(seed: number, count: number, steps: number): Moment[] {
  return Array.from({ length: count }, (_, i) => {
    const random = Random.of(seed, "moment", i);
    // A quarter while the run is on its way up; the others spread over its life, the last steps left out.
    if (random.chance(0.25)) return { step: -1, delayMs: 1000 * random.next() };
    return { step: Math.floor(((i + random.next()) / count) * (steps - 8)), delayMs: 60 * random.next() };
  });
}

/** Starts or resumes a run; kills it at the moment given, if one is. */
async function live(name: string, recipe: RecipeInput, workers: number, moment?: Moment): Promise<void> {
  const path = join(root, `${name}.json`);
  writeFileSync(path, JSON.stringify(recipe));
  const args = [join(import.meta.dirname, "crash-child.ts"), root, name, path, String(workers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const exit = once(child, "exit");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let waiting = moment;
  const reached = (step: number): void => {
    if (!waiting || step < waiting.step) return;
    setTimeout(() => child.kill("SIGKILL"), waiting.delayMs);
    waiting = undefined;
  };
  reached(-1);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.trim().split("\n")) reached(Number(line));
  });
  const [code, signal] = (await exit) as [number | null, string | null];
  const expected = moment ? [null, "SIGKILL"] : [0, null];
  assert.deepEqual([code, signal], expected, `${name}, ${JSON.stringify(moment)}\n${errors}`);
}

const lines = (name: string, file: string): Record<string, unknown>[] =>
  readFileSync(join(root, name, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function metrics(name: string): unknown[] {
  return lines(name, "metrics.jsonl").map((row) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith("time/"))),
  );
}

/** What the training itself had to tell: not that the run was resumed, nor when. */
const events = (name: string): unknown[] =>
  lines(name, "events.jsonl")
    .filter(({ code }) => code !== "RUN_RESUMED")
    .map(({ time: _, ...event }) => event);

function assertEqualRuns(name: string, undisturbed: string, step: number): void {
  assert.deepEqual(metrics(name), metrics(undisturbed));
  const folder = (run: string): string => join(root, run, "checkpoints", `step-${step}`);
  const files = readdirSync(folder(undisturbed)).sort();
  assert.deepEqual(readdirSync(folder(name)).sort(), files);
  const timed = ["reckon.json", "manifest.json"]; // These hold the seconds that the run took, and a hash over them.
  for (const file of files.filter((each) => !timed.includes(each))) {
    const same = readFileSync(join(folder(name), file)).equals(readFileSync(join(folder(undisturbed), file)));
    assert.ok(same, `${file} of step ${step} differs`);
  }
  const lineage = (run: string): object => {
    const { seconds, ...rest } = JSON.parse(readFileSync(join(folder(run), "reckon.json"), "utf8")) as Record<
      string,
      unknown
    >;
    assert.ok(Number(seconds) > 0);
    return rest;
  };
  assert.deepEqual(lineage(name), lineage(undisturbed));
}

async function killedRun(name: string, recipe: RecipeInput, kills: readonly Moment[]): Promise<void> {
  for (const [i, moment] of kills.entries()) await live(name, recipe, 1 + (i % 2), moment);
  await live(name, recipe, 2);
  const resumed = lines(name, "events.jsonl").filter((event) => event["code"] === "RUN_RESUMED");
  // Resumptions that were killed before their next checkpoint are told as well, unless the kill came before the words.
  assert.ok(resumed.length > 0, "the run was never resumed");
}

test("pretraining, killed 8 times", async () => {
  await live("base", pretrain, 1);
  await killedRun("base-killed", pretrain, moments(1, 8, PRETRAIN_STEPS));
  assertEqualRuns("base-killed", "base", PRETRAIN_STEPS);
});

test("reinforcement learning, killed 20 times", async () => {
  await live("zero", reinforce, 1);
  const learnt = lines("zero", "metrics.jsonl").filter((row) => Number(row["grad_norm"]) > 0).length;
  assert.ok(learnt > REINFORCE_STEPS / 3, `only ${learnt} steps had anything to learn: the test would show nothing`);
  await killedRun("zero-killed", reinforce, moments(2, 20, REINFORCE_STEPS));
  assertEqualRuns("zero-killed", "zero", REINFORCE_STEPS);
  assert.ok(events("zero").length > 0, "nothing was told: the test would show nothing");
  assert.deepEqual(events("zero-killed"), events("zero"));
  for (const file of ["rollouts.jsonl", "evaluations.jsonl"]) {
    assert.ok(lines("zero", file).length > 0);
    assert.deepEqual(lines("zero-killed", file), lines("zero", file));
  }
});
