/** What a step says about itself, computed from updates and groups made by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Problem, parseCompletion } from "../tasks/index.ts";
import { type MicroBatch, microBatches } from "./batch.ts";
import type { MicroBatchResult } from "./gradient-engine.ts";
import {
  type Drawn,
  type Group,
  observation,
  rolloutMetrics,
  rolloutRecords,
  UpdateTally,
} from "./reinforce-metrics.ts";
import type { Judgement, Rollout } from "./rollout.ts";
import { digitProblem, REINFORCE } from "./testing.ts";

const near = (actual: number | undefined, expected: number, what: string): void => {
  assert.ok(Math.abs(actual! - expected) < 1e-6, `${what}: ${actual}, expected ${expected}`);
};

/** Two answers, of advantage 1 and −1; ratios of their tokens as given; everything else follows. */
function update(up: number[], down: number[], reference = 0): [MicroBatch[][], MicroBatchResult[][]] {
  const old = -2;
  const sequence = (ratios: number[], advantage: number) => ({
    tokens: [5, 6, ...ratios.map(() => 7)],
    from: 2,
    weight: 0.1,
    advantage,
    old: new Float32Array(ratios.length).fill(old),
    reference: new Float32Array(ratios.length).fill(old + reference),
  });
  const batches = microBatches([sequence(up, 1), sequence(down, -1)], { tokens: 1 });
  const results = batches.map(({ spans: [span], picked }): MicroBatchResult => {
    const ratios = span!.index === 0 ? up : down;
    const logprobs = new Float32Array(picked.length).fill(-9);
    const entropy = new Float32Array(picked.length).fill(99);
    for (const [i, ratio] of ratios.entries()) {
      logprobs[i] = old + Math.log(ratio);
      entropy[i] = 0.5 + i;
    }
    return { loss: 0.25, logprobs, entropy };
  });
  return [[batches], [results]];
}

test("an update counts what was clipped: ratios above on good answers, below on bad ones, padding never", () => {
  const tally = new UpdateTally({ ...REINFORCE, clipLow: 0.2, clipHigh: 0.3, klWeight: 0.1 });
  tally.add(...update([1, 1, 1, 1], [1, 1, 1, 1, 1, 1], 0.4), 1);
  tally.add(...update([1.29, 1.31, 2, 0.1], [0.81, 0.79, 3, 1, 1, 1], 0.4), 1);
  const metrics = tally.metrics();
  near(metrics["clip_ratio/high_mean"], 2 / 20, "above 1.3 on the good one");
  near(metrics["clip_ratio/low_mean"], 1 / 20, "below 0.8 on the bad one");
  near(metrics["clip_ratio/region_mean"], 3 / 20, "both");
  near(metrics["entropy"], (0.5 + 1.5 + 2.5 + 3.5 + 0.5 + 1.5 + 2.5 + 3.5 + 4.5 + 5.5) / 10, "entropy");
  const ratios = [1.29, 1.31, 2, 0.1, 0.81, 0.79, 3, 1, 1, 1, ...new Array<number>(10).fill(1)];
  const k3 = ratios.map((ratio) => {
    const d = 0.4 - Math.log(ratio);
    return Math.exp(d) - d - 1;
  });
  near(metrics["kl"], k3.reduce((a, b) => a + b, 0) / 20, "kl");
  near(metrics["loss"], 0.5, "loss: the sum over micro-batches");
});

function answer(text: string, length: number, options: Partial<Rollout> & { problem?: Problem } = {}): Rollout {
  return {
    problem: digitProblem(0),
    segments: [],
    text,
    parsed: parseCompletion(text),
    finish: "stop",
    length,
    ...options,
  };
}
const judgement = (score: number, reward: number, more: Partial<Judgement> = {}): Judgement => ({
  score,
  reason: "",
  reward,
  rewards: { accuracy: score },
  ...more,
});
const group = (answers: readonly (readonly [Rollout, Judgement])[], dead: boolean): Group => ({
  problem: digitProblem(0),
  rollouts: answers.map(([rollout]) => rollout),
  judgements: answers.map(([, judged]) => judged),
  dead,
  advantages: answers.map((_, i) => i - 0.5),
});
const thought = "<think>so 1\nwait\nso 2</think><answer>2</answer><|end|>";
const failure = { name: "brevity", message: "it threw" };
const drawn: Drawn = {
  groups: [
    group(
      [
        [answer(thought, 30), judgement(1, 1.1, { rewards: { accuracy: 1, brevity: null }, failures: [failure] })],
        [answer("x", 10), judgement(0, 0.1, { rewards: { accuracy: 0, brevity: 0.4, silent: null } })],
      ],
      false,
    ),
    group(
      [
        [answer("y", 50, { finish: "length" }), judgement(0.5, 0)],
        [answer("z", 6), judgement(0, 0)],
      ],
      true,
    ),
  ],
  problems: 2,
  tokens: 96,
  promptTokens: 12,
  surprisal: 48,
  deadShare: 0.5,
  mixedShare: 0.25,
};

test("metrics of a batch of answers", () => {
  const metrics = rolloutMetrics({ ...REINFORCE, resample: 1 }, drawn);
  const expected: Record<string, number> = {
    reward: 0.3,
    reward_std: Math.SQRT1_2 / 2, // 1/√2 in one group, 0 in the other
    "rewards/accuracy/mean": 1.5 / 4,
    "rewards/accuracy/std": Math.sqrt((0.625 ** 2 + 2 * 0.375 ** 2 + 0.125 ** 2) / 3),
    "rewards/brevity/mean": 0.4, // where it applied
    "rewards/brevity/std": 0,
    frac_reward_zero_std: 0.5,
    frac_reward_zero_std_kept: 0.5,
    frac_groups_mixed: 0.25,
    "completions/mean_length": 24,
    "completions/min_length": 6,
    "completions/max_length": 50,
    "completions/mean_terminated_length": 46 / 3,
    "completions/clipped_ratio": 0.25,
    "completions/mean_length_right": 30,
    "completions/mean_length_wrong": 22,
    "sampling/mean_surprisal": 0.5,
    recheck_share: 0.25,
  };
  assert.deepEqual(Object.keys(metrics).sort(), Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) near(metrics[name], value, name);
});

test("records say what each answer was, and what was made of it", () => {
  const records = rolloutRecords(7, drawn.groups);
  assert.deepEqual(
    records.map(({ step, group: g, index }) => [step, g, index]),
    [
      [7, 0, 0],
      [7, 0, 1],
      [7, 1, 0],
      [7, 1, 1],
    ],
  );
  const { thinking, answer: given, score, reward, rewards, advantage, recheck, tokens, finish } = records[0]!;
  assert.deepEqual(
    { thinking, given, score, reward, rewards, advantage, recheck, tokens, finish },
    {
      thinking: "so 1\nwait\nso 2",
      given: "2",
      score: 1,
      reward: 1.1,
      rewards: { accuracy: 1, brevity: null },
      advantage: -0.5,
      recheck: true,
      tokens: 30,
      finish: "stop",
    },
  );
  assert.equal(records[2]!.answer, null);
  assert.ok(
    records.every((one) => !("forced" in one)),
    "nothing was forced",
  );
  const waiting = answer(thought, 30, { forcedText: [{ from: 11, count: 5 }] });
  const [record] = rolloutRecords(7, [group([[waiting, judgement(1, 1)]], false)]);
  assert.deepEqual(record!.forced, [{ from: 11, count: 5 }]);
});

test("the watch is shown dead groups, failures, and an entropy only where there is one", () => {
  const seen = observation(3, { step: 3, "completions/mean_length": 24, entropy: 0.7 }, drawn.groups);
  assert.deepEqual(seen, {
    step: 3,
    deadGroups: 0.5,
    meanLength: 24,
    clipped: 0,
    format: 0,
    entropy: 0.7,
    rewardFailures: [failure],
  });
  assert.equal(observation(3, { step: 3 }, drawn.groups).entropy, undefined);
});
