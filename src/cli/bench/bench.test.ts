/** Benchmarks where there is no PyTorch: they say so and measure us. And how rounds become figures. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import type { BenchResult } from "./result.ts";
import { median, medianTiming, takeTurns } from "./rounds.ts";

const main = join(import.meta.dirname, "..", "main.ts");

for (const bench of ["step", "decode"] as const) {
  test(`reckon bench ${bench} without PyTorch gives our own figures`, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [main, "bench", bench, "--threads", "2", "--rounds", "1", "--json"],
      { encoding: "utf8", env: { ...process.env, RECKON_PYTHON: "no-such-python" } },
    );
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout) as BenchResult;
    assert.equal(result.name, `${bench}-a-2`);
    assert.equal(result.peer, null);
    assert.equal(result.ratio, null);
    assert.match(result.peerMissing!, /no-such-python/);
    assert.ok(result.ours.wall > 0 && result.ours.tokensPerSecond > 0);
    assert.equal(result.rounds.length, 1);
    assert.match(stderr, /no PyTorch to compare with: no-such-python/);
  });
}

test("contestants are warmed up, then take turns; medians are of the rounds alone", async () => {
  const order: string[] = [];
  const contestant = (name: string, walls: number[]) => ({
    name,
    run: async () => {
      order.push(name);
      return { wall: walls.shift()!, cpu: 1 };
    },
  });
  const rounds = await takeTurns([contestant("a", [99, 1, 5, 3]), contestant("b", [99, 2, 2, 2])], 3);
  assert.deepEqual(order, ["a", "b", "a", "b", "a", "b", "a", "b"]);
  assert.deepEqual(medianTiming(rounds, "a"), { wall: 3, cpu: 1 });
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
