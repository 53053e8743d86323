/** In which order PyTorch's compiler is tried (bench/peers/plans.py); skipped where there is no Python. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../package.ts";
import { pythonOfPeers } from "./peer.ts";

/** Tries what the plan says, with times that are made up: null does not compile. */
const TRIES = `
import json, sys
from plans import step_candidates
rows, micro, attention, times = json.loads(sys.argv[1])
best, tried = None, []
for way in step_candidates(rows, micro, attention, lambda: best and best[1]):
    tried.append(way)
    took = times.get(f"{way['attention']} {way['micro']}")
    if took is not None and way["mode"] == "default" and (best is None or took < best[0]):
        best = (took, way)
print(json.dumps(tried))
`;

const python = pythonOfPeers();
const without = spawnSync(python, ["--version"]).status === 0 ? false : "no Python";

function tried(rows: number, micro: number, attention: string, times: Readonly<Record<string, number>>): string[] {
  const { status, stdout, stderr } = spawnSync(
    python,
    ["-B", "-c", TRIES, JSON.stringify([rows, micro, attention, times])],
    { cwd: join(packageRoot(), "bench", "peers"), encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  const ways = JSON.parse(stdout) as { mode: string; micro: number; attention: string }[];
  return ways.map(({ mode, micro, attention }) => `${mode === "default" ? "" : "tuned "}${attention} ${micro}`);
}

test("both attentions, then micro-batches with the faster, then automatic tuning of the fastest", {
  skip: without,
}, () => {
  const times = { "sdpa 16": 10, "manual 16": 9, "manual 32": 12, "manual 8": 7, "manual 4": 8 };
  assert.deepEqual(tried(32, 16, "sdpa", times), [
    ...["sdpa 16", "manual 16", "manual 32", "manual 8", "manual 4", "tuned manual 8"],
  ]);
  const stays = { "sdpa 2": 10, "manual 2": 11, "sdpa 1": 12 };
  assert.deepEqual(tried(2, 2, "sdpa", stays), ["sdpa 2", "manual 2", "sdpa 1", "tuned sdpa 2"]);
});

test("where nothing has compiled yet, eager's choices are gone on from", { skip: without }, () => {
  const order = ["manual 4", "sdpa 4", "manual 8", "manual 2", "manual 1"];
  assert.deepEqual(tried(8, 4, "manual", {}), [...order, "tuned manual 4"]);
  assert.deepEqual(tried(8, 4, "manual", { "manual 2": 3 }), [...order, "tuned manual 2"]);
});
