/**
 * One whole step of PPO (arXiv 1707.06347, with the generalised advantages of arXiv 1506.02438 and the reward of
 * InstructGPT for staying near a reference, arXiv 2203.02155) against golden values (golden/ppo_update.py): from answers,
 * rewards and parameters to the losses and gradients of policy and critic, over two passes of two updates. In place of
 * an optimiser stands one that keeps the gradient and puts in the parameters of the next update, so that ratios and
 * values leave their clips as they do on the way.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../src/graph/node.ts";
import type { ModelConfig } from "../src/model/config.ts";
import { scoringModel } from "../src/model/scoring.ts";
import { parseCompletion } from "../src/tasks/index.ts";
import type { MicroBatch } from "../src/train/batch.ts";
import { LocalCompute } from "../src/train/compute.ts";
import type { MicroBatchResult } from "../src/train/gradient-engine.ts";
import type { Objective } from "../src/train/objective.ts";
import { gradientNorm, type Optimizer } from "../src/train/optimizer.ts";
import { type PpoSettings, ppoUpdates } from "../src/train/ppo.ts";
import { REINFORCE_START } from "../src/train/reinforce.ts";
import { policyObjective, type ReinforceSettings } from "../src/train/reinforce-settings.ts";
import type { ScoreBatch } from "../src/train/score-batch.ts";
import type { ScoreResult } from "../src/train/score-engine.ts";
import type { ScoreObjective } from "../src/train/score-objective.ts";
import { digitProblem, REINFORCE } from "../src/train/testing.ts";
import { layOut, learntLengths } from "../src/train/updates.ts";
import type { Sampled } from "../src/train/valuation.ts";
import { flatten, goldenJson, goldenTensors, worstParameter } from "./golden-files.ts";

interface Golden {
  readonly config: ModelConfig;
  readonly settings: Partial<ReinforceSettings> & { readonly ppo: Partial<PpoSettings> };
  readonly groups: readonly (readonly {
    readonly tokens: readonly number[];
    readonly from: number;
    readonly reward: number;
    readonly old: readonly number[];
    /** Mean over the tokens, before whitening. */
    readonly advantage: number;
  }[])[];
  /** Losses. */
  readonly updates: readonly { readonly policy: number; readonly critic: number }[];
  readonly kl: number;
  readonly explained: number;
}

const golden = goldenJson<Golden>("ppo-update");
const tensors = goldenTensors("ppo-update");
const { config } = golden;
const reference = flatten(config, tensors, "reference.");
const provider = await cpuProvider();

type Settings = ReinforceSettings & { readonly ppo: PpoSettings };

// Micro-batches of two rows, so that an update is several of them.
const SETTINGS: Settings = {
  ...REINFORCE,
  microBatchTokens: 32,
  ...golden.settings,
  ppo: { ...(golden.settings.ppo as PpoSettings), valueLearningRate: 0.01, criticWarmup: 0 },
};

/** The step as the loop has sampled and judged it. */
const GROUPS: readonly Sampled[] = golden.groups.map((group, g) => ({
  problem: digitProblem(g),
  dead: false,
  judgements: group.map(({ reward }) => ({ score: 0, reason: "", reward, rewards: {} })),
  rollouts: group.map(({ tokens, from, old }) => ({
    problem: digitProblem(g),
    segments: [
      { role: "user", tokens: tokens.slice(0, from), trainable: false },
      { role: "assistant", tokens: tokens.slice(from), trainable: true, logprobs: Float32Array.from(old) },
    ],
    text: "",
    parsed: parseCompletion(""),
    finish: "stop",
    length: tokens.length - from,
  })),
}));

/** Keeps the loss of every update. */
class Recording extends LocalCompute {
  readonly losses: number[] = [];

  override async gradients(objective: Objective, shards: readonly (readonly MicroBatch[])[]) {
    return this.#kept(await super.gradients(objective, shards));
  }

  override async scoreGradients(objective: ScoreObjective, shards: readonly (readonly ScoreBatch[])[]) {
    return this.#kept(await super.scoreGradients(objective, shards));
  }

  #kept<T extends MicroBatchResult | ScoreResult>(results: T[][]): T[][] {
    this.losses.push(results.flat().reduce((total, { loss }) => total + loss, 0));
    return results;
  }
}

/** A model with what stands in place of its optimiser. @param parameters at every update; the last ones stay */
function recorded(modelConfig: ModelConfig, parameters: readonly Float32Array[]) {
  const compute = new Recording(provider, { config: modelConfig, shards: 2, positions: 32, packed: false });
  compute.buffers.parameters.set(parameters[0]!);
  compute.buffers.reference.set(reference);
  const gradients: Float32Array[] = [];
  const optimizer: Pick<Optimizer, "step"> = {
    async step(into, gradient) {
      gradients.push(gradient.slice());
      into.set(parameters[gradients.length] ?? into);
      return gradientNorm(gradient);
    },
  };
  return { compute, optimizer: optimizer as Optimizer, gradients };
}

/** |actual − expected| / |expected|, Euclidean. */
function distance(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  return gradientNorm(actual.map((x, i) => x - expected[i]!)) / gradientNorm(expected);
}

function assertNear(actual: number | undefined, expected: number, what: string, within = 1e-5): void {
  assert.ok(Math.abs(actual! - expected) < within * (1 + Math.abs(expected)), `${what}: ${actual}, not ${expected}`);
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

test("losses and gradients of policy and critic equal PyTorch's at every update of a step", async () => {
  const scored = scoringModel({ config, parameters: reference }, ["value"]).config;
  const configs = { policy: config, critic: scored };
  const at = (kind: "policy" | "critic", before = "") =>
    golden.updates.map((_, u) => flatten(configs[kind], tensors, `${before}${kind}.${u}.`));
  const [policy, critic] = [recorded(config, at("policy")), recorded(scored, at("critic"))];
  const { metrics, groups } = await ppoUpdates(SETTINGS, policy, critic)(GROUPS, { ...REINFORCE_START });
  for (const [kind, { compute, gradients }] of Object.entries({ policy, critic })) {
    const [name, wanted] = [kind as "policy" | "critic", at(kind as "policy" | "critic", "grad.")];
    assert.equal(gradients.length, wanted.length);
    for (const [u, { [name]: loss }] of golden.updates.entries()) {
      assertNear(compute.losses[u], loss, `loss of the ${kind} at update ${u}`);
      const far = distance(gradients[u]!, wanted[u]!);
      assert.ok(far < 1e-5, `the gradient of the ${kind} at update ${u} is off by ${far} of its norm`);
      const worst = worstParameter(configs[name], gradients[u]!, wanted[u]!);
      assert.ok(worst.error < 1e-4, `of ${worst.name} of the ${kind} at update ${u} by ${worst.error}`);
    }
    await compute.close();
  }
  groups.forEach(({ advantages }, g) => {
    for (const [i, { advantage }] of golden.groups[g]!.entries())
      assertNear(advantages[i] as number, advantage, `advantage of answer ${i} of group ${g}`);
  });
  assertNear(metrics["loss"], mean(golden.updates.map((update) => update.policy)), "loss");
  assertNear(metrics["value/loss"], mean(golden.updates.map((update) => update.critic)), "value/loss");
  assertNear(metrics["value/explained_variance"], golden.explained, "value/explained_variance");
  assertNear(metrics["ppo/kl"], golden.kl, "ppo/kl");
});

test("with values of 0 and γ = λ = 1, not whitened, a token's advantage is its answer's reward", async () => {
  const ppo: PpoSettings = { ...SETTINGS.ppo, gamma: 1, lambda: 1, klReward: 0, whiten: false };
  const settings: Settings = { ...SETTINGS, iterations: 1, miniBatches: 1, ppo };
  const parameters = flatten(config, tensors, "policy.0.");
  const body = scoringModel({ config, parameters }, ["value"]);
  const [policy, critic] = [recorded(config, [parameters]), recorded(body.config, [body.parameters])];
  const { groups } = await ppoUpdates(settings, policy, critic)(GROUPS, { ...REINFORCE_START });
  const rewarded = GROUPS.map((group, g) => ({ ...group, advantages: golden.groups[g]!.map(({ reward }) => reward) }));
  groups.forEach(({ advantages }, g) => {
    for (const [i, reward] of rewarded[g]!.advantages.entries())
      assertNear(advantages[i] as number, reward, `advantage of answer ${i} of group ${g}`, 1e-6);
  });

  const plain = recorded(config, [parameters]).compute;
  const lengths = rewarded.flatMap((group) => learntLengths(settings, group));
  await plain.gradients(
    policyObjective(settings),
    layOut(settings, 2, rewarded, lengths, () => undefined),
  );
  assert.ok(gradientNorm(plain.gradient) > 0.01);
  assert.ok(distance(policy.gradients[0]!, plain.gradient) < 1e-6);
  assertNear(policy.compute.losses[0], plain.losses[0]!, "loss", 1e-6);
  for (const compute of [policy.compute, critic.compute, plain]) await compute.close();
});
