/** Benchmarks where there is no PyTorch: they say so and measure us. And how rounds become figures. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { median } from "../../util/statistics.ts";
import { CONFIGURATIONS, decodingFlops, SHARED, trainingFlops } from "./configurations.ts";
import { measure } from "./growth-point.ts";
import type { GrpoResult } from "./grpo.ts";
import { JOBS } from "./jobs.ts";
import { LineProcess } from "./line-process.ts";
import { productShapes } from "./matmul.ts";
import type { ProfileResult } from "./profile.ts";
import type { BenchResult } from "./result.ts";
import { medianTiming, takeTurns } from "./rounds.ts";

const main = join(import.meta.dirname, "..", "main.ts");

/** The command without PyTorch; its document, or what it said when it failed. */
function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, "bench", ...args, "--json"], {
    encoding: "utf8",
    env: { ...process.env, RECKON_PYTHON: "no-such-python" },
  });
}

function documentOf<T>(...args: string[]): T & { readonly said: string } {
  const { status, stdout, stderr } = bench(...args);
  assert.equal(status, 0, stderr);
  return { ...(JSON.parse(stdout) as T), said: stderr };
}

for (const name of ["step", "decode"] as const) {
  test(`reckon bench ${name} without PyTorch gives our own figures`, () => {
    const result = documentOf<BenchResult>(name, "--threads", "2", "--rounds", "1");
    assert.equal(result.name, `${name}-a-2`);
    assert.equal(result.peer, null);
    assert.equal(result.ratio, null);
    assert.equal(result.compiled, null);
    assert.match(result.peerMissing!, /no-such-python/);
    assert.ok(result.ours.wall > 0 && result.ours.tokensPerSecond > 0);
    assert.equal(result.rounds.length, 1);
    assert.match(result.said, /no PyTorch to compare with: no-such-python/);
    const { gflops, how, all } = result.matmulRate;
    assert.equal(gflops, Math.max(...Object.values(all)));
    assert.equal(gflops, all[how]);
    assert.match(Object.keys(all).join("\n"), /1024×1024×1024, ONNX Runtime, 2 at once/);
    assert.ok(Math.abs(result.fraction - result.ours.gflops / gflops) < 1e-3);
  });
}

test("reckon bench grpo without TRL takes whole steps of ours", () => {
  const tiny = ["--prompts", "4", "--samples", "4", "--new-tokens", "5", "--rounds", "2", "--threads", "2"];
  const result = documentOf<GrpoResult>("grpo", ...tiny);
  assert.equal(result.peer, null);
  assert.match(result.peerMissing!, /no-such-python/);
  assert.equal(result.rounds.length, 2);
  // No answer ends early: every one has all its tokens.
  for (const round of result.rounds) assert.equal(round["ours"]!.tokens, 4 * 4 * 5);
  assert.ok(result.ours.generate > 0 && result.ours.train > 0 && result.ours.rssMiB > 50);
  assert.ok(result.ours.generate + result.ours.train <= result.ours.wall + 1);
  assert.ok(result.footprint.ours > 100, "onnxruntime-node and Node alone are more than 100 MB");
});

test("reckon bench profile tells all time in kernels apart", () => {
  const { ours, rounds } = documentOf<ProfileResult>("profile", "--rounds", "2");
  const sum = (shares: Readonly<Record<string, number>>): number =>
    Object.values(shares).reduce((total, share) => total + share, 0);
  for (const shares of [ours.shares, ours.operators, ours.scopes]) assert.ok(Math.abs(sum(shares) - 1) < 0.01);
  assert.ok(ours.shares.products > 0.5 && ours.shares.transposes > 0);
  assert.ok(ours.kernels > 0 && ours.kernels <= ours.wall);
  assert.equal(rounds.length, 2);
});

test("a point of the growth is measured for training and for decoding", async () => {
  const model = { ...CONFIGURATIONS.a.model, layers: 1 };
  const step = { kind: "step", rows: 4, length: 16, microTokens: 32 } as const;
  const decode = { kind: "decode", rows: 4, prompt: 4, newTokens: 6 } as const;
  for (const work of [step, decode]) {
    const point = await measure({ model, work, rounds: 2, seconds: 3600 });
    assert.equal(point.rounds.length, 2);
    assert.ok(point.ms > 0 && point.fraction > 0 && point.rssMiB >= point.baseMiB);
  }
});

test("reckon bench all writes nothing that has no peer, and report names what is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "reckon-bench-test-"));
  try {
    const made = bench("all", "--only", "profile-a,decode-a-1", "--quick", "--out", folder);
    assert.equal(made.status, 1);
    const { failures } = JSON.parse(made.stdout) as { failures: Record<string, string> };
    assert.deepEqual(Object.keys(failures), ["decode-a-1"]);
    assert.match(failures["decode-a-1"]!, /no peer: no-such-python/);
    const { status, stderr } = bench("report", "--results", folder, "--out", join(folder, "performance.md"));
    assert.equal(status, 1);
    assert.match(stderr, /BENCH_RESULTS_MISSING/);
    for (const { name } of JOBS)
      assert.equal(stderr.includes(`reckon -- bench all --only ${name}\n`), name !== "profile-a", name);
    assert.equal(bench("all", "--only", "step-x-1").status, 2);
    assert.equal(bench("all", "--quick").status, 2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("operations are counted as they are done", () => {
  const model = {
    ...SHARED,
    vocabSize: 10,
    hiddenSize: 4,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headDim: 2,
    intermediateSize: 6,
  };
  // q and o 4 × 4, k and v 4 × 2, gate, up and down 4 × 6, and the tied output matrix 4 × 10.
  const weights = 2 * 16 + 2 * 8 + 3 * 24 + 40;
  const attention = 2 * 5 * 4; // scores and values over 5 positions, 2 heads of 2
  assert.equal(trainingFlops({ model, rows: 3, length: 5 }), 6 * 3 * 5 * (weights + attention));
  // 2 + 3 tokens of which 4 are read; token t attends to t positions.
  assert.equal(
    decodingFlops({ model }, { rows: 3, prompt: 2, newTokens: 3 }),
    2 * 3 * (4 * weights + 2 * 4 * (1 + 2 + 3 + 4)),
  );
  assert.deepEqual(productShapes(model, 7).at(-1), [7, 4, 10]);
});

test("a process that does not answer in time is ended and says so", async () => {
  const silent = new LineProcess(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
  assert.deepEqual(await silent.ask({}, 0.3), { error: "no answer within 0.3 s" });
  const failing = new LineProcess(process.execPath, [
    "-e",
    "console.error('first'); console.error('why'); process.exit(1)",
  ]);
  assert.deepEqual(await failing.next(), { error: "why" });
});

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
