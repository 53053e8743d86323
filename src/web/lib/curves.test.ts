import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MetricsLog } from "../../serve/metrics-log.ts";
import { bucket, Curves, lowerBound, smooth, thin } from "./curves.ts";

describe("Curves", () => {
  it("takes what the server packs, then rows; leaves out rows that it has", async () => {
    const folder = await mkdtemp(join(tmpdir(), "reckon-curves-"));
    const path = join(folder, "metrics.jsonl");
    await writeFile(path, '{"step":0,"reward":7}\n{"step":1,"reward":0.5,"ü":1}\n{"step":2}\n');
    const log = new MetricsLog(path);
    await log.poll();
    const curves = new Curves();
    curves.load(log.packed(log.indexAfter(0)).buffer);
    assert.deepEqual(curves.column("ü"), [1, Number.NaN]);
    curves.append([
      { step: 2, reward: 9 },
      { step: 3, reward: 1, "eval/accuracy": 0.25 },
      { step: 5, entropy: 2 },
    ]);
    assert.deepEqual(curves.steps, [1, 2, 3, 5]);
    assert.deepEqual(curves.column("reward"), [0.5, Number.NaN, 1, Number.NaN]);
    assert.deepEqual(curves.column("eval/accuracy"), [Number.NaN, Number.NaN, 0.25, Number.NaN]);
    assert.deepEqual(curves.keys(), ["entropy", "eval/accuracy", "reward", "ü"]);
    assert.deepEqual(curves.span("reward"), { first: 0.5, last: 1, firstStep: 1, lastStep: 3, count: 2 });
    assert.equal(curves.span("nothing"), null);
    assert.equal(curves.recent("reward", 5), 0.75);
    curves.append([{ step: 6, entropy: 0, "completions/mean_length_right": 0 }]);
    assert.equal(curves.column("entropy")?.at(-1), 0);
    assert.equal(curves.span("completions/mean_length_right"), null);
    await rm(folder, { recursive: true });
  });
});

describe("smooth", () => {
  it("halves a value's weight after a half-life, whatever steps were logged", () => {
    const everyStep = smooth([0, 1, 2, 3, 4], [1, Number.NaN, Number.NaN, Number.NaN, 0], 4);
    assert.ok(Math.abs(everyStep[4]! - 0.5 / 1.5) < 1e-12);
    assert.deepEqual(smooth([0, 4], [1, 0], 4)[1], everyStep[4]);
  });

  it("leaves a constant alone, from the first value on", () => {
    for (const value of smooth([0, 1, 5, 6], [3, 3, 3, 3], 2)) assert.ok(Math.abs(value - 3) < 1e-12);
  });

  it("gives the same value at a step whatever comes after it", () => {
    const values = [0.3, 0.1, 0.9, 0.4, 0.7];
    const steps = [1, 2, 3, 4, 5];
    assert.deepEqual(smooth(steps, values, 2).slice(0, 3), smooth(steps.slice(0, 3), values.slice(0, 3), 2));
  });
});

describe("thin", () => {
  it("keeps every value's extremes and never more than the buckets asked for, one row of slack at each end", () => {
    const run = fc.record({
      values: fc.array(fc.oneof(fc.double({ min: -5, max: 5, noNaN: true }), fc.constant(Number.NaN)), {
        minLength: 1,
        maxLength: 400,
      }),
      buckets: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(run, ({ values, buckets }) => {
        const steps = values.map((_, i) => 10 + 2 * i);
        const thinned = thin(steps, steps[0]!, steps.at(-1)!, buckets);
        assert.ok(thinned.x.length <= buckets + 1);
        const { low, high, mean } = bucket(values, thinned);
        const real = values.filter((value) => !Number.isNaN(value));
        const present = (list: (number | null)[]): number[] => list.filter((value) => value !== null);
        if (real.length > 0) {
          assert.equal(Math.min(...present(low)), Math.min(...real));
          assert.equal(Math.max(...present(high)), Math.max(...real));
        }
        mean.forEach((value, i) => {
          if (value !== null) assert.ok(value >= low[i]! - 1e-12 && value <= high[i]! + 1e-12);
        });
        assert.deepEqual(
          [...thinned.x].sort((a, b) => a - b),
          thinned.x,
        );
        assert.equal(new Set(thinned.x).size, thinned.x.length);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("shows every row when there is room, and only those in view with a neighbour", () => {
    const steps = Array.from({ length: 100 }, (_, i) => i);
    assert.deepEqual(thin(steps, 40, 44, 50).x, [39, 40, 41, 42, 43, 44, 45]);
    assert.deepEqual(thin(steps, 0, 99, 200).x, steps);
    assert.deepEqual(thin([], 0, 1, 10), { x: [], from: [0] });
  });

  it("keeps its buckets in place while rows are added", () => {
    const steps = Array.from({ length: 1000 }, (_, i) => i);
    const before = thin(steps.slice(0, 990), 0, 989, 100);
    const afterwards = thin(steps, 0, 999, 100);
    assert.deepEqual(afterwards.x.slice(0, before.x.length - 1), before.x.slice(0, -1));
  });
});

it("lowerBound finds the first element not less", () => {
  assert.deepEqual(
    [0, 1, 2, 5, 6].map((value) => lowerBound([1, 2, 2, 5], value)),
    [0, 0, 1, 3, 4],
  );
});
