/** The document of performance: every result stands in it, floors are judged, old results are marked; and plots. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { packageRoot } from "../package.ts";
import { powerLaw } from "./fit.ts";
import type { GrowthPoint, GrowthResult } from "./growth.ts";
import { plot } from "./plot.ts";
import { growthPlot, performanceReport } from "./report.ts";
import type { BenchResult } from "./result.ts";
import { ageOf, type Results } from "./results.ts";

const head = execFileSync("git", ["rev-parse", "--short=10", "HEAD"], { cwd: packageRoot(), encoding: "utf8" }).trim();
const origin = { commit: head, cpu: "a processor", versions: { torch: "1.2.3" }, load: [0, 0.5] } as const;

const step: BenchResult = {
  ...origin,
  name: "step-a-1",
  bench: "step",
  config: "a",
  threads: 1,
  ours: { wall: 200, cpu: 200, tokensPerSecond: 15_360, gflops: 80, how: "one thread" },
  peer: { wall: 250, cpu: 250, tokensPerSecond: 12_288, gflops: 64, how: "sdpa" },
  ratio: 1.25,
  compiled: null,
  compiledMissing: "no C++ compiler",
  matmulRate: { gflops: 100, how: "1024×1024×1024, PyTorch", all: {} },
  fraction: 0.8,
  agreement: { loss: 0 },
  rounds: [],
};
const slow: BenchResult = {
  ...step,
  name: "step-c-1",
  config: "c",
  ratio: 0.95,
  fraction: 0.6,
  commit: `${head}+changes`,
};

const point = (kind: "step" | "decode", axis: GrowthPoint["axis"], x: number): GrowthPoint => ({
  ...{ kind, axis, x, parameters: x, ms: x ** 0.9, gflops: 50, matmulGflops: 100, fraction: 0.5, rssMiB: 100 + x },
  ...{ baseMiB: 90, rounds: [1], work: { kind: "step", rows: 1, length: 1, microTokens: 1 } },
});
const points = (["step", "decode"] as const).flatMap((kind) =>
  (["parameters", "batch", "length"] as const).flatMap((axis) => [10, 100, 1000].map((x) => point(kind, axis, x))),
);
const growth: GrowthResult = {
  ...origin,
  ...{ name: "growth", bench: "growth", threads: 1, peer: null, ratio: null, rounds: [] },
  ours: points,
  fits: (["step", "decode"] as const).flatMap((kind) =>
    (["parameters", "batch", "length"] as const).map((axis) => {
      const some = points.filter((one) => one.kind === kind && one.axis === axis);
      const law = powerLaw(some.map(({ x, ms }) => ({ x, y: ms })));
      return { kind, axis, time: law, memory: law };
    }),
  ),
};
const side = { wall: 4000, cpu: 4000, generate: 1000, train: 3000, tokensPerSecond: 8192, rssMiB: 300 };

const results: Results = {
  steps: [step, slow],
  decodes: [{ ...step, name: "decode-a-1", bench: "decode" }],
  profiles: [
    {
      ...origin,
      ...{ name: "profile-a", bench: "profile", config: "a", threads: 1, peer: null, ratio: null, rounds: [] },
      ours: {
        ...{ wall: 10, kernels: 9, productGflops: 95, operators: { MatMul: 0.8, Mul: 0.2 }, scopes: {} },
        shares: { products: 0.8, elementwise: 0.2, transposes: 0, other: 0 },
      },
    },
  ],
  growth,
  grpo: [
    {
      ...origin,
      ...{ name: "grpo-1", bench: "grpo", threads: 1, ratio: 2.5, rounds: [] },
      job: { model: "models/base", prompts: 32, samples: 16, newTokens: 64, learningRate: 1e-6 },
      ours: { ...side, firstStepSeconds: 5, how: "one thread" },
      peer: { ...side, wall: 10_000, rssMiB: 900, firstStepSeconds: 30, how: "micro 32" },
      ratios: { generate: 2, train: 3, memory: 3 },
      tries: [
        { micro: 32, ms: 10_000 },
        { micro: 32, compile: true, failed: "no compiler" },
      ],
      footprint: { ours: 500, peer: 6000, peerWithoutCuda: 1300, peerInstallSeconds: 100 },
    },
  ],
  firstCurve: {
    ...origin,
    ...{ name: "first-curve", bench: "first-curve", threads: 2, ratio: 4, rounds: [] },
    ours: { cloned: 1, installed: 12, ready: 20, firstPoint: 25, firstStep: 30 },
    peer: { install: 100, firstStep: 40 },
  },
};

test("the document holds every figure, says which floors are met, and marks what is not of this commit", () => {
  const text = performanceReport(results, "performance.svg");
  assert.match(
    text,
    /\| a, 1 core \| 200 \| 15,360 \| 80\.0 \| 80 % \(floor 70 %: met\) \| 250 \| 1\.25 \(floor 1\.10: met\)/,
  );
  assert.match(text, /\| c, 1 core † .* 60 % \(floor 80 %: \*\*missed\*\*\) .* 0\.95 \(floor 1\.00: \*\*missed\*\*\)/);
  assert.match(text, /Missed: c, 1 core †: 60 % of the best product instead of 80 %; .*0\.95 times/);
  assert.match(text, /no C\+\+ compiler/);
  assert.match(text, /micro 32: 10\.0 s; micro 32, compile: failed \(no compiler\)/);
  assert.match(text, /1 core: 2\.50 times as fast/);
  assert.match(text, /† 1 of 7 results were measured on another state/);
  assert.match(text, /!\[.*\]\(performance\.svg\)/);
  assert.match(text, /step by parameters \| 10 to 1,000 \| 0\.90 \(0\.90 to 0\.90\)/);
  for (const { name } of [step, slow, growth, results.firstCurve]) assert.ok(text.includes(`| ${name}`), name);
  assert.doesNotMatch(text, /undefined|NaN|\[object/);
});

test("a result is as old as the last change of what it measured", () => {
  assert.equal(ageOf(head), "present");
  assert.equal(ageOf(`${head}+changes`), "changed");
  assert.equal(ageOf("no-such-commit"), "unknown");
});

test("a plot draws every point inside its panel and escapes its words", () => {
  const drawn = growthPlot(growth);
  assert.equal(drawn.match(/<polyline/g)?.length, 18);
  assert.doesNotMatch(drawn, /NaN|Infinity/);
  const points = [1, 10, 100].map((x) => ({ x, y: 5 }));
  const flat = plot([{ title: "a < b & c", x: "x", y: "y", series: [{ label: "one", color: "#000", points }] }], 3);
  assert.match(flat, /a &lt; b &amp; c/);
  assert.match(flat, /viewBox="0 0 320 250"/);
  for (const [, x, y] of flat.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="2.5"/g))
    assert.ok(Number(x) > 50 && Number(x) < 310 && Number(y) > 40 && Number(y) < 215);
});
