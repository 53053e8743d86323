/** The document of performance: every result stands in it, floors are judged, old results are marked; and plots. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../package.ts";
import { describeResult } from "./describe.ts";
import { powerLaw } from "./fit.ts";
import { judged, stepVerdicts } from "./floors.ts";
import type { GrowthPoint, GrowthResult } from "./growth.ts";
import { fasterWay, withLowerBound } from "./pair.ts";
import { plot } from "./plot.ts";
import { checkReasons, readReasons } from "./reasons.ts";
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
  optimizer: { ours: { wall: 10, cpu: 10 }, peer: { wall: 5, cpu: 5 }, ratio: 0.5 },
  agreement: { loss: 0 },
  rounds: [],
};
const slow: BenchResult = {
  ...step,
  name: "step-c-1",
  config: "c",
  peer: { ...step.peer!, wall: 202 },
  ratio: 1.01,
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
      weights: "",
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
  const text = performanceReport(results, "performance.svg", {});
  // 250 + 5 ms over 200 + 10: the optimiser's step takes some of what the gradients won.
  assert.match(
    text,
    /\| a, 1 core \| 200 \/ 250 \| 1\.25 \| – \| 10\.0 \/ 5\.0 \| 0\.50 \| 210 \/ 255 \| 1\.21 \(floor 1\.10: met\) \| 14,629 \|/,
  );
  assert.match(text, /\| a, 1 core \| 15,360 \| 80\.0 \| 80 % \(floor 70 %: met\) \| 100 \(1024×1024×1024, PyTorch\)/);
  assert.match(text, /\| c, 1 core † \|.* 1\.01 \|.* 210 \/ 207 \| 0\.99 \(floor 1\.00: \*\*missed\*\* by 0\.01\)/);
  assert.match(text, /\| c, 1 core † \|.* 60 % \(floor 80 %: \*\*missed\*\* by 20\.0 points\)/);
  assert.match(text, /no C\+\+ compiler/);
  assert.match(text, /micro 32: 10\.0 s; micro 32, compile: failed \(no compiler\)/);
  assert.match(text, /1 core: 2\.50 times as fast, floor 2\.00: met \(sampling/);
  assert.match(text, /† 1 of 7 results were measured on another state/);
  assert.match(text, /!\[.*\]\(performance\.svg\)/);
  assert.match(text, /step by parameters \| 10 to 1,000 \| 0\.90 \(0\.90 to 0\.90\)/);
  for (const { name } of [step, slow, growth, results.firstCurve]) assert.ok(text.includes(`| ${name}`), name);
  assert.doesNotMatch(text, /undefined|NaN|\[object/);
});

test("a missed floor says by how much and why, a met one does not; aims are aims", () => {
  const reasons = { "step-c-1 fraction": "It is slow", "step-a-1 ratio": "never read" };
  const text = performanceReport(results, "performance.svg", reasons);
  assert.match(text, /4 of 6 floors are met\. The others:/);
  assert.match(text, /- \*\*step-c-1 fraction\*\*: 60 % instead of 80 %, short by 20\.0 points\. It is slow\.\n/);
  assert.match(text, /- \*\*step-c-1 ratio\*\*: 0\.99 instead of 1\.00, short by 0\.01\. No reason found yet\.\n/);
  assert.doesNotMatch(text, /never read/);
  assert.match(text, /\| step-a-1 ratio \| 1\.21 \| 1\.10: met \| 1\.30: not reached, short by 0\.09 \|/);
  assert.match(text, /\| step-a-1 fraction \| 80 % \| 70 %: met \| 85 %: not reached, short by 5\.0 points \|/);
  assert.match(text, /\| step-c-1 fraction † \| 60 % \| 80 %: \*\*missed\*\* by 20\.0 points \|/);
  assert.match(text, /\| decode-a-1 ratio \| 1\.25 \| 1\.10: met \| 1\.30: not reached, short by 0\.05 \|/);
  assert.match(text, /\| a, 1 core \| 200 \|[^\n]*\| 80 % \| 250 \| 1\.25 \(floor 1\.10: met\) \| – \|/);
  assert.match(text, /\| grpo-1 ratio \| 2\.50 \| 2\.00: met \| – \|/);
  assert.match(text, /aims are reached: 1\.30 times eager in 0 of 3, 85 % of the best product in 0 of 2\./);
  assert.throws(() => performanceReport(results, "p.svg", { "step-d-1 ratio": "?" }), /BENCH_REASONS|step-d-1/);
});

test("a floor is missed by what rounding hides, too; and is not met by what was not measured", () => {
  const close = { ...step, peer: { ...step.peer!, wall: 225.99 } };
  assert.equal(judged(stepVerdicts({ ...close, ratio: 1.13 })[0]), "1.10 (floor 1.10: met)");
  const closer = { ...close, peer: { ...close.peer, wall: 225.8 } };
  assert.equal(judged(stepVerdicts(closer)[0]), "1.10 (floor 1.10: **missed** by 0.001)");
  const { optimizer: _, ...without } = step;
  const [grpo] = results.grpo;
  const smaller = { ...grpo!, job: { ...grpo!.job, prompts: 4 } };
  const text = performanceReport({ ...results, steps: [without], grpo: [smaller] }, "p.svg", {});
  assert.match(text, /step-a-1 ratio\*\* cannot be judged: the optimiser's step was not measured/);
  assert.match(text, /grpo-1 ratio\*\* cannot be judged: the floor is for 32 × 16 samples, this is 4 × 16/);
  assert.doesNotMatch(text, /Every floor is met|NaN|undefined/);
  const slower = performanceReport({ ...results, grpo: [{ ...grpo!, ratio: 1.6 }] }, "p.svg", {});
  assert.match(slower, /1\.60 times as fast, floor 2\.00: \*\*missed\*\* by 0\.40/);
  assert.match(slower, /\*\*grpo-1 ratio\*\*: 1\.60 instead of 2\.00, short by 0\.40/);
});

test("a compiled step is judged as a whole beside the eager optimiser", () => {
  const compiled = { ...step.peer!, wall: 205, compileSeconds: 40, tries: [], ratio: 1.025, agreement: {}, how: "max" };
  const text = performanceReport({ ...results, steps: [{ ...step, compiled }] }, "p.svg", {});
  assert.match(text, /\| gradients a, 1 core \| 205 \| 1\.02 \| 1\.00 \| 40 s \| max \|/);
});

test("what is printed has gradients, optimiser and whole step", () => {
  const said = describeResult(step).join("\n");
  assert.match(said, /ratio +1\.25 of the gradients/);
  assert.match(said, /optimiser's step 10\.0 ms, PyTorch 5\.0 ms, ratio 0\.5/);
  assert.match(said, /whole step 210 ms, PyTorch 255 ms, ratio 1\.214; floor 1\.10: met, aim 1\.30: not reached/);
  assert.match(said, /80 % of the best plain product.*floor 70 %: met, aim 85 %: not reached/);
});

test("two processes' gradients are a lower bound beside the ratio, and in decoding the slower way stands beside the faster", () => {
  const pair = { ...step.peer!, wall: 230, cpu: 440, how: "micro 8" };
  const bounded = { ...step, name: "step-a-2", threads: 2, peer: withLowerBound(step.peer!, pair) };
  const decode: BenchResult = {
    ...{ ...step, name: "decode-a-2", bench: "decode", threads: 2 },
    ...{ peer: fasterWay(step.peer!, pair), ratio: 1.15 },
  };
  assert.deepEqual(stepVerdicts(bounded), stepVerdicts({ ...step, name: "step-a-2" }));
  const text = performanceReport({ ...results, steps: [bounded], decodes: [decode] }, "p.svg", {});
  assert.match(text, /\| a, 2 cores \| 200 \/ 250 \| 1\.25 \| 230, ratio 1\.15 \| 10\.0 \/ 5\.0 \|/);
  assert.match(text, /\| 230 \| 1\.15 \(floor 1\.10: met\) \| 250 ms in two threads inside each operator \|/);
  const said = describeResult(bounded).join("\n");
  assert.match(said, /PyTorch {2}250 ms .*\[two threads inside each operator: sdpa\]/);
  assert.match(said, /230 ms \(cpu 440 ms\) {2}\[two processes of one thread, gradients not added up: micro 8\]/);
  assert.match(said, /ratio +1\.25 of the gradients.*\n +at least 1\.15 beside two processes/);
  const decoded = describeResult(decode).join("\n");
  assert.match(decoded, /PyTorch {2}230 ms .*\[two processes of one thread: micro 8\]/);
  assert.match(decoded, /250 ms \(cpu 250 ms\) {2}\[two threads inside each operator: sdpa\]/);
  assert.doesNotMatch(`${decoded}${describeResult(step).join("\n")}`, /at least/);
});

test("reasons are sentences by floors' names, and those of this repository are", () => {
  const names = ["a", "b", "c"].flatMap((config) =>
    [1, 2].flatMap((n) => [`step-${config}-${n} ratio`, `step-${config}-${n} fraction`]),
  );
  checkReasons(readReasons(), [...names, "grpo-1 ratio", "grpo-2 ratio"]);
  const folder = mkdtempSync(join(tmpdir(), "reckon-reasons-test-"));
  try {
    const file = join(folder, "reasons.json");
    assert.deepEqual(readReasons(file), {});
    writeFileSync(file, '{"grpo-1 ratio": "because"}');
    assert.deepEqual(readReasons(file), { "grpo-1 ratio": "because" });
    for (const wrong of ["[]", "{", '{"grpo-1 ratio": 3}', '{"grpo-1 ratio": " "}']) {
      writeFileSync(file, wrong);
      assert.throws(() => readReasons(file), { code: "BENCH_REASONS" }, wrong);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  // A share above 1 is drawn where it is, under an axis that reaches it.
  const above = { ...growth, ours: points.map((one) => ({ ...one, fraction: one.x === 100 ? 1.2 : 0.6 })) };
  const heights = [...growthPlot(above).matchAll(/<circle cx="[\d.]+" cy="([\d.]+)" r="2.5"/g)].map((one) => one[1]);
  const [bottom, top] = [208, 46];
  for (const share of [1.2, 0.6]) assert.ok(heights.includes((bottom - (share / 1.25) * (bottom - top)).toFixed(1)));
  const level = [1, 10, 100].map((x) => ({ x, y: 5 }));
  const flat = plot(
    [{ title: "a < b & c", x: "x", y: "y", series: [{ label: "one", color: "#000", points: level }] }],
    3,
  );
  assert.match(flat, /a &lt; b &amp; c/);
  assert.match(flat, /viewBox="0 0 320 250"/);
  for (const [, x, y] of flat.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="2.5"/g))
    assert.ok(Number(x) > 50 && Number(x) < 310 && Number(y) > 40 && Number(y) < 215);
});
