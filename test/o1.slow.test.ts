/** The recipe o1 at the scale tiny as it ships, but for the length of its reinforcement: its base reasons, its judge judges. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");

test("o1's good chains teach the base to solve, and its judge tells better chains from worse", (t) => {
  const runs = mkdtempSync(join(tmpdir(), "reckon-o1-"));
  t.after(() => rmSync(runs, { recursive: true, force: true }));
  const short = ["stages.rl.steps=2", "stages.rl.evaluateProblems=20"].flatMap((one) => ["--set", one]);
  const { status, stderr } = spawnSync(process.execPath, [main, "train", "o1", "--runs", runs, ...short, "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, stderr.slice(-2000));
  const last = (stage: string, name: string): number => {
    const rows = readFileSync(join(runs, "o1", stage, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n");
    return rows.map((row) => JSON.parse(row) as Record<string, number>).findLast((row) => row[name] !== undefined)![
      name
    ]!;
  };
  // Far below what was measured, since floats differ from processor to processor; the base itself is right for 28 %.
  assert.ok(last("tune", "eval/accuracy") > 0.6, `${last("tune", "eval/accuracy")}`);
  assert.ok(last("judge", "eval/pair_accuracy") > 0.8, `${last("judge", "eval/pair_accuracy")}`);
  assert.ok(last("rl", "rewards/model/mean") > 0.3, `${last("rl", "rewards/model/mean")}`);
});
