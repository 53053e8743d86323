import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type BatchOptions, type MicroBatch, microBatches, type Sequence } from "./batch.ts";

fc.configureGlobal({ seed: 3 });

const CAPACITY = 40;
const sequence = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 2, maxLength: CAPACITY + 1 }),
    fc.nat(1000),
    fc.boolean(),
  )
  .map(([tokens, place, policy]): Sequence => {
    const from = 1 + (place % (tokens.length - 1));
    const values = (scale: number) => Float32Array.from(tokens.slice(from), (t, i) => -scale * t - i);
    return {
      tokens,
      from,
      weight: 1 / (1 + place),
      ...(policy ? { advantage: place - 500, old: values(0.5), reference: values(0.25) } : {}),
    };
  });
const sequences = fc.array(sequence, { maxLength: 30 });
const options = fc.record(
  {
    tokens: fc.integer({ min: 1, max: 300 }),
    multiple: fc.constantFrom(1, 8, 16, 32),
    pack: fc.integer({ min: CAPACITY, max: 3 * CAPACITY }),
    share: fc.integer({ min: 5, max: CAPACITY }),
  },
  { requiredKeys: ["tokens"] },
);

/** Reads a batch as a model would: the whole context of each learnt token, from ids and segments alone. */
function contextsOf(batch: MicroBatch): { index: number; context: number[]; n: number }[] {
  return batch.spans.flatMap(({ index, start, count }) =>
    Array.from({ length: count }, (_, i) => {
      const n = start + i;
      const at = batch.picked[n]!;
      const row = Math.floor(at / batch.length) * batch.length;
      const context: number[] = [];
      for (let t = row; t <= at; t++) if (batch.segments[t] === batch.segments[at]) context.push(batch.ids[t]!);
      return { index, context, n };
    }),
  );
}

test("every learnt token comes once, after exactly its own context, with its own numbers", () => {
  fc.assert(
    fc.property(sequences, options, (list, given) => {
      const seen = list.map(() => new Set<number>());
      for (const batch of microBatches(list, given)) {
        for (const { index, context, n } of contextsOf(batch)) {
          const { tokens, from, weight, advantage = 0, old, reference } = list[index]!;
          const t = context.length;
          assert.ok(t >= from && t < tokens.length && !seen[index]!.has(t));
          seen[index]!.add(t);
          assert.deepEqual(context, tokens.slice(0, t));
          assert.equal(batch.targets[n], tokens[t]);
          assert.equal(batch.weights[n], Math.fround(weight));
          assert.equal(batch.advantages[n], advantage);
          if (old) assert.equal(batch.old[n], old[t - from]);
          if (reference) assert.equal(batch.reference[n], reference[t - from]);
        }
      }
      for (const [i, { tokens, from }] of list.entries()) assert.equal(seen[i]!.size, tokens.length - from);
    }),
  );
});

test("spans name every sequence once and run on without gaps; padding weighs nothing", () => {
  fc.assert(
    fc.property(sequences, options, (list, given) => {
      const batches = microBatches(list, given);
      const named = batches.flatMap(({ spans }) => spans.map(({ index }) => index));
      assert.deepEqual(
        named.toSorted((a, b) => a - b),
        list.map((_, i) => i),
      );
      for (const batch of batches) {
        let learnt = 0;
        for (const { start, count, index } of batch.spans) {
          assert.equal(start, learnt);
          assert.equal(count, list[index]!.tokens.length - list[index]!.from);
          learnt += count;
        }
        const n = batch.picked.length;
        assert.ok(n % 64 === 0 && n - learnt < 64);
        for (const array of [batch.targets, batch.weights, batch.advantages, batch.old, batch.reference])
          assert.equal(array.length, n);
        for (let i = learnt; i < n; i++) {
          assert.equal(batch.weights[i], 0);
          assert.equal(batch.picked[i], batch.picked[learnt - 1]);
          assert.equal(batch.reference[i], batch.reference[learnt - 1]);
        }
      }
    }),
  );
});

test("rows hold what they may: one sequence, or several in segments of their own that never overlap", () => {
  fc.assert(
    fc.property(sequences, options, (list, given) => {
      const multiple = given.multiple ?? 4;
      for (const batch of microBatches(list, given)) {
        assert.equal(batch.length % multiple, 0);
        assert.equal(batch.ids.length, batch.rows * batch.length);
        assert.ok(batch.rows === 1 || batch.rows * batch.length <= given.tokens);
        let used = 0;
        for (let row = 0; row < batch.rows; row++) {
          const segments = [...batch.segments.subarray(row * batch.length, (row + 1) * batch.length)];
          const filled = segments.filter((s) => s > 0);
          used += filled.length;
          assert.ok(filled.length <= (given.pack ?? CAPACITY));
          // What is longer than a row is filled up to has one of its own.
          assert.ok(filled.length <= (given.share ?? filled.length) || new Set(filled).size === 1);
          // 1 1 1 2 2 3 … 0 0: each segment in one piece, padding at the end.
          assert.deepEqual(
            segments.slice(0, filled.length),
            filled.toSorted((a, b) => a - b),
          );
          assert.deepEqual(
            [...new Set(filled)],
            Array.from({ length: new Set(filled).size }, (_, i) => i + 1),
          );
          if (given.pack === undefined) assert.equal(new Set(filled).size, 1);
        }
        assert.equal(
          used,
          batch.spans.reduce((sum, { index }) => sum + list[index]!.tokens.length - 1, 0),
        );
      }
    }),
  );
});

test("packing wastes little, and equal input gives equal batches", () => {
  const list = Array.from(
    { length: 100 },
    (_, i): Sequence => ({ tokens: new Array(5 + ((i * 7) % 30)).fill(i + 1), from: 1, weight: 1 }),
  );
  const given: BatchOptions = { tokens: 256, pack: 64, multiple: 32 };
  const batches = microBatches(list, given);
  const room = batches.reduce((sum, b) => sum + b.rows * b.length, 0);
  const used = list.reduce((sum, { tokens }) => sum + tokens.length - 1, 0);
  assert.ok(used / room > 0.95, `${used} of ${room}`);
  assert.deepEqual(microBatches(structuredClone(list), given), batches);
});

test("sequences that cannot be learnt from, or fit no row, are refused", () => {
  const of = (tokens: number[], from: number): Sequence => ({ tokens, from, weight: 1 });
  assert.deepEqual(microBatches([], { tokens: 10 }), []);
  for (const bad of [of([1, 2], 0), of([1, 2], 2), of([1], 1)])
    assert.throws(() => microBatches([bad], { tokens: 10 }), /internal: sequence 0 learns from/);
  for (const share of [{}, { share: 1 }])
    assert.throws(() => microBatches([of([1, 2, 3, 4], 1)], { tokens: 10, pack: 2, ...share }), RangeError);
});
