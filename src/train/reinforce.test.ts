/** Reinforcement learning on a toy (testing.ts): short seeded runs that must reach a figure, and what a run does besides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { ReckonError } from "../util/errors.ts";
import { mean } from "../util/statistics.ts";
import { ALGORITHM_NAMES, ALGORITHMS } from "./algorithms/index.ts";
import { microBatches } from "./batch.ts";
import type { Judge } from "./judge.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import {
  digitProblem,
  LETTERS,
  letterBase,
  letterJudge,
  MemoryStore,
  REINFORCE,
  rightLetter,
  runReinforce,
  type Stage,
  timeless,
  tokenizer,
} from "./testing.ts";

const provider = await cpuProvider();

/** Reward in the first and the last steps. */
function rise(store: MemoryStore): [number, number] {
  const rewards = store.curve("reward");
  return [mean(rewards.slice(0, 3)), mean(rewards.slice(-5))];
}

/** Mean divergence KL(policy ‖ reference) over the letters, by log-probabilities of every letter after every digit. */
async function divergence({ compute }: Stage): Promise<number> {
  const sequences = [0, 1, 2, 3, 4].flatMap((digit) =>
    LETTERS.map((letter) => ({
      tokens: [2, ...tokenizer.encode(String(digit)), 3, ...tokenizer.encode(letter)],
      from: 3,
      weight: 1,
    })),
  );
  const batches = microBatches(sequences, { tokens: 10_000 });
  const [policy, reference] = [
    await compute.score("parameters", [batches]),
    await compute.score("reference", [batches]),
  ];
  let total = 0;
  for (const [b, batch] of batches.entries()) {
    for (const { start } of batch.spans) {
      const [p, q] = [policy[0]![b]!.logprobs[start]!, reference[0]![b]!.logprobs[start]!];
      total += Math.exp(p) * (p - q);
    }
  }
  return total / 5;
}

const ways: Record<string, Partial<ReinforceSettings>> = {
  grpo: {},
  dr_grpo: { normalisation: "dr_grpo", rewardScale: "none" },
  dapo: { normalisation: "dapo", clipHigh: 0.28 },
  "grpo, with a reference": { klWeight: 0.02 },
  "dapo, hot": { normalisation: "dapo", temperature: 1.3 },
  "grpo, dead groups drawn again": { resample: 2, steps: 60 },
  "grpo, several updates on each batch": { iterations: 2, miniBatches: 2, steps: 30 },
};

for (const name of ALGORITHM_NAMES) {
  const { rewards: _, ...settings } = ALGORITHMS[name] as (typeof ALGORITHMS)["dapo"];
  ways[`${name}, by its name`] = { ...settings, steps: 60 };
}

for (const [name, settings] of Object.entries(ways)) {
  test(`${name}: finds out which letters earn the reward`, async () => {
    const { store } = await runReinforce(provider, settings);
    const [before, after] = rise(store);
    assert.ok(before < 0.3, `reward ${before} at the start`);
    assert.ok(after > 0.85, `reward ${after} in the end`);
    // The sampler's policy is the trainer's, and the ratio of the first update on a batch is one.
    assert.ok(Math.max(...store.curve("sampling/sampling_logp_difference/max")) < 1e-4);
    assert.ok(Math.min(...store.curve("sampling/importance_sampling_ratio/min")) > 1 - 1e-4);
    assert.ok(Math.max(...store.curve("sampling/importance_sampling_ratio/max")) < 1 + 1e-4);
    // It may get so good that whole batches are right; nothing else is to be reported.
    for (const event of store.events) assert.ok(event.code.startsWith("DEAD_GROUPS") && event.step > 20, event.message);
  });
}

test("a KL term keeps the policy near its reference, the nearer the larger it is", async () => {
  const distances: number[] = [];
  for (const klWeight of [0, 1, 5]) {
    await runReinforce(
      provider,
      { klWeight, steps: 50 },
      { inspect: async (parts) => void distances.push(await divergence(parts)) },
    );
  }
  const [free, held, tied] = distances as [number, number, number];
  assert.ok(free > 0.5, `without a KL term the policy goes far: ${free}`);
  assert.ok(held < 0.7 * free && tied < 0.2 * held, distances.join(" "));
});

test("the reference is the policy that the run began with, until it is renewed", async () => {
  const base = await letterBase(provider);
  const kept = await runReinforce(
    provider,
    { steps: 4, klWeight: 0.1 },
    {
      inspect: async ({ compute }) => assert.deepEqual(compute.buffers.reference, base),
    },
  );
  const kl = kept.store.curve("kl");
  assert.ok(kl[0]! < 1e-6 && kl.slice(1).every((x) => x > 1e-4), kl.join(" "));
  const renewed = await runReinforce(
    provider,
    { steps: 4, klWeight: 0.1, referenceEvery: 2 },
    {
      inspect: async ({ compute }) => assert.deepEqual(compute.buffers.reference, compute.buffers.parameters),
    },
  );
  const again = renewed.store.curve("kl");
  assert.ok(again[0]! < 1e-6 && again[1]! > 1e-4 && again[2]! < 1e-6 && again[3]! > 1e-4, again.join(" "));
});

test("with several updates on a batch the ratio moves, is clipped on both sides, and the clip holds it", async () => {
  const once = await runReinforce(provider, { steps: 6 });
  for (const side of ["low", "high", "region"]) {
    assert.ok(
      once.store.curve(`clip_ratio/${side}_mean`).every((x) => x === 0),
      "one update: every ratio is one",
    );
  }
  const often = { steps: 6, iterations: 4, miniBatches: 2 };
  const { store } = await runReinforce(provider, often);
  assert.ok(mean(store.curve("clip_ratio/low_mean")) > 0.01);
  assert.ok(mean(store.curve("clip_ratio/high_mean")) > 0.01);
  const region = store.curve("clip_ratio/region_mean");
  const parts = store.curve("clip_ratio/low_mean").map((low, i) => low + store.curve("clip_ratio/high_mean")[i]!);
  assert.ok(region.every((x, i) => Math.abs(x - parts[i]!) < 1e-12));
  const distances: number[] = [];
  for (const clip of [0.01, 10]) {
    await runReinforce(
      provider,
      { ...often, clipLow: Math.min(clip, 0.99), clipHigh: clip },
      {
        inspect: async (stage) => void distances.push(await divergence(stage)),
      },
    );
  }
  assert.ok(distances[0]! < distances[1]!, `clipped at once ${distances[0]}, hardly ever ${distances[1]}`);
});

for (const settings of [
  { klWeight: 0.05, referenceEvery: 3 },
  { resample: 1, iterations: 2, miniBatches: 2 },
]) {
  test(`stopped and continued, a run ends with the same bits and metrics: ${JSON.stringify(settings)}`, async () => {
    const short = { ...settings, steps: 8, evaluateEvery: 2, rolloutsEvery: 3, rolloutGroups: 2 };
    const evaluate = async (step: number) => ({ "eval/step": step });
    const whole = new MemoryStore();
    const expected = await runReinforce(provider, short, { store: whole, evaluate });
    const store = new MemoryStore();
    for (const stopAfter of [1, 5, Number.POSITIVE_INFINITY]) {
      store.stopAfter = stopAfter;
      const { parameters } = await runReinforce(provider, short, { store, evaluate });
      assert.equal(store.saved.at(-1)!.step, Math.min(stopAfter, 8));
      if (stopAfter > 8) assert.deepEqual(parameters, expected.parameters);
    }
    assert.deepEqual(timeless(store.records), timeless(whole.records));
    assert.deepEqual(store.samples, whole.samples);
    assert.deepEqual(store.saved.at(-1), whole.saved.at(-1));
    assert.deepEqual(whole.curve("eval/step"), [0, 2, 4, 6, 8]);
  });
}

test("stopped and continued, a run tells the events of an unbroken one, trouble that began before a stop too", async () => {
  // No group differs up to step 6 and from step 9 on, and one reward fails at every answer.
  const troubled = (): Judge => async (rollouts) => {
    const dead = !/^[78]$/.test(String(step));
    const failures = [{ name: "broken", message: "it threw" }];
    return (await letterJudge(rollouts)).map((judgement) => ({
      ...judgement,
      failures,
      reward: dead ? 0 : judgement.reward,
    }));
  };
  let step = 1;
  const problem = (index: number) => {
    step = 1 + Math.floor(index / 10);
    return digitProblem(index);
  };
  const settings = { steps: 12, samplesPerPrompt: 4, checkpointEvery: 5 };
  const whole = new MemoryStore();
  await runReinforce(provider, settings, { store: whole, judge: troubled(), problem });
  const codes = whole.events.map((event) => `${event.step} ${event.code}`);
  for (const told of ["3 DEAD_GROUPS", "7 DEAD_GROUPS_OVER", "11 DEAD_GROUPS", "1 REWARD_FAILED", "3 REWARD_FAILED"])
    assert.ok(codes.includes(told), `${told}: ${codes}`);
  const store = new MemoryStore();
  for (const stopAfter of [2, 6, 9, 10, Number.POSITIVE_INFINITY]) {
    store.stopAfter = stopAfter;
    await runReinforce(provider, settings, { store, judge: troubled(), problem });
  }
  assert.deepEqual(store.events, whole.events);
  // Killed after the checkpoint of step 10: what came later is forgotten and told again.
  store.saved = store.saved.filter((saved) => saved.step <= 10);
  await runReinforce(provider, settings, { store, judge: troubled(), problem });
  assert.deepEqual(store.events, whole.events);
});

test("a seed names a run: the same one repeats it, another one differs", async () => {
  const run = async (seed: number) => (await runReinforce(provider, { steps: 3, seed })).parameters;
  assert.deepEqual(await run(5), await run(5));
  assert.notDeepEqual(await run(5), await run(6));
});

test("groups whose answers all earn the same are counted, and drawn again with new problems", async () => {
  const { store } = await runReinforce(provider, { steps: 5, samplesPerPrompt: 4, resample: 3 });
  const dead = store.curve("frac_reward_zero_std");
  const kept = store.curve("frac_reward_zero_std_kept");
  assert.ok(
    dead.some((share) => share > 0),
    "some groups are dead at first",
  );
  assert.ok(mean(kept) < 0.5 * mean(dead), `${kept} of ${dead}`);
  const without = await runReinforce(provider, { steps: 5, samplesPerPrompt: 4 });
  const tokens = ({ store: { records } }: { store: MemoryStore }) => records.at(-1)!["num_tokens"]!;
  assert.ok(tokens({ store }) > tokens(without), "they cost tokens");
  const fixed = 5 * REINFORCE.promptsPerStep * 4 * 3;
  const last = store.records.at(-1)!;
  const read = last["num_tokens"]! - last["completions/num_tokens"]!;
  assert.ok(read > fixed && (read - fixed) % 12 === 0, "their prompts count too");
  assert.deepEqual(without.store.curve("frac_reward_zero_std_kept"), []);
});

test("mixed groups are counted by score, whatever is earned, and among those drawn first", async () => {
  // In turn: all right, none, half, and one of four; earning is the other way round, and the same all over in half of them.
  const right = [4, 0, 2, 1];
  const judge: Judge = async (rollouts) =>
    rollouts.map(({ problem }, i) => {
      const score = i % 4 < right[problem.level]! ? 1 : 0;
      return { score, reason: "", reward: problem.level < 2 ? i % 2 : 0.5, rewards: {} };
    });
  const levels: number[] = [];
  const problem = (index: number) => {
    levels.push(index);
    // What is drawn again is never mixed.
    return { ...digitProblem(index), level: index % 8 < 4 ? index % 4 : 0 };
  };
  const settings = { steps: 2, promptsPerStep: 4, samplesPerPrompt: 4, checkpointEvery: 2 };
  const { store } = await runReinforce(provider, { ...settings, resample: 1 }, { judge, problem });
  assert.deepEqual(levels.slice(0, 6), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(store.curve("frac_reward_zero_std")[0], 0.5, "of the mixed groups all answers earn the same");
  assert.deepEqual(store.curve("frac_groups_mixed")[0], 0.5);
});

test("when nothing can be learnt, nothing moves, and the run says so", async () => {
  const judge: Judge = async (rollouts) => rollouts.map(() => ({ score: 0, reason: "no", reward: 0.5, rewards: {} }));
  const { store, parameters } = await runReinforce(provider, { steps: 8, resample: 1, samplesPerPrompt: 4 }, { judge });
  assert.deepEqual(parameters, await letterBase(provider));
  assert.deepEqual(store.curve("frac_reward_zero_std"), new Array(8).fill(1));
  assert.deepEqual(store.curve("loss"), new Array(8).fill(0));
  assert.deepEqual(
    store.events.map(({ step, code, level }) => [step, code, level]),
    [[3, "DEAD_GROUPS", "warning"]],
  );
});

test("what an answer earns beside being right keeps no group from being drawn again by accuracy", async () => {
  // Every second answer of a group earns a little less, so that no group is without a difference.
  const shaped: Judge = async (rollouts) =>
    (await letterJudge(rollouts)).map((judgement, i) => ({ ...judgement, reward: judgement.score - 0.05 * (i % 2) }));
  const run = async (settings: Partial<ReinforceSettings>) => {
    const all = { steps: 5, samplesPerPrompt: 4, rolloutsEvery: 1, rolloutGroups: REINFORCE.promptsPerStep };
    const { store } = await runReinforce(provider, { ...all, ...settings }, { judge: shaped });
    const groups = [...Map.groupBy(store.samples, ({ step, group }) => `${step} ${group}`).values()];
    assert.equal(groups.length, 5 * REINFORCE.promptsPerStep);
    return {
      mixed: mean(groups.map((group) => (new Set(group.map(({ score }) => score)).size > 1 ? 1 : 0))),
      tokens: store.records.at(-1)!["num_tokens"]!,
    };
  };
  const plain = await run({});
  assert.deepEqual(await run({ resample: 3, resampleBy: "reward" }), plain);
  const again = await run({ resample: 3, resampleBy: "accuracy" });
  assert.ok(plain.mixed < 0.8 && again.mixed > 0.9, `${plain.mixed}, ${again.mixed}`);
  assert.ok(again.tokens > plain.tokens);
});

test("with a KL term even dead groups pull towards the reference", async () => {
  const judge: Judge = async (rollouts) => rollouts.map(() => ({ score: 0, reason: "no", reward: 0, rewards: {} }));
  const { store } = await runReinforce(provider, { steps: 2, klWeight: 0.1 }, { judge });
  assert.ok(store.curve("kl").every((x) => Math.abs(x) < 1e-6));
  assert.equal(store.curve("entropy").length, 2);
});

test("a reward that is no number ends the run with its name before anything is applied", async () => {
  const judge: Judge = async (rollouts) =>
    (await letterJudge(rollouts)).map((judgement, i) => (i === 3 ? { ...judgement, reward: Number.NaN } : judgement));
  const store = new MemoryStore();
  await assert.rejects(
    runReinforce(provider, { steps: 2 }, { judge, store }),
    (error: unknown) => error instanceof ReckonError && error.code === "TRAIN_NOT_FINITE",
  );
  assert.deepEqual(store.records, []);
});

test("the surprise of all sampled tokens estimates the entropy, which with a KL term is over all tokens too", async () => {
  for (const temperature of [1, 1.5]) {
    const { store } = await runReinforce(provider, { steps: 3, klWeight: 0.1, temperature });
    const [surprisal, entropy] = [store.curve("sampling/mean_surprisal"), store.curve("entropy")];
    assert.ok(mean(entropy) > 0.5, "there is some");
    for (const [i, estimate] of surprisal.entries()) {
      // 160 answers of two tokens or more, a standard deviation of about 1 nat each: 0.06 is a standard error, at most.
      assert.ok(Math.abs(estimate - entropy[i]!) < 0.2, `${estimate}, ${entropy[i]}`);
    }
  }
});

test("sampled steps are written down whole, and agree with the metrics", async () => {
  const settings = { steps: 5, rolloutsEvery: 2, rolloutGroups: 10 };
  const { store } = await runReinforce(provider, settings);
  assert.deepEqual([...new Set(store.samples.map(({ step }) => step))], [1, 3, 5]);
  const first = store.samples.filter(({ step }) => step === 1);
  assert.equal(first.length, REINFORCE.promptsPerStep * REINFORCE.samplesPerPrompt);
  assert.ok(Math.abs(mean(first.map(({ reward }) => reward)) - store.curve("reward")[0]!) < 1e-12);
  assert.ok(Math.abs(mean(first.map(({ tokens }) => tokens)) - store.curve("completions/mean_length")[0]!) < 1e-12);
  assert.equal(
    first.reduce((sum, { tokens }) => sum + tokens, 0),
    store.curve("completions/num_tokens")[0],
  );
  // A prompt here is <|user|>, a digit and <|assistant|>, and counts once for each of its answers.
  const prompts = 3 * REINFORCE.promptsPerStep * REINFORCE.samplesPerPrompt;
  for (const [i, sampled] of store.curve("completions/num_tokens").entries()) {
    assert.equal(store.curve("num_tokens")[i], sampled + (i + 1) * prompts);
  }
  for (const sample of first) {
    assert.equal(sample.prompt, digitProblem(sample.group).prompt);
    assert.equal(sample.score === 1, sample.completion === `${rightLetter(Number(sample.prompt))}<|end|>`);
    assert.equal(sample.finish, sample.completion.endsWith("<|end|>") ? "stop" : "length");
    const group = first.filter((other) => other.group === sample.group);
    assert.deepEqual(
      group.map(({ index }) => index),
      [...Array(16).keys()],
    );
    const better = sample.reward > mean(group.map(({ reward }) => reward));
    assert.equal(sample.advantage > 0, better);
  }
});

test("problems are drawn in order, each once, those of groups drawn again too, and go on after a stop", async () => {
  const drawn: number[] = [];
  const problem = (index: number) => {
    drawn.push(index);
    return digitProblem(index);
  };
  const store = new MemoryStore();
  for (const stopAfter of [2, 4]) {
    store.stopAfter = stopAfter;
    await runReinforce(provider, { steps: 4, samplesPerPrompt: 2, resample: 2 }, { store, problem });
  }
  assert.ok(drawn.length > 4 * REINFORCE.promptsPerStep, "some groups were drawn again");
  assert.deepEqual(drawn, [...drawn.keys()]);
});

test("equal prompts draw answers of their own: in one step, in different shards, and in different steps", async () => {
  const { store } = await runReinforce(
    provider,
    { steps: 2, learningRate: 0, rolloutsEvery: 1, rolloutGroups: 10 },
    { problem: () => digitProblem(0) },
  );
  const groups = Map.groupBy(store.samples, ({ step, group }) => `${step}/${group}`);
  assert.equal(groups.size, 20);
  const texts = [...groups.values()].map((samples) => samples.map(({ completion }) => completion).join());
  assert.equal(new Set(texts).size, 20, "sixteen answers of one of five letters are hardly ever the same twice");
});
