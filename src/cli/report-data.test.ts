/** `reckon report` of what a person types: a stage, and a run that has several. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = mkdtempSync(join(tmpdir(), "reckon-report-"));
after(() => rmSync(root, { recursive: true, force: true }));

function reckon(...args: string[]): { status: number | null; stderr: string } {
  const main = join(import.meta.dirname, "main.ts");
  return spawnSync(process.execPath, ["--conditions=reckon-source", main, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

test("of a run of several stages the stages are named, as the run was", () => {
  const stages = ["first", "second"].map((name) => ({
    ...{ kind: "graded", name, prompts: 3, problems: [{ family: "addition", level: 0, weight: 1 }] },
  }));
  writeFileSync(join(root, "two.json"), JSON.stringify({ name: "two", description: "", stages }));
  const trained = reckon("train", "two.json", "--workers", "1");
  assert.equal(trained.status, 0, trained.stderr);
  for (const typed of ["two", "runs/two", "runs/two/"]) {
    const { status, stderr } = reckon("report", typed);
    const name = typed.replace(/\/$/, "");
    assert.equal(status, 1, stderr);
    assert.match(stderr, /RUN_STAGES/);
    assert.ok(stderr.includes(`reckon report ${name}/first ${name}/second`), stderr);
    assert.doesNotMatch(stderr, /^ +at /m, "no stack");
    assert.ok(!existsSync(join(root, "report.html")));
    const told = reckon("report", `${name}/first`, `${name}/second`);
    assert.equal(told.status, 0, told.stderr);
    rmSync(join(root, "report.html"));
  }
  const elsewhere = reckon("report", "two", "--runs", "./runs");
  assert.ok(elsewhere.stderr.includes("reckon report two/first two/second --runs ./runs"), elsewhere.stderr);
  for (const stage of ["first", "second"]) rmSync(join(root, "runs", "two", stage), { recursive: true });
  for (const typed of [["runs/two"], ["two"]])
    assert.match(reckon("report", ...typed).stderr, /none has yet.*reckon train --resume two$/ms);
  const none = reckon("report", "three");
  assert.equal(none.status, 1);
  assert.match(none.stderr, /RUN_UNKNOWN.*"three"/);
});
