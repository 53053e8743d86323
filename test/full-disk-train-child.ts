/** For src/cli/full-disk.test.ts: trains on a small file system (argv[2]) that becomes full at a moment of the way. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTraining, type TrainingOptions } from "../src/cli/training.ts";
import { type Recipe, type RecipeInput, readPipeline, resolveRecipe, type StageRecord } from "../src/recipes/index.ts";
import { ReckonError } from "../src/util/errors.ts";
import { fill, free, makeRoom } from "./small-disk.ts";

const [disk, scenario] = process.argv.slice(2) as [string, string];
const runs = join(disk, "runs");
const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");
const problems = [{ family: "addition", level: 0, weight: 1 }];
const graded = { kind: "graded", problems, prompts: 600 } as const;
const sample = {
  ...{ kind: "sample" as const, from: "zero", problems, prompts: 4, samplesPerPrompt: 2, chunk: 2 },
  ...{ maxNewTokens: 64 },
} satisfies RecipeInput["stages"][number];

const AGAIN = /^Free some space, then give the same command again\.$/;
const RESUME = /^Free some space, then go on with --resume full\.$/;

function recipeOf(...stages: RecipeInput["stages"][number][]): Recipe {
  return resolveRecipe({ name: "full", description: "", stages });
}

/** The command line, as somebody meets it who tries again too early. */
function resumed(name: string): { status: number | null; stderr: string } {
  const args = ["--conditions=reckon-source", main, "train", "--resume", name, "--runs", runs, "--workers", "1"];
  return spawnSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
}

function toldOnTerminal({ status, stderr }: { status: number | null; stderr: string }): void {
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error \[RUN_DISK\]: .*the disk is full/m);
  assert.doesNotMatch(stderr, /^ +at |fault of Reckon's/m);
}

const train = (recipe: Recipe, more: Partial<TrainingOptions> = {}, root = runs) =>
  runTraining(recipe, { root, name: "full", resume: false, workers: 1, ...more });

async function isTold(training: Promise<unknown>, help: RegExp): Promise<void> {
  await assert.rejects(training, (error) => {
    assert.ok(error instanceof ReckonError, (error as Error).stack);
    assert.equal(error.code, "RUN_DISK");
    assert.match(error.message, /disk is full[\s\S]*ENOSPC/);
    assert.match(error.help!, help);
    return true;
  });
}

/** What a run leaves that had room all the time. */
async function withRoom(recipe: Recipe, data: string): Promise<string> {
  const elsewhere = mkdtempSync(join(tmpdir(), "reckon-room-"));
  try {
    await train(recipe, {}, elsewhere);
    return readFileSync(join(elsewhere, "full", data), "utf8");
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}

/** A recipe of one stage, on a disk that is full from a step on: told, told again too early, and done when there is room. */
async function alone(stage: RecipeInput["stages"][number], from: number): Promise<void> {
  const recipe = recipeOf(stage);
  const progress = (step: number): void => {
    if (step === from && free(disk) > 0) fill(disk);
  };
  await isTold(train(recipe, { observer: { progress } }), RESUME);
  assert.equal(readdirSync(join(runs, "full")).includes("traces.jsonl"), false);
  fill(disk);
  toldOnTerminal(resumed("full"));
  makeRoom(disk);
  const { status, stderr } = resumed("full");
  assert.equal(status, 0, stderr);
  const data = readFileSync(join(runs, "full", "traces.jsonl"), "utf8");
  assert.ok(data.length > 0);
  assert.equal(data, await withRoom(recipe, "traces.jsonl"));
}

/** A recipe of two stages, on a disk that is full from when something is told of one. */
async function several(stage: string, when: "begins" | "works" | "is done", help: RegExp): Promise<void> {
  const recipe = recipeOf(graded, { ...graded, name: "second", chains: 2 });
  const fillAt = (name: string, what: string): void => {
    if (name === stage && what === when && free(disk) > 0) fill(disk);
  };
  const stages = {
    told: ({ name }: StageRecord, what: string) => fillAt(name, what),
    observer: ({ name }: StageRecord) => ({ progress: (step: number) => fillAt(name, step === 1 ? "works" : "") }),
  };
  await isTold(train(recipe, { stages }), help);
  fill(disk);
  toldOnTerminal(resumed("full"));
  makeRoom(disk);
  const { status, stderr } = resumed("full");
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    readPipeline(join(runs, "full"))!.stages.map(({ name, state, kept }) => [name, state, kept]),
    [
      ["graded", "finished", true],
      ["second", "finished", undefined],
    ],
  );
  const data = join("second", "traces.jsonl");
  assert.equal(readFileSync(join(runs, "full", data), "utf8"), await withRoom(recipe, data));
}

/** Where nothing can be begun nothing is left, and the same command does it when there is room. */
async function begun(recipe: Recipe, left: readonly string[]): Promise<void> {
  mkdirSync(runs);
  fill(disk);
  await isTold(train(recipe), AGAIN);
  assert.deepEqual(readdirSync(runs, { recursive: true }), left);
  makeRoom(disk);
  assert.equal((await train(recipe)).status, "finished");
}

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  "one stage, before it is begun": () => begun(recipeOf(graded), []),
  "several stages, before they are begun": () => begun(recipeOf(graded, { ...graded, name: "second" }), ["full"]),
  "graded chains, at their end": () => alone(graded, 2),
  "sampled answers, at their first chunk": () => alone(sample, 0),
  "sampled answers, at their end": () => alone(sample, 2),
  "between two stages": () => several("graded", "is done", AGAIN),
  "a second stage, before it is begun": () => several("second", "begins", RESUME),
  "a second stage, while it works": () => several("second", "works", RESUME),
};
await scenarios[scenario]!();
process.stdout.write("all well\n");
