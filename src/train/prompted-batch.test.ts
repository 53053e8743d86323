/** Answers that share their prompts: the same tokens after the same contexts, and the same gradient, as rows of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatten, goldenJson, goldenTensors, relativeError, worstParameter } from "../../test/golden-files.ts";
import { graphicsProvider, NO_GRAPHICS } from "../../test/graphics.ts";
import { runObjective } from "../../test/objective.ts";
import type { Provider, Target } from "../graph/index.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { Random } from "../util/random.ts";
import { type MicroBatch, microBatches, type Sequence } from "./batch.ts";
import type { Objective } from "./objective.ts";
import { answerBatches, sharedBatches, tokensOf } from "./prompted-batch.ts";

fc.configureGlobal({ seed: 5 });

/** Groups of answers to prompts of their own; each token says where it belongs. */
function answers(prompts: readonly number[], lengths: readonly (readonly number[])[], vocabulary = 1e6): Sequence[] {
  const random = Random.of(3, "answers", ...prompts);
  const draw = (count: number): number[] => Array.from({ length: count }, () => random.int(0, vocabulary - 1));
  return prompts.flatMap((length, g) => {
    const prompt = draw(length);
    return lengths[g]!.map((count, i): Sequence => {
      const old = Float32Array.from({ length: count }, (_, t) => -0.1 * (t + i + 1));
      return { tokens: [...prompt, ...draw(count)], from: length, weight: 1 / (g + i + 2), advantage: i - 1.5, old };
    });
  });
}

const groups = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) =>
    answers(
      list.map(([prompt]) => prompt),
      list.map(([, lengths]) => lengths),
    ),
  );

/** What is seen from a picked place, read from the batch as the graph reads it. */
function contextOf(batch: MicroBatch, place: number): number[] {
  const { count, length: longest, ids, owners, lengths } = batch.prompts!;
  const prompt = (g: number, end: number): number[] => [...ids.subarray(g * longest, g * longest + end)];
  if (place < count * longest) return prompt(Math.floor(place / longest), (place % longest) + 1);
  const at = place - count * longest;
  const row = Math.floor(at / batch.length);
  const own: number[] = [];
  for (let t = row * batch.length; t <= at; t++)
    if (batch.segments[t] === batch.segments[at]) {
      assert.equal(
        batch.prompts!.positions[t],
        lengths[row]! + own.length,
        "a token does not stand behind the one before",
      );
      own.push(batch.ids[t]!);
    }
  return [...prompt(owners[row]!, lengths[row]!), ...own];
}

test("every learnt token comes once, after exactly its own context, with its own numbers", () => {
  fc.assert(
    fc.property(groups, fc.integer({ min: 1, max: 400 }), (list, tokens) => {
      const seen = list.map(() => new Set<number>());
      for (const batch of sharedBatches(list, tokens)) {
        // Too large for a micro-batch is only a row as wide as the longest answer to its prompt.
        const asked = (i: number): string => list[i]!.tokens.slice(0, list[i]!.from).join();
        const same = list.filter((_, i) => asked(i) === asked(batch.spans[0]!.index));
        const longest = Math.max(1, ...same.map(({ tokens: all, from }) => all.length - 1 - from));
        const needed = batch.rows === 1 && batch.length === 4 * Math.ceil(longest / 4);
        assert.ok(tokensOf([batch]) <= tokens || needed, "a micro-batch is too large");
        for (const { index, start, count } of batch.spans) {
          const { tokens: all, from, weight, advantage, old } = list[index]!;
          for (let n = start; n < start + count; n++) {
            const context = contextOf(batch, batch.picked[n]!);
            const t = context.length;
            assert.ok(t >= from && t < all.length && !seen[index]!.has(t));
            seen[index]!.add(t);
            assert.deepEqual(context, all.slice(0, t));
            assert.equal(batch.targets[n], all[t]);
            assert.equal(batch.weights[n], Math.fround(weight));
            assert.equal(batch.advantages[n], advantage);
            assert.equal(batch.old[n], old![t - from]);
          }
        }
      }
      for (const [i, { tokens: all, from }] of list.entries()) assert.equal(seen[i]!.size, all.length - from);
    }),
  );
});

test("prompts are shared where that takes fewer tokens, and only there", () => {
  const tokens = 512;
  const equal = answers([24, 9], [new Array(8).fill(17), new Array(8).fill(17)]);
  const shared = answerBatches(equal, { tokens });
  assert.ok(shared.every((batch) => batch.prompts));
  assert.equal(tokensOf(shared), 16 * 16 + 2 * 24);
  assert.equal(tokensOf(microBatches(equal, { tokens })), 12 * 40 + 4 * 28);
  const uneven = answers([2, 2, 2], [[90, 50], [80], [70, 40]]);
  assert.deepEqual(answerBatches(uneven, { tokens }), microBatches(uneven, { tokens }));
  assert.deepEqual(answerBatches([], { tokens }), []);
});

const OBJECTIVES: Readonly<Record<string, Objective>> = {
  "clipped ratios": { kind: "policy", clipLow: 0.2, clipHigh: 0.2, klWeight: 0, temperature: 0.8 },
  "ratios of whole answers": { kind: "policy", ratio: "sequence", clipLow: 0.2, clipHigh: 0.2, klWeight: 0 },
  "scores alone": { kind: "score" },
};

const graphics = await graphicsProvider();

for (const name of ["llama-tied", "llama-untied", "qwen2", "qwen3"]) {
  const { config } = goldenJson<{ config: ModelConfig }>(`model-${name}`);
  const parameters = flatten(config, goldenTensors(`model-${name}`));
  const sequences = answers(
    [5, 3, 1],
    [
      [7, 1, 4],
      [6, 9],
      [2, 2, 5],
    ],
    config.vocabSize,
  );
  const compare = async (objective: Objective, provider: Provider, target: Target, most: number): Promise<void> => {
    const own = await runObjective(config, parameters, objective, microBatches(sequences, { tokens: 48 }), {
      provider,
      target,
    });
    const batches = sharedBatches(sequences, 40);
    assert.ok(batches.length > 1 && batches.some(({ prompts }) => prompts!.count > 1));
    const shared = await runObjective(config, parameters, objective, batches, { provider, target });
    for (const [i, logprobs] of own.logprobs.entries())
      assert.ok(relativeError(shared.logprobs[i]!, logprobs) < most, `log-probabilities of answer ${i}`);
    assert.ok(Math.abs(shared.loss - own.loss) <= most * Math.abs(own.loss), `loss ${shared.loss}, ${own.loss} alone`);
    if (objective.kind === "score") return;
    const { name: worst, error } = worstParameter(config, shared.gradient, own.gradient);
    assert.ok(error < most, `the gradient of ${worst} is off by ${error} of its largest entry`);
  };
  for (const [what, objective] of Object.entries(OBJECTIVES)) {
    for (const target of ["fused", "portable"] as const)
      test(`${name}, ${what}: shared prompts change nothing (${target})`, async () =>
        compare(objective, await cpuProvider(), target, 1e-5));
  }
  test(`${name}: a row of packed answers may be longer than any sequence may be`, async () => {
    // 64 positions, and the answers of 50 and 30 tokens stand in one row of 80.
    const narrow = { ...config, maxPositions: 64 };
    const long = answers([4], [[50, 30]], config.vocabSize);
    const batches = sharedBatches(long, 256);
    assert.deepEqual(
      batches.map(({ rows, length }) => [rows, length > 64]),
      [[1, true]],
    );
    const own = await runObjective(narrow, parameters, { kind: "score" }, microBatches(long, { tokens: 256 }));
    for (const target of ["fused", "portable"] as const) {
      const shared = await runObjective(narrow, parameters, { kind: "score" }, batches, { target });
      for (const [i, logprobs] of own.logprobs.entries())
        assert.ok(relativeError(shared.logprobs[i]!, logprobs) < 1e-5, `answer ${i}, ${target}`);
    }
  });
  test(`${name}: shared prompts change nothing on WebGPU`, { skip: graphics === undefined && NO_GRAPHICS }, () =>
    compare(OBJECTIVES["clipped ratios"]!, graphics!, graphics!.target, 5e-5),
  );
}
