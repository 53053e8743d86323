/** For src/cli/full-disk.test.ts: commands that write on a small file system (argv[2]) that is full. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeTestRun } from "../src/serve/test-run.ts";
import { fill, free, makeRoom } from "./small-disk.ts";

const [disk, scenario] = process.argv.slice(2) as [string, string];
const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");

function reckon(args: readonly string[], stdout: number | "pipe" = "pipe"): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ["--conditions=reckon-source", main, ...args], {
    stdio: ["ignore", stdout, "pipe"],
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

function isTold({ status, stderr }: SpawnSyncReturns<string>, told: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.match(stderr, told);
  assert.match(stderr, /ENOSPC[\s\S]*Free some space, then give the same command again/);
  assert.doesNotMatch(stderr, /^ +at |fault of Reckon's/m);
}

const succeeds = ({ status, stderr }: SpawnSyncReturns<string>): void => assert.equal(status, 0, stderr);
const contents = (folder: string) =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));

/** A model in the place of another: the one that was there stays whole, and a folder that was none is none. */
function exports(): void {
  const folder = join(disk, "model");
  succeeds(reckon(["export", "zero", folder]));
  const before = contents(folder);
  // Room for the small files, not for the weights.
  writeFileSync(join(disk, "filler-0"), new Uint8Array(free(disk) - 200_000));
  isTold(reckon(["export", "base", folder, "--dtype", "F32"]), /FILE_UNWRITABLE.*model\.safetensors.*disk is full/);
  assert.deepEqual(contents(folder), before);
  isTold(reckon(["export", "base", join(disk, "another")]), /FILE_UNWRITABLE.*the disk is full/);
  assert.equal(readdirSync(disk).includes("another"), false);
  makeRoom(disk);
  succeeds(reckon(["export", "base", folder]));
  assert.notDeepEqual(contents(folder), before);
}

/** A report that was there stays as it is. */
async function report(): Promise<void> {
  const runs = join(disk, "runs");
  await writeTestRun(runs, "grown", { steps: 3 });
  const out = join(disk, "report.html");
  writeFileSync(out, "the one before");
  fill(disk);
  const args = ["report", "grown", "--runs", runs, "--out", out];
  isTold(reckon(args), /FILE_UNWRITABLE.*report\.html.*the disk is full/);
  assert.equal(readFileSync(out, "utf8"), "the one before");
  makeRoom(disk);
  succeeds(reckon(args));
  assert.match(readFileSync(out, "utf8"), /^<!doctype html>/i);
}

/** Also where a part of it has found room: Node itself would say nothing of the rest. */
function output(): void {
  const file = join(disk, "graded.jsonl");
  const graded = (...more: string[]): SpawnSyncReturns<string> => {
    const descriptor = openSync(file, "w");
    try {
      return reckon([...more], descriptor);
    } finally {
      closeSync(descriptor);
    }
  };
  const told = /^error \[RUN_DISK\]: Standard output cannot be written: the disk is full/m;
  fill(disk);
  isTold(graded("tasks", "graded", "--count", "3"), told);
  makeRoom(disk);
  writeFileSync(join(disk, "filler-0"), new Uint8Array(free(disk) - 8192));
  isTold(graded("train", "r1", "--dry-run", "--json"), told);
  assert.ok(readFileSync(file).length > 0, "a part had room");
  makeRoom(disk);
  succeeds(graded("train", "r1", "--dry-run", "--json"));
  JSON.parse(readFileSync(file, "utf8"));
}

/** Where nobody can be told how it goes, a training saves and ends; nothing of it is lost. */
function progress(): void {
  const runs = mkdtempSync(join(tmpdir(), "reckon-progress-"));
  try {
    const set = ["steps=3", "promptsPerStep=2", "samplesPerPrompt=2", "evaluateEvery=1", "evaluateProblems=2"];
    const settings = ["--runs", runs, "--workers", "1", ...set.flatMap((setting) => ["--set", setting])];
    const file = openSync(join(disk, "progress"), "w");
    fill(disk);
    const { status, stderr } = reckon(["train", "r1-zero", ...settings], file);
    closeSync(file);
    assert.equal(status, 1, stderr);
    assert.equal(stderr.match(/Standard output cannot be written/g)?.length, 1, stderr);
    assert.match(stderr, /go on with reckon train --resume/);
    const state = () => JSON.parse(readFileSync(join(runs, "r1-zero", "state.json"), "utf8")).status as unknown;
    assert.equal(state(), "paused");
    succeeds(reckon(["train", "--resume", "r1-zero", "--runs", runs, "--workers", "1"]));
    assert.equal(state(), "finished");
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

const scenarios: Readonly<Record<string, () => void | Promise<void>>> = {
  export: exports,
  report,
  output,
  progress,
};
await scenarios[scenario]!();
process.stdout.write("all well\n");
