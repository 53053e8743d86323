/** Losses on a head of scores against PyTorch (test/golden/scores.py), against finite differences, and whatever the batching. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, goldenJson, goldenTensors, relativeError, worstParameter } from "../../test/golden-files.ts";
import { cpuProvider } from "../graph/node.ts";
import type { ModelConfig } from "../model/config.ts";
import { Random } from "../util/random.ts";
import { type ScoreItem, type ScoreText, scoreBatches, totalWeight } from "./score-batch.ts";
import { ScoreEngine } from "./score-engine.ts";
import type { ScoreObjective } from "./score-objective.ts";

interface Golden {
  readonly config: ModelConfig;
  readonly texts: readonly ScoreText[];
  readonly items: readonly number[][];
  readonly pairs: readonly { item: number; better: number; worse: number; weight: number }[];
  readonly clip: number;
  readonly cases: readonly { name: string; scores: number[][][]; loss: number }[];
}

const golden = goldenJson<Golden>("scores");
const tensors = goldenTensors("scores");
const one = new Map([...tensors, ["score.weight", tensors.get("one.score.weight")!]]);

/** The case's own configuration, parameters, items and objective. */
function setting(name: string): {
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
  readonly items: readonly ScoreItem[];
  readonly objective: ScoreObjective;
} {
  const pairs = name === "pairs";
  const config: ModelConfig = pairs ? { ...golden.config, scores: ["a"] } : golden.config;
  const items = golden.items.map((texts, item): ScoreItem => {
    const own = texts.map((i) => golden.texts[i]!);
    return pairs ? { texts: own, pairs: golden.pairs.filter((pair) => pair.item === item) } : { texts: own };
  });
  const objective: ScoreObjective =
    name === "squared-clip" ? { kind: "squared", clip: golden.clip } : { kind: name as "pairs" | "binary" | "squared" };
  return { config, parameters: flatten(config, pairs ? one : tensors), items, objective };
}

async function run(name: string, tokens: number, target: "fused" | "portable", change?: Float32Array) {
  const { config, parameters, items, objective } = setting(name);
  const engine = await ScoreEngine.create(await cpuProvider(), config, objective, {
    positions: config.maxPositions,
    target,
  });
  const gradient = new Float32Array(parameters.length);
  const outputs = config.scores!.length;
  const batches = scoreBatches(items, { tokens, outputs });
  const moved = change ? parameters.map((x, i) => x + change[i]!) : parameters;
  const results = await engine.gradients(moved, gradient, batches);
  await engine.release();
  const scores: number[][][] = [];
  batches.forEach((batch, b) => {
    for (const { item, text, start, count } of batch.spans) {
      scores[golden.items[item]![text]!] = Array.from({ length: count }, (_, p) => [
        ...results[b]!.scores.slice((start + p) * outputs, (start + p + 1) * outputs),
      ]);
    }
  });
  return { loss: results.reduce((total, { loss }) => total + loss, 0), gradient, scores, batches: batches.length };
}

for (const { name, loss, scores } of golden.cases) {
  const { config } = setting(name);
  for (const target of ["fused", "portable"] as const) {
    for (const tokens of [1000, 40]) {
      test(`${name} in batches of ${tokens}: scores, loss and gradients equal PyTorch's (${target})`, async () => {
        const got = await run(name, tokens, target);
        assert.equal(got.batches > 1, tokens < 1000);
        assert.ok(Math.abs(got.loss - loss) < 1e-6 * Math.max(1, loss), `loss ${got.loss}, expected ${loss}`);
        scores.forEach((expected, i) => {
          assert.ok(relativeError(got.scores[i]!.flat(), expected.flat()) < 1e-5, `scores of text ${i}`);
        });
        const own = name === "pairs" ? one : tensors;
        const wanted = flatten(config, new Map([...own, ...tensors]), `${name}.`);
        const worst = worstParameter(config, got.gradient, wanted);
        assert.ok(worst.error < 1e-5, `the gradient of ${worst.name} is off by ${worst.error} of its largest entry`);
      });
    }
  }

  test(`${name}: the gradient is the slope of the loss along random directions`, async () => {
    const { gradient } = await run(name, 1000, "fused");
    for (let d = 0; d < 3; d++) {
      const random = Random.of(4, "direction", d);
      const step = 2e-3;
      const direction = gradient.map((g) => (g === 0 ? 0 : random.normal()));
      const slope = direction.reduce((total, x, i) => total + x * gradient[i]!, 0);
      const up = await run(
        name,
        1000,
        "fused",
        direction.map((x) => step * x),
      );
      const down = await run(
        name,
        1000,
        "fused",
        direction.map((x) => -step * x),
      );
      const measured = (up.loss - down.loss) / (2 * step);
      const size = Math.sqrt(gradient.reduce((total, g) => total + g * g, 0));
      assert.ok(Math.abs(measured - slope) < 0.02 * size, `slope ${slope}, measured ${measured}, norm ${size}`);
    }
  });
}

test("at a head of zero every pair's loss is log 2, and the gradient already says which text is better", async () => {
  const { config, parameters, items } = setting("pairs");
  const zero = Float32Array.from(parameters);
  const engine = await ScoreEngine.create(await cpuProvider(), config, { kind: "pairs" }, { positions: 64 });
  const head = engine.layout.entries.find((entry) => entry.name === "score")!;
  zero.fill(0, head.offset, head.offset + head.size);
  const gradient = new Float32Array(zero.length);
  const weight = totalWeight(items, 1);
  const batches = scoreBatches(items, { tokens: 1000, outputs: 1, scale: 1 / weight });
  const [result] = await engine.gradients(zero, gradient, batches);
  assert.ok(Math.abs(result!.loss - Math.LN2) < 1e-6);
  const after = zero.map((x, i) => x - 0.1 * gradient[i]!);
  const [better] = await engine.gradients(after, gradient, batches);
  await engine.release();
  assert.ok(better!.loss < Math.LN2 - 1e-3, `${better!.loss}`);
});
