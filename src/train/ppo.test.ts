/** PPO on the letters: it finds the right ones, its critic foresees them, and a run that was stopped goes on bit for bit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "../graph/index.ts";
import { cpuProvider } from "../graph/node.ts";
import { type LoraSettings, mergeLora } from "../model/lora.ts";
import { scoringModel } from "../model/scoring.ts";
import { loadParameters, trainedLayout } from "./adapters.ts";
import { restoreTrainer, trainerFiles } from "./checkpoint.ts";
import { LocalCompute } from "./compute.ts";
import { criticFile, restoreCritic } from "./critic.ts";
import { Optimizer } from "./optimizer.ts";
import { type Critic, type PpoSettings, ppoUpdates } from "./ppo.ts";
import { REINFORCE_START, type ReinforceState, reinforce } from "./reinforce.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import type { Rollout } from "./rollout.ts";
import {
  config,
  digitProblem,
  letterBase,
  letterJudge,
  MemoryStore,
  REINFORCE,
  timeless,
  tokenizer,
} from "./testing.ts";
import type { Sampled } from "./valuation.ts";

const PPO: PpoSettings = {
  gamma: 1,
  lambda: 0.95,
  valueClip: 0.2,
  klReward: 0,
  whiten: true,
  valueLearningRate: 0.01,
  criticWarmup: 0,
};

async function scene(
  provider: Provider,
  changes: {
    readonly ppo?: Partial<PpoSettings>;
    readonly settings?: Partial<ReinforceSettings>;
    readonly store?: MemoryStore;
    readonly lora?: LoraSettings;
    /** Changes a step's groups before they are learnt from. */
    readonly groups?: (groups: readonly Sampled[]) => readonly Sampled[];
  },
) {
  const store = changes.store ?? new MemoryStore();
  const settings = { ...REINFORCE, steps: 40, ...changes.settings, ppo: { ...PPO, ...changes.ppo } };
  const spec = { config, shards: 2, positions: 32, packed: false };
  const base = await letterBase(provider);
  const compute = new LocalCompute(provider, { ...spec, lora: changes.lora });
  const layout = trainedLayout(compute.spec);
  const policy = { compute, optimizer: await Optimizer.create(provider, config, { name: "adamw" }, { layout }) };
  loadParameters(compute, base, 1);
  const body = scoringModel({ config, parameters: base }, ["value"]);
  const critic: Critic = {
    compute: new LocalCompute(provider, { ...spec, config: body.config }),
    optimizer: await Optimizer.create(provider, body.config, { name: "adamw" }),
  };
  critic.compute.buffers.parameters.set(body.parameters);
  let state: ReinforceState = { ...REINFORCE_START };
  const latest = await store.latestCheckpoint();
  if (latest) {
    await store.rewind(latest.step);
    const restored = await restoreTrainer(latest.files);
    policy.compute.buffers.parameters.set(restored.model.parameters);
    policy.compute.buffers.reference.set(restored.reference!);
    policy.optimizer.state.first.set(restored.optimizer.first);
    policy.optimizer.state.second.set(restored.optimizer.second);
    policy.optimizer.state.step = restored.optimizer.step;
    restoreCritic(restored.files, critic);
    state = { ...(restored.trainer["state"] as ReinforceState) };
  }
  const updates = ppoUpdates(settings, policy, critic);
  await reinforce(settings, state, {
    ...policy,
    tokenizer,
    store,
    judge: letterJudge,
    problem: digitProblem,
    updates: (groups, now) => updates(changes.groups?.(groups) ?? groups, now),
    async save(now) {
      const files = trainerFiles({
        config,
        parameters: policy.compute.buffers.parameters,
        reference: policy.compute.buffers.reference,
        tokenizerJson: tokenizer.toJson(),
        optimizer: policy.optimizer.state,
        trainer: { state: { ...now } },
        reckon: {},
      });
      files.set(...criticFile(critic));
      await store.saveCheckpoint(now.step, files);
    },
  });
  const parameters = policy.compute.buffers.parameters.slice();
  const adapters = policy.compute.buffers.trained.slice();
  const values = critic.compute.buffers.parameters.slice();
  for (const { compute, optimizer } of [policy, critic]) {
    await compute.close();
    await optimizer.release();
  }
  return { store, parameters, adapters, values, base, trained: state.trainedTokens };
}

test("the right letters are found, and the critic learns to foresee what answers earn", async () => {
  const { store } = await scene(await cpuProvider(), { settings: { rolloutsEvery: 40, rolloutGroups: 10 } });
  const rewards = store.curve("reward");
  assert.ok(rewards[0]! < 0.4, `first ${rewards[0]}`);
  assert.ok(rewards.at(-1)! > 0.7, `last ${rewards.at(-1)}`);
  const explained = store.curve("value/explained_variance");
  assert.ok(Math.abs(explained[0]!) < 0.05, "a head of zero explains nothing");
  assert.ok(Math.max(...explained) > 0.3, `best ${Math.max(...explained)}`);
  // Advantages that are read are the critic's: with values of 0 that of a token is the reward, λ times for each one after it.
  for (const { advantage, reward, tokens } of store.samples) {
    const shares = Array.from({ length: tokens }, (_, after) => PPO.lambda ** after);
    assert.ok(Math.abs(advantage - (reward * shares.reduce((a, b) => a + b, 0)) / tokens) < 1e-5);
  }
});

test("a run that was stopped ends with the same policy and critic, bit for bit, over several minibatches and passes", async () => {
  const provider = await cpuProvider();
  const settings = { steps: 5, miniBatches: 2, iterations: 2 };
  const ppo = { klReward: 0.05, lambda: 1, valueClip: 0 };
  const whole = await scene(provider, { settings, ppo });
  const store = new MemoryStore();
  store.stopAfter = 2;
  await scene(provider, { settings, ppo, store });
  assert.equal(store.saved.at(-1)?.step, 2);
  store.stopAfter = Number.POSITIVE_INFINITY;
  const resumed = await scene(provider, { settings, ppo, store });
  assert.deepEqual(resumed.parameters, whole.parameters);
  assert.deepEqual(resumed.values, whole.values);
  assert.deepEqual(timeless(resumed.store.records), timeless(whole.store.records));
});

test("while the critic warms up the policy stays as it is", async () => {
  const { parameters, base, store, values } = await scene(await cpuProvider(), {
    settings: { steps: 2 },
    ppo: { criticWarmup: 2 },
  });
  assert.deepEqual(parameters, base);
  assert.ok(values.at(-16) !== 0 && store.curve("value/loss").length === 2);
  const mixed = store.curve("frac_groups_mixed");
  assert.ok(mixed.length === 2 && Math.max(...mixed) > 0, `${mixed}: what is said of the answers is said here too`);
});

test("what is trained on is counted where the policy has a gradient, not while the critic alone learns", async () => {
  const provider = await cpuProvider();
  const settings = { steps: 2, miniBatches: 2, iterations: 2 };
  const counted = async (criticWarmup: number) => {
    const { store, trained } = await scene(provider, { settings, ppo: { criticWarmup } });
    const read = store.curve("num_tokens");
    // Of both passes over every answer of the steps that the policy learns in.
    assert.equal(trained, 2 * (read[1]! - (criticWarmup === 0 ? 0 : read[criticWarmup - 1]!)));
    return trained;
  };
  assert.equal(await counted(2), 0);
  assert.ok((await counted(0)) > (await counted(1)));
});

test("a reward that is no number ends the run with its name, before policy or critic have learnt from it", async () => {
  const spoilt = (groups: readonly Sampled[]) => altered(groups, "odd", (rollout) => rollout, Number.NaN);
  const store = new MemoryStore();
  await assert.rejects(scene(await cpuProvider(), { settings: { steps: 1 }, groups: spoilt, store }), {
    code: "TRAIN_NOT_FINITE",
    message: /a reward is not a finite number/,
  });
  assert.deepEqual(store.records, []);
});

test("after the critic's warm-up the policy begins with its schedule, and not in the middle of it", async () => {
  const { store } = await scene(await cpuProvider(), {
    settings: { steps: 6, learningRate: 0.001, schedule: { kind: "linear", warmup: 2 } },
    ppo: { criticWarmup: 3 },
  });
  assert.deepEqual(store.curve("learning_rate"), [0, 0, 0, 0.0005, 0.001, 0.001]);
});

test("a reward for staying near the reference keeps the policy there", async () => {
  const provider = await cpuProvider();
  const free = await scene(provider, { settings: { steps: 15 }, ppo: { klReward: 1e-9 } });
  const held = await scene(provider, { settings: { steps: 15 }, ppo: { klReward: 2 } });
  const [far, near] = [free.store.curve("ppo/kl").at(-1)!, held.store.curve("ppo/kl").at(-1)!];
  assert.ok(free.store.curve("ppo/kl")[0]! < 1e-5, "the first answers are the reference's own");
  assert.ok(near < far / 3, `held ${near}, free ${far}`);
});

/** Whether weights are the same; a difference of thousands of numbers would take minutes to be printed. */
const same = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

test("with adapters they are what learns, and the weights are the base with them", async () => {
  const lora: LoraSettings = { rank: 2, alpha: 4, targets: ["q", "v"] };
  const { parameters, adapters, base } = await scene(await cpuProvider(), { settings: { steps: 2 }, lora });
  const merged = base.slice();
  mergeLora(config, lora, { base, adapters, into: merged });
  assert.ok(same(parameters, merged));
  assert.ok(!same(parameters, base), "something was learnt");
});

/** The step's groups with every answer, or every other one, changed and rewarded otherwise. */
function altered(
  groups: readonly Sampled[],
  which: "all" | "odd",
  change: (rollout: Rollout) => Rollout,
  reward?: number,
): Sampled[] {
  const chosen = (i: number): boolean => which === "all" || i % 2 === 1;
  return groups.map((group) => ({
    ...group,
    rollouts: group.rollouts.map((rollout, i) => (chosen(i) ? change(rollout) : rollout)),
    judgements: group.judgements.map((judged, i) =>
      chosen(i) && reward !== undefined ? { ...judged, reward } : judged,
    ),
  }));
}

const cut = (rollout: Rollout): Rollout => ({ ...rollout, finish: "length" });

/** As if all of its tokens but the first `drawn` had been put there. */
const forced =
  (drawn: number) =>
  (rollout: Rollout): Rollout => {
    const [prompt, answer] = rollout.segments;
    const put = [{ from: drawn, count: answer!.tokens.length - drawn }];
    return { ...rollout, segments: [prompt!, { ...answer!, forced: put }] };
  };

test("of tokens that were put there the policy learns nothing, nor do they count in the whitening", async () => {
  const provider = await cpuProvider();
  const settings = { steps: 1 };
  const all = await scene(provider, { settings, groups: (groups) => altered(groups, "all", forced(0)) });
  assert.ok(same(all.parameters, all.base));
  assert.ok(all.values.at(-16) !== 0, "the critic learns from what came of them");
  // Whatever an answer earns: where none of it was drawn, the others' advantages are the same.
  const [low, high] = await Promise.all(
    [-5, 5].map((reward) =>
      scene(provider, { settings, groups: (groups) => altered(groups, "odd", forced(0), reward) }),
    ),
  );
  assert.ok(!same(low!.parameters, low!.base));
  assert.ok(same(low!.parameters, high!.parameters));
  // Of a letter that was drawn before an end that was not, it does learn.
  const some = await scene(provider, { settings, groups: (groups) => altered(groups, "all", forced(1)) });
  assert.ok(!same(some.parameters, some.base));
});

test("answers that were cut teach neither policy nor critic where they are masked, and count as untrained", async () => {
  const provider = await cpuProvider();
  const settings = { steps: 1, maskTruncated: true };
  const groups = (which: "all" | "odd", reward?: number) => (list: readonly Sampled[]) =>
    altered(list, which, cut, reward);
  const none = await scene(provider, { settings, groups: groups("all") });
  assert.ok(same(none.parameters, none.base));
  assert.ok(none.values.slice(-config.hiddenSize).every((x) => x === 0));
  assert.equal(none.store.records.at(-1)!["value/mean"], 0);
  assert.equal(none.trained, 0);
  const low = await scene(provider, { settings, groups: groups("odd", -5) });
  const high = await scene(provider, { settings, groups: groups("odd", 5) });
  assert.ok(!same(low.parameters, low.base));
  assert.ok(same(low.parameters, high.parameters));
  assert.ok(same(low.values, high.values));
  const unmasked = await scene(provider, { settings: { steps: 1 }, groups: groups("odd", 5) });
  assert.ok(!same(unmasked.values, high.values));
  assert.ok(high.trained > 0 && high.trained < unmasked.trained);
});
