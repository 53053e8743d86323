/** The cache against a plain list per slot: whatever is done, every sequence is where it should be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cpuProvider } from "../graph/node.ts";
import { SlotCache } from "./cache.ts";
import { configs } from "./testing.ts";

const config = configs["llama, untied, grouped queries"]!;
const { kvHeads, headDim, layers } = config;
const provider = await cpuProvider();
const limit = 700;

/** What token `id` of a sequence has at a place: any function that tells all of them apart. */
const entry = (id: number, buffer: number, head: number, i: number): number =>
  ((id * 2 * layers + buffer) * kvHeads + head) * headDim + i;

/** [kvHeads, tokens, headDim] of one sequence, padded at its end. */
function sequence(ids: readonly number[], buffer: number, padded: number): Float32Array {
  const out = new Float32Array(kvHeads * padded * headDim).fill(-1);
  for (let head = 0; head < kvHeads; head++)
    for (const [t, id] of ids.entries())
      for (let i = 0; i < headDim; i++) out[(head * padded + t) * headDim + i] = entry(id, buffer, head, i);
  return out;
}

function compare(cache: SlotCache, slots: readonly (readonly number[])[]): void {
  assert.deepEqual(
    cache.lengths,
    slots.map((ids) => ids.length),
  );
  for (let buffer = 0; buffer < 2 * layers; buffer++) {
    const value = cache.value(buffer);
    assert.deepEqual([...value.dims], [slots.length * kvHeads, cache.capacity, headDim]);
    const data = value.data as Float32Array;
    for (const [slot, ids] of slots.entries()) {
      const wanted = sequence(ids, buffer, ids.length);
      for (let head = 0; head < kvHeads; head++) {
        const at = (slot * kvHeads + head) * cache.capacity * headDim;
        const size = ids.length * headDim;
        assert.deepEqual(data.subarray(at, at + size), wanted.subarray(head * size, (head + 1) * size));
      }
    }
  }
}

test("sequences stay whole while others come, grow and go", () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("place"), slot: fc.nat(4), length: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant("append"), mask: fc.nat(31), times: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("keep"), mask: fc.integer({ min: 1, max: 31 }) }),
  ) as fc.Arbitrary<{ kind: "place" | "append" | "keep"; slot: number; length: number; mask: number; times: number }>;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(command, { maxLength: 12 }), (count, commands) => {
      const cache = new SlotCache(provider, config);
      cache.reset(count, limit);
      let slots: number[][] = Array.from({ length: count }, () => []);
      let id = 0;
      for (const { kind, slot, length, mask, times } of commands) {
        if (kind === "place") {
          const at = slot % slots.length;
          const ids = Array.from({ length }, () => id++);
          cache.place(at, length);
          for (let b = 0; b < 2 * layers; b++) {
            const pair = [...sequence([], b, length + 3), ...sequence(ids, b, length + 3)];
            cache.fill(b, at, Float32Array.from(pair), 1, length + 3);
          }
          slots[at] = ids;
        } else if (kind === "append") {
          const chosen = [...slots.keys()].filter((s) => mask & (1 << s));
          for (let k = 0; k < times; k++) {
            const ids = slots.map(() => id++);
            const newest = Array.from({ length: 2 * layers }, (_, b) =>
              Float32Array.from(ids.flatMap((own) => [...sequence([own], b, 1)])),
            );
            cache.reserve(1 + Math.max(0, ...chosen.map((s) => cache.lengths[s]!)));
            cache.append(newest, chosen);
            for (const s of chosen) slots[s]!.push(ids[s]!);
          }
        } else {
          const kept = [...slots.keys()].filter((s) => mask & (1 << s));
          if (kept.length === 0) continue;
          cache.keep(kept);
          slots = kept.map((s) => slots[s]!);
        }
        compare(cache, slots);
      }
    }),
    { seed: 3, numRuns: 40 },
  );
});

test("the capacity stays close to the longest sequence, and within the limit", () => {
  const cache = new SlotCache(provider, config);
  cache.reset(2, limit);
  for (const length of [1, 32, 33, 255, 257, 600, limit]) {
    cache.place(0, length);
    assert.ok(cache.capacity >= length && cache.capacity <= Math.min(limit, length + Math.max(32, length / 8)));
  }
  cache.place(0, 5);
  cache.keep([0]);
  assert.equal(cache.capacity, 32);
  assert.throws(() => cache.place(0, limit + 1), /internal/);
});
