/**
 * Every algorithm from rewards to gradients against golden values (test/golden/algorithms.py), and what must be equal
 * between them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors, worstParameter } from "../../../test/golden-files.ts";
import { cpuProvider } from "../../graph/node.ts";
import type { ModelConfig } from "../../model/config.ts";
import { parseCompletion } from "../../tasks/index.ts";
import { type Advantage, stepAdvantages } from "../advantages.ts";
import { type MicroBatch, microBatches } from "../batch.ts";
import { GradientEngine } from "../gradient-engine.ts";
import type { Objective } from "../objective.ts";
import type { Group } from "../reinforce-metrics.ts";
import { policyObjective, type ReinforceSettings } from "../reinforce-settings.ts";
import { digitProblem, REINFORCE } from "../testing.ts";
import { layOut, learntLengths, sequencesOf } from "../updates.ts";
import { ALGORITHMS, type AlgorithmName } from "./index.ts";

interface Answer {
  readonly tokens: readonly number[];
  readonly from: number;
  readonly reward: number;
  readonly cut: boolean;
  readonly reference: readonly number[];
}
interface Golden {
  readonly config: ModelConfig;
  readonly maxLength: number;
  readonly groups: readonly (readonly Answer[])[];
  readonly cases: readonly {
    readonly name: string;
    readonly algorithm: AlgorithmName;
    readonly settings: Partial<ReinforceSettings>;
    readonly old: readonly (readonly number[][])[];
    readonly loss: number;
    readonly advantages: readonly (readonly (number | number[])[])[];
  }[];
}

const golden = goldenJson<Golden>("algorithms");
const tensors = goldenTensors("algorithms");
const { config, maxLength } = golden;
const parameters = flatten(config, tensors);
const provider = await cpuProvider();

function settingsOf(algorithm: AlgorithmName, more: Partial<ReinforceSettings> = {}): ReinforceSettings {
  const { rewards: _, ...settings } = ALGORITHMS[algorithm] as { rewards?: unknown } & Partial<ReinforceSettings>;
  return { ...REINFORCE, maxNewTokens: maxLength, microBatchTokens: 32, ...settings, ...more };
}

type Olds = readonly (readonly (readonly number[])[])[];

/** The step as the loop has it, its answers sampled with the log-probabilities `old`. */
function valued(settings: ReinforceSettings, answers: readonly (readonly Answer[])[], old: Olds): Group[] {
  const advantages = stepAdvantages(
    answers.map((group, g) => ({
      rewards: group.map(({ reward }) => reward),
      lengths: group.map(({ tokens, from }) => tokens.length - from),
      ...(settings.klIn === "reward"
        ? {
            penalties: group.map(({ reference }, i) =>
              Float32Array.from(reference, (x, t) => settings.klWeight * (old[g]![i]![t]! - x)),
            ),
          }
        : {}),
    })),
    { baseline: settings.baseline ?? "group", scale: settings.rewardScale },
  );
  return answers.map((group, g) => ({
    problem: digitProblem(g),
    dead: false,
    judgements: [],
    advantages: advantages[g]!,
    rollouts: group.map(({ tokens, from, cut }, i) => ({
      problem: digitProblem(g),
      segments: [
        { role: "user", tokens: tokens.slice(0, from), trainable: false },
        { role: "assistant", tokens: tokens.slice(from), trainable: true, logprobs: Float32Array.from(old[g]![i]!) },
      ],
      text: "",
      parsed: parseCompletion(""),
      finish: cut ? "length" : "stop",
      length: tokens.length - from,
    })),
  }));
}

interface Differentiated {
  readonly loss: number;
  readonly gradient: Float32Array;
}

async function differentiate(
  objective: Objective,
  batches: readonly MicroBatch[],
  packed = false,
  target: "fused" | "portable" = "fused",
): Promise<Differentiated> {
  const options = { packed, positions: config.maxPositions, target };
  const engine = await GradientEngine.create(provider, config, objective, options);
  const gradient = new Float32Array(parameters.length);
  const results = await engine.gradients(parameters, gradient, batches);
  await engine.release();
  return { loss: results.reduce((total, { loss }) => total + loss, 0), gradient };
}

/** Loss and gradient of the step's first update, of two groups. */
function firstUpdate(
  settings: ReinforceSettings,
  old: Olds,
  options: {
    readonly shards?: number;
    readonly target?: "fused" | "portable";
    readonly answers?: Golden["groups"];
  } = {},
): Promise<Differentiated> {
  const answers = options.answers ?? golden.groups;
  const groups = valued(settings, answers, old);
  const step = groups.flatMap((group) => learntLengths(settings, group));
  const shards = layOut(settings, options.shards ?? 2, groups.slice(0, 2), step, (group, i) =>
    Float32Array.from(answers[groups.indexOf(group)]![i]!.reference),
  );
  return differentiate(policyObjective(settings), shards.flat(), false, options.target);
}

function assertEqual(got: Differentiated, expected: Differentiated, within = 1e-5): void {
  assert.ok(
    Math.abs(got.loss - expected.loss) < within * (1 + Math.abs(expected.loss)),
    `loss ${got.loss}, ${expected.loss}`,
  );
  const { name, error } = worstParameter(config, got.gradient, expected.gradient);
  assert.ok(error < within, `the gradient of ${name} is off by ${error} of its largest entry`);
}

const list = (advantage: Advantage | readonly number[]): number[] =>
  typeof advantage === "number" ? [advantage] : [...advantage];

for (const { name, algorithm, settings: more, old, loss, advantages } of golden.cases) {
  const settings = settingsOf(algorithm, more);
  const expected: Differentiated = { loss, gradient: flatten(config, tensors, `${name}.`) };
  for (const target of ["fused", "portable"] as const) {
    test(`${name}: advantages, loss and gradients equal PyTorch's (${target})`, async () => {
      valued(settings, golden.groups, old).forEach((group, g) => {
        group.advantages.forEach((advantage, i) => {
          const wanted = list(advantages[g]![i]!);
          const got = list(advantage);
          assert.equal(got.length, wanted.length);
          for (const [t, x] of got.entries()) assert.ok(Math.abs(x - wanted[t]!) < 1e-6 * (1 + Math.abs(wanted[t]!)));
        });
      });
      assertEqual(await firstUpdate(settings, old, { target }), expected);
    });
  }
  test(`${name}: neither shards nor micro-batches nor packed rows change the update`, async () => {
    for (const [shards, microBatchTokens] of [
      [1, 10_000],
      [2, 16],
      [3, 1],
    ] as const)
      assertEqual(await firstUpdate({ ...settings, microBatchTokens }, old, { shards }), expected);
    const groups = valued(settings, golden.groups, old);
    const step = groups.flatMap((group) => learntLengths(settings, group));
    const packed = sequencesOf(settings, 1, groups.slice(0, 2), step, (group, i) =>
      Float32Array.from(golden.groups[groups.indexOf(group)]![i]!.reference),
    ).flat();
    assertEqual(
      await differentiate(policyObjective(settings), microBatches(packed, { tokens: 64, pack: 32, multiple: 8 }), true),
      expected,
    );
  });
}

const spread = golden.cases.find(({ name }) => name === "dapo")!.old;
/** The policy's own: as at the first update on a batch. */
async function own(): Promise<Olds> {
  const engine = await GradientEngine.create(provider, config, { kind: "score" }, { packed: false, positions: 64 });
  const out: Float32Array[][] = golden.groups.map(() => []);
  const flat = golden.groups.flatMap((group, g) => group.map((answer, i) => ({ g, i, answer })));
  const batches = microBatches(
    flat.map(({ answer: { tokens, from } }) => ({ tokens, from, weight: 1 })),
    { tokens: 1000 },
  );
  const results = await engine.score(parameters, batches);
  await engine.release();
  batches.forEach((batch, b) => {
    for (const { index, start, count } of batch.spans)
      out[flat[index]!.g]![flat[index]!.i] = results[b]!.logprobs.slice(start, start + count);
  });
  return out.map((row) => row.map((x) => [...x]));
}
const first = await own();

test("at the first update every ratio is 1: all surrogates and both ratios have one gradient", async () => {
  for (const more of [{ normalisation: "grpo" }, { normalisation: "dapo" }, { normalisation: "dr_grpo" }] as const) {
    const plain = await firstUpdate(settingsOf("dapo", more), first);
    for (const other of [
      { surrogate: "cispo" },
      { surrogate: "reinforce" },
      { clipLow: 0.99, clipHigh: 1e6 },
      { ratio: "sequence" },
      { ratio: "sequence", surrogate: "cispo" },
    ] as const) {
      const got = await firstUpdate(settingsOf("dapo", { ...more, ...other }), first);
      assertEqual({ ...got, loss: plain.loss }, plain, 2e-5);
    }
  }
});

test("without a clip the ratio only weighs: CISPO without a cap has the same gradient", async () => {
  const open = { clipLow: 0.999_999, clipHigh: 1e6 };
  const [clip, cispo] = [
    await firstUpdate(settingsOf("dapo", open), spread),
    await firstUpdate(settingsOf("dapo", { ...open, surrogate: "cispo" }), spread),
  ];
  assertEqual({ ...cispo, loss: clip.loss }, clip, 2e-5);
});

test("RLOO is Dr. GRPO without a ratio times G/(G − 1)", async () => {
  const rloo = await firstUpdate(settingsOf("rloo", { klWeight: 0 }), spread);
  const plain = await firstUpdate(settingsOf("dr_grpo", { surrogate: "reinforce" }), spread);
  const times = (x: number): number => (x * 3) / 2;
  assertEqual(rloo, { loss: times(plain.loss), gradient: plain.gradient.map(times) });
});

test("for answers of one token GSPO is GRPO", async () => {
  const answers = golden.groups.map((group) =>
    group.map((answer) => ({ ...answer, tokens: answer.tokens.slice(0, answer.from + 1) })),
  );
  const old = spread.map((group) => group.map((row) => row.slice(0, 1)));
  const ends = { clipLow: 0.2, clipHigh: 0.28, klWeight: 0 };
  assertEqual(
    await firstUpdate(settingsOf("gspo", ends), old, { answers }),
    await firstUpdate(settingsOf("grpo", ends), old, { answers }),
  );
});

test("with one update a step BNPO's loss is DAPO's", async () => {
  const answers = golden.groups.slice(0, 2);
  const ends = { clipLow: 0.2, clipHigh: 0.28 };
  assertEqual(
    await firstUpdate(settingsOf("bnpo", ends), spread, { answers }),
    await firstUpdate(settingsOf("dapo", ends), spread, { answers }),
  );
});
