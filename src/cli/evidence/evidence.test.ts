/** The evidence through the real command, with runs of one step: made once, kept, and told apart from what was made otherwise. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Measurement } from "./record.ts";

const main = join(import.meta.dirname, "..", "main.ts");
const folder = mkdtempSync(join(tmpdir(), "reckon-evidence-"));
after(() => rmSync(folder, { recursive: true }));

const SMALL_RUNS = ["steps=1", "promptsPerStep=2", "samplesPerPrompt=2", "evaluateProblems=4", "maxNewTokens=24"];

function evidence(...args: string[]): { status: number | null; stderr: string; report: string } {
  const out = join(folder, "evidence.md");
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...[main, "evidence", "--problems", "10", "--samples", "2", "--growth-seeds", "0", "--seeds", "0"],
      ...["--records", join(folder, "records"), "--runs", join(folder, "runs"), "--out", out],
      ...SMALL_RUNS.flatMap((setting) => ["--set", `r1-zero.${setting}`]),
      ...["--set", "sft.steps=1", "--set", "sft.tokensPerStep=1024", "--set", "sft.evaluateProblems=4"],
      ...args,
    ],
    { encoding: "utf8" },
  );
  return { status, stderr, report: status === 0 ? readFileSync(out, "utf8") : "" };
}

test("the growth is collected, read again without doing it twice, and never taken for another", () => {
  const first = evidence("--parts", "growth");
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.report, /\| zero seed 0 \| \d/);
  assert.match(first.report, /--parts small/); // What has not been measured says how it is.
  const records = join(folder, "records");
  const names = readdirSync(records);
  assert.ok(names.includes("growth-zero-seed-0.json") && names.includes("growth-sft-seed-0.json"));
  const zero = JSON.parse(readFileSync(join(records, "growth-zero-seed-0.json"), "utf8")) as Measurement;
  assert.equal(zero.right.length, 10);
  assert.equal(zero.training?.steps, 1);
  const times = () => names.map((name) => statSync(join(records, name)).mtimeMs);
  const before = times();
  const again = evidence("--parts", "none");
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(times(), before);
  assert.match(again.report, /\| zero seed 0 \| \d/);
  assert.doesNotMatch(again.stderr, /is left out/);
  // Another recipe has no record yet, and nothing may be trained for it.
  const other = evidence("--parts", "none", "--set", "r1-zero.learningRate=1e-5");
  assert.equal(other.status, 0, other.stderr);
  assert.match(other.report, /--parts [a-z0-9,-]*,growth`/);
  assert.match(other.stderr, /"The growth that `npm start` shows" stood in .* and is left out/);
});

test("parts, seeds and settings that are none are wrong usage", () => {
  for (const args of [
    ["--parts", "all"],
    ["--seeds", "x"],
    ["--set", "steps=3"],
  ]) {
    const { status, stderr } = evidence(...args);
    assert.equal(status, 2, stderr);
  }
});
