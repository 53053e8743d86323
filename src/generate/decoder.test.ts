/** Decoding with a cache against the plain forward pass, which knows neither cache nor batch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { Random } from "../util/random.ts";
import { Decoder } from "./decoder.ts";
import { configs, forwardPass, logSoftmax, randomModel, randomTokens } from "./testing.ts";

for (const target of ["fused", "portable"] as const) {
  for (const [name, config] of Object.entries(configs)) {
    test(`sequences that join, rest and leave have the forward pass's logits: ${name}, ${target}`, async () => {
      const provider = await cpuProvider();
      const parameters = randomModel(config, 11);
      const random = Random.of(3, name);
      const forward = await forwardPass(provider, config, parameters, target);
      const decoder = await Decoder.create(provider, config, { target, logits: true });
      let slots: (number[] | undefined)[] = new Array(6).fill(undefined);

      const check = async (moment: string, which: readonly number[]): Promise<void> => {
        for (const slot of which) {
          const of = (all: Float32Array) => all.subarray(slot * config.vocabSize, (slot + 1) * config.vocabSize);
          const wanted = (await forward(slots[slot]!)).at(-1)!;
          const error = maxDifference(of(decoder.logits), wanted);
          assert.ok(error < 1e-4, `${moment}, slot ${slot}: logits off by ${error}`);
          const spread = maxDifference(of(decoder.probabilities), logSoftmax(wanted, 0.7).map(Math.exp));
          assert.ok(spread < 1e-5, `${moment}, slot ${slot}: probabilities off by ${spread}`);
        }
      };
      const join = async (groups: readonly (readonly number[])[], lengths: readonly number[]): Promise<void> => {
        const prompts = lengths.map((length) => randomTokens(random, length, config.vocabSize));
        await decoder.join(groups.map((group, i) => ({ prompt: prompts[i]!, slots: group })));
        for (const [i, group] of groups.entries()) for (const slot of group) slots[slot] = [...prompts[i]!];
        await check("joined", groups.flat());
      };
      const step = async (count: number, resting: readonly number[] = []): Promise<void> => {
        for (let i = 0; i < count; i++) {
          const moving = [...slots.keys()].filter((slot) => slots[slot] && !resting.includes(slot));
          const tokens = slots.map((_, slot) => (moving.includes(slot) ? random.int(0, config.vocabSize - 1) : -1));
          for (const slot of moving) slots[slot]!.push(tokens[slot]!);
          await decoder.step(tokens);
          await check(`step ${i}`, moving);
        }
      };

      for (const round of [1, 2]) {
        slots = new Array(6).fill(undefined);
        await decoder.begin({ parameters, slots: 6, limit: 48, scale: 1 / 0.7, build: round === 2 });
        // Two sequences continue one prompt; slot 4 stays empty.
        await join([[0], [1, 5], [2], [3]], [3, 7, 1, 25 + round]);
        await step(2);
        await join([[4]], [12]);
        await step(6, [1]); // the longest outgrows the first capacity
        await step(2);
        await join([[3], [0]], [1, 2]);
        await step(2, [5]);
        // A shorter batch gives up capacity; the order stays.
        const kept = [1, 3, 5];
        decoder.keep(kept);
        slots = kept.map((slot) => slots[slot]);
        await step(3);
        await join([[1]], [40]);
        await step(8);
        assert.equal(slots[1]!.length, 48);
      }
      await decoder.release();
    });
  }
}

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i])) return Number.NaN;
    max = Math.max(max, Math.abs(a[i]! - b[i]!));
  }
  return max;
}
