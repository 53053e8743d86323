/** Curves of the growth bend where their exponents differ from the fit's, and the causes are those that were put in. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parameterLayout } from "../../model/parameters.ts";
import { caches } from "./caches.ts";
import { decodingFlops, trainingFlops } from "./configurations.ts";
import { powerLaw } from "./fit.ts";
import { type GrowthPoint, type GrowthResult, memoryOf } from "./growth.ts";
import { curvesOf } from "./growth-bends.ts";
import { attentionShare, causesOf, fixedLine } from "./growth-causes.ts";
import { LONG_A, modelOf, SIZED } from "./growth-models.ts";
import { growthText } from "./report-growth.ts";

const PARAMETERS = parameterLayout(LONG_A).size;

/** A point of a model on which time follows from operations, the machine's rate and our share of it. */
function point(one: Pick<GrowthPoint, "axis" | "x" | "work"> & Partial<GrowthPoint>): GrowthPoint {
  const {
    axis,
    work,
    fraction = 0.8,
    matmulGflops = 100,
    parameters = PARAMETERS,
    noise = 0,
  } = {
    noise: 0,
    ...one,
  } as typeof one & { noise?: number };
  const model = modelOf(axis, parameters)!;
  const flops =
    work.kind === "step" ? trainingFlops({ model, ...work }) : decodingFlops({ model }, work) / work.newTokens;
  const gflops = fraction * matmulGflops;
  const ms = flops / gflops / 1e6;
  const rounds = [1 - noise, 1, 1 + noise, 1, 1].map((factor) => ms * factor);
  const memory = { rssMiB: 200, baseMiB: 100 };
  return { kind: work.kind, parameters, fraction, matmulGflops, gflops, ms, rounds, ...memory, ...one };
}

function result(ours: readonly GrowthPoint[], caches?: Record<string, number>): GrowthResult {
  const { kind, axis } = ours[0]!;
  const law = (of: (point: GrowthPoint) => number) => powerLaw(ours.map((one) => ({ x: one.x, y: of(one) })));
  const machine = { commit: "none", cpu: "a processor", versions: {}, load: [0, 0] as const };
  const fits = [{ kind, axis, time: law(({ ms }) => ms), memory: law(memoryOf) }];
  const name = { name: "growth", bench: "growth", threads: 1, peer: null, ratio: null, rounds: [] } as const;
  return { ...machine, ...name, ours, fits, ...(caches ? { caches } : {}) };
}

/** What is said of every bend, by "time 1→2". */
function said(growth: GrowthResult): Record<string, string> {
  const [curve] = curvesOf(growth);
  return Object.fromEntries(
    curve!.bends.map((bend) => [
      `${bend.of} ${bend.from.x}→${bend.to.x}`,
      causesOf(bend, curve!, growth).join("; and "),
    ]),
  );
}

const lengths = [24, 48, 96, 192, 384, 768, 1536];
const byLength = (of: (length: number) => Partial<GrowthPoint>): GrowthPoint[] =>
  lengths.map((x) =>
    point({ axis: "length", x, work: { kind: "step", rows: 3072 / x, length: x, microTokens: 1536 }, ...of(x) }),
  );

test("where attention takes over, the operations are why a step bends", () => {
  const growth = result(byLength(() => ({})));
  const shares = growth.ours.map((one) => attentionShare(one)!);
  // Of a token: 4 layers · 128 · S · 2 beside 4 · (4 · 128² + 3 · 128 · 384) + 64 · 128 weights.
  assert.ok(Math.abs(shares[0]! - (1024 * 24) / (1024 * 24 + 860_160)) < 1e-12, `${shares[0]}`);
  const found = said(growth);
  const late = Object.entries(found).find(([where]) => where.startsWith("time") && where.endsWith("1536"));
  assert.match(
    late![1],
    /^operations \(exponent 0\.\d\d here, 0\.\d\d of the whole curve\); attention's share of them by/,
  );
  assert.ok(!Object.values(found).some((words) => /share of the best|best product itself/.test(words)));
});

test("a share of the product that falls is told from a machine that was slower", () => {
  const sizes = SIZED.map((model) => parameterLayout(model).size);
  const work = { kind: "step", rows: 16, length: 96, microTokens: 1536 } as const;
  const bySize = (of: (i: number) => Partial<GrowthPoint>): GrowthPoint[] =>
    sizes.map((x, i) => point({ axis: "parameters", x, parameters: x, work, ...of(i) }));
  assert.deepEqual(said(result(bySize(() => ({})))), {});
  const falls = bySize((i) => ({ fraction: i < 4 ? 0.8 : 0.5 }));
  const where = `time ${sizes[3]}→${sizes[4]}`;
  assert.match(said(result(falls))[where]!, /^our share of the best product, 80 % → 50 % .*; why is not known$/);
  const large = { L2: 2 ** 20, L3: 50 * 2 ** 20 };
  assert.match(
    said(result(falls, large))[where]!,
    /weights and gradient, \d+ MiB → \d+ MiB, outgrows the cache L3 \(50 MiB\)/,
  );
  const slower = bySize((i) => ({ matmulGflops: i < 4 ? 100 : 60 }));
  assert.match(said(result(slower))[where]!, /^the best product itself, 100 → 60 GFLOP\/s/);
  // The rates of its own products say which part of the share it is.
  const own = (i: number): Record<string, number> => ({
    "1536×96×96, ONNX Runtime": i < 4 ? 90 : 56,
    "1024×1024×1024, ONNX Runtime": 100,
  });
  const kept = said(result(bySize((i) => ({ fraction: i < 4 ? 0.8 : 0.5, products: own(i) }))));
  assert.match(kept[where]!, /^plain products of its own shapes, of the best product, 90 % → 56 %/);
});

test("noise bends nothing, and without rounds nothing is claimed", () => {
  const one = (noise: number, rounds?: number[]): Record<string, string> =>
    said(result(byLength((x) => ({ fraction: x === 1536 ? 0.5 : 0.8, ...{ noise }, ...(rounds ? { rounds } : {}) }))));
  assert.ok("time 768→1536" in one(0.02) || "time 384→1536" in one(0.02));
  assert.deepEqual(one(0.6), {});
  assert.deepEqual(one(0, [1]), {});
  const text = growthText(result(byLength(() => ({ rounds: [1] }))), "p.svg");
  assert.match(text, /Whether the time bends cannot be said/);
  assert.doesNotMatch(text, /It bends nowhere/);
});

test("memory: a fixed part, what formulas say grows, or no known cause", () => {
  const batches = [1, 4, 16, 64, 128, 256];
  const byBatch = (of: (rows: number) => Partial<GrowthPoint>): GrowthPoint[] =>
    batches.map((x) =>
      point({ axis: "batch", x, work: { kind: "decode", rows: x, prompt: 32, newTokens: 64 }, ...of(x) }),
    );
  const fixed = result(byBatch((x) => ({ rssMiB: 160 + 2 * x })));
  assert.match(fixedLine("memory", curvesOf(fixed)[0]!)!, /^memory is better described by a fixed 60 MiB and 2000 MiB/);
  const found = said(fixed);
  assert.match(found["memory 64→256"]!, /fixed part weighs less/);
  const odd = result(byBatch((x) => ({ rssMiB: 100 + Math.round(50 * x ** 0.2 * (x === 16 ? 3 : 1)) })));
  assert.equal(said(odd)["memory 4→16"], "");
  assert.match(
    growthText(odd, "p.svg"),
    /memory bends from 4 to 16, [\d.]+ instead of [\d.]+: the cause is not known\./,
  );
  // Probabilities of 4 layers, 4 heads, 1,536 × 1,536 in single precision are 144 MiB.
  const long = result(byLength((x) => ({ rssMiB: 140 + Math.round((144 * x) / 1536) })));
  const late = Object.entries(said(long)).find(([where]) => where.startsWith("memory") && where.endsWith("1536"));
  assert.match(late![1], /attention's probabilities of a micro-batch, by formula \d+ % → 78 % of it/);
});

test("every point has its row, with exponents between neighbours", () => {
  const text = growthText(
    result(byLength((x) => ({ fraction: x === 96 ? 1.1 : 0.8, noise: 0.01 }) as object)),
    "p.svg",
  );
  for (const x of ["24", "48", "96", "192", "384", "768", "1,536"]) assert.match(text, new RegExp(`\\n\\| ${x} \\|`));
  assert.match(text, /\| 110 % \|/);
  assert.match(text, /\*\*-?\d\.\d\d\*\*/);
  assert.match(text, /### Training step by length of a sequence/);
  assert.doesNotMatch(text, /undefined|NaN|\[object/);
});

test("caches are read as Linux writes them, and none where there is nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "reckon-caches-test-"));
  try {
    const rows = [
      ["index0", "1", "Data", "32K"],
      ["index1", "1", "Instruction", "64K"],
      ["index2", "2", "Unified", "1024K"],
    ] as const;
    for (const [index, level, type, size] of rows) {
      mkdirSync(join(folder, index));
      for (const [name, text] of Object.entries({ level, type, size }))
        writeFileSync(join(folder, index, name), `${text}\n`);
    }
    assert.deepEqual(caches(folder), { L1: 32_768, L2: 1_048_576 });
    assert.deepEqual(caches(join(folder, "none")), {});
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
