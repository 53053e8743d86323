import assert from "node:assert/strict";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { type MicroBatch, microBatches } from "./batch.ts";
import type { MicroBatchResult } from "./gradient-engine.ts";
import { UpdateTally } from "./reinforce-metrics.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";

const settings = { clipLow: 0.2, clipHigh: 0.3, klWeight: 0.1 } as ReinforceSettings;

/** One answer of the tokens' number, whose trainer says `gaps` more than its sampler did. */
function update(gaps: readonly number[], advantage: number): [MicroBatch[][], MicroBatchResult[][]] {
  const old = Float32Array.from(gaps, () => -1);
  const sequence = { tokens: [2, 3, ...gaps.map(() => 9)], from: 2, weight: 1, advantage, old, reference: old };
  const batches = microBatches([sequence], { tokens: 100 });
  const logprobs = new Float32Array(batches[0]!.picked.length).fill(50); // padding must not be looked at
  gaps.forEach((gap, i) => {
    logprobs[i] = -1 + gap;
  });
  return [[batches], [[{ loss: 0.5, logprobs, entropy: new Float32Array(logprobs.length).fill(2) }]]];
}

const near = (actual: number | undefined, expected: number): void =>
  assert.ok(Math.abs(actual! - expected) < 1e-6, `${actual}, not ${expected}`);

test("gap and ratio are those of the first update, clipping and KL those of all", () => {
  const tally = new UpdateTally(settings);
  tally.add(...update([2e-5, 4e-5], 1), 1);
  tally.applied(3);
  tally.add(...update([0.5, -0.5], 1), 1);
  tally.applied(5);
  tally.add(...update([0.5, -0.5], -1), 1);
  tally.applied(1);
  const metrics = tally.metrics();
  near(metrics["grad_norm"], 3);
  near(metrics["loss"], 0.5);
  near(metrics["entropy"], 2);
  near(metrics["sampling/sampling_logp_difference/mean"], 3e-5);
  near(metrics["sampling/sampling_logp_difference/max"], 4e-5);
  // All ratios lie above 1: the least of them does too.
  near(metrics["sampling/importance_sampling_ratio/min"]! - 1, 2e-5);
  near(metrics["sampling/importance_sampling_ratio/max"]! - 1, 4e-5);
  near(metrics["sampling/importance_sampling_ratio/mean"]! - 1, 3e-5);
  near(metrics["clip_ratio/high_mean"], 1 / 6);
  near(metrics["clip_ratio/low_mean"], 1 / 6);
  near(metrics["clip_ratio/region_mean"], 2 / 6);
  near(metrics["kl"], (2 * (Math.exp(-0.5) - 0.5 + Math.exp(0.5) - 1.5)) / 6);
});

test("a sampler that is not the trainer is noticed before anything is applied, and later updates may differ", () => {
  for (const gaps of [[3e-4, 3e-4], [0.02, ...new Array<number>(400).fill(0)], [Number.NaN]]) {
    assert.throws(
      () => new UpdateTally(settings).add(...update(gaps, 1), 7),
      (error: unknown) =>
        error instanceof ReckonError && error.code === "TRAIN_SAMPLER_GAP" && /step 7/.test(error.message),
    );
  }
  const tally = new UpdateTally(settings);
  tally.add(...update([0], 1), 1);
  tally.add(...update([1], 1), 1);
  assert.deepEqual(new UpdateTally(settings).metrics(), { loss: 0, grad_norm: 0 });
});
