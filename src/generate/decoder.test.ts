/** Decoding with a cache against the plain forward pass, which knows neither cache nor padding. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { Random } from "../util/random.ts";
import { Decoder } from "./decoder.ts";
import { configs, forwardPass, logSoftmax, randomModel, randomTokens } from "./testing.ts";

const steps = 6;

for (const target of ["fused", "portable"] as const) {
  for (const [name, config] of Object.entries(configs)) {
    for (const lengths of [
      [5, 5, 5],
      [3, 7, 1, 4],
    ]) {
      test(`decoding gives the forward pass's logits: ${name}, prompts of ${lengths}, ${target}`, async () => {
        const provider = await cpuProvider();
        const parameters = randomModel(config, 11);
        const random = Random.of(3, name);
        const prompts = lengths.map((length) => randomTokens(random, length, config.vocabSize));
        const promptOf = prompts.flatMap((_, p) => (p === 1 ? [p, p] : [p]));
        const forward = await forwardPass(provider, config, parameters, target);
        const decoder = await Decoder.create(provider, config, { target, logits: true });
        await decoder.begin({ parameters, prompts, promptOf, room: steps, scale: 1 / 0.7 });
        let rows = promptOf.map((p) => [...prompts[p]!]);
        for (let step = 0; ; step++) {
          for (const [r, row] of rows.entries()) {
            const wanted = (await forward(row)).at(-1)!;
            const of = (all: Float32Array) => all.subarray(r * config.vocabSize, (r + 1) * config.vocabSize);
            const error = maxDifference(of(decoder.logits), wanted);
            assert.ok(error < 1e-4, `row ${r}, step ${step}: logits off by ${error}`);
            const spread = maxDifference(of(decoder.probabilities), logSoftmax(wanted, 0.7).map(Math.exp));
            assert.ok(spread < 1e-5, `row ${r}, step ${step}: probabilities off by ${spread}`);
          }
          if (step === steps) break;
          if (step === 2) {
            const kept = [...rows.keys()].filter((r) => r !== 1 && r !== 2);
            decoder.keep(kept);
            rows = kept.map((r) => rows[r]!);
          }
          const tokens = rows.map(() => random.int(0, config.vocabSize - 1));
          for (const [r, row] of rows.entries()) row.push(tokens[r]!);
          await decoder.step(tokens);
        }
        await decoder.release();
      });
    }
  }
}

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let max = 0;
  for (let i = 0; i < a.length; i++) max = Math.max(max, Math.abs(a[i]! - b[i]!));
  return Number.isNaN(a[0]) ? Number.NaN : max;
}
