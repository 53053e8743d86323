/** Models by what a person types: names of runs, folders, shipped names. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runNamed } from "../runs/index.ts";
import { findModelFolder, modelFolder, runBehind } from "./models.ts";

const base = join(import.meta.dirname, "..", "..", "models", "base");
const before = process.cwd();
const root = realpathSync(mkdtempSync(join(tmpdir(), "reckon-models-")));
process.chdir(root);
after(() => {
  process.chdir(before);
  rmSync(root, { recursive: true });
});
const checkpoint = (run: string, step: number): string => join(root, "runs", run, "checkpoints", `step-${step}`);
for (const step of [2, 10]) cpSync(base, checkpoint("mine", step), { recursive: true });

test("a run goes by its name, by its folder and by a checkpoint's; its newest checkpoint is meant", () => {
  const newest = checkpoint("mine", 10);
  assert.deepEqual(["mine", "runs/mine", join(root, "runs", "mine")].map(findModelFolder), [newest, newest, newest]);
  assert.equal(findModelFolder(checkpoint("mine", 2)), checkpoint("mine", 2));
});

test("what ships goes before a run of its name, which its folder still names", () => {
  cpSync(base, checkpoint("zero", 1), { recursive: true });
  assert.equal(findModelFolder("zero"), join(before, "models", "zero"));
  assert.equal(findModelFolder("runs/zero"), checkpoint("zero", 1));
  assert.equal(runBehind("zero"), join("runs", "zero"));
  for (const name of ["base", "mine", "runs/zero", join(before, "models", "zero")])
    assert.equal(runBehind(name), undefined, name);
  assert.throws(() => modelFolder("nobody"), {
    code: "MODEL_UNKNOWN",
    message: /runs\/nobody[\s\S]*shipped here: .*zero/,
  });
});

test("a run to go on with is named by its name or its folder", () => {
  const named = (typed: string): string => runNamed("runs", typed);
  assert.deepEqual(["mine", "runs/mine", "./runs/mine/", join(root, "runs", "mine")].map(named), Array(4).fill("mine"));
  assert.equal(named("runs/mine/rl"), "mine/rl");
  assert.equal(named("mine/rl"), "mine/rl");
  // What is in another folder is no run of this one.
  assert.equal(named("elsewhere/mine"), "elsewhere/mine");
});

test("a shipped model that is taken in place of a run of its name is told, beside the data", () => {
  const main = join(import.meta.dirname, "main.ts");
  const asked = ["--prompt", "Add 1 + 2.", "--max-tokens", "4", "--json"];
  for (const [args, told] of [
    [["chat", "zero", ...asked], true],
    [["chat", "runs/zero", ...asked], false],
    [["eval", "zero", "--count", "1", "--max-tokens", "4", "--json"], true],
    [["export", "zero", "out", "--json"], true],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=reckon-source", main, ...args], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    assert.equal(status, 0, stderr);
    assert.ok(JSON.parse(stdout));
    assert.equal(/^warning: this is the shipped zero; your run is runs.zero$/m.test(stderr), told, stderr);
  }
});
