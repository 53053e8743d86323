import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hashString, philox, Random } from "./random.ts";

/** Known answers of Random123 1.14 (kat_vectors, philox4x32 10 rounds). */
const KNOWN = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    answer: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    answer: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    answer: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

describe("philox4x32-10", () => {
  for (const { counter, key, answer } of KNOWN) {
    test(`counter ${counter[0].toString(16)}… gives the published block`, () => {
      assert.deepEqual(philox(counter, key), answer);
    });
  }

  test("agrees with the same rounds in exact integers", () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        assert.deepEqual(philox(counter, key), exactPhilox(counter, key));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

/** The paper's definition, in BigInt and without cleverness. */
function exactPhilox(counter: readonly number[], key: readonly number[]): number[] {
  const mask = 0xffffffffn;
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * a;
    const second = 0xcd9e8d57n * c;
    [a, b, c, d] = [(second >> 32n) ^ b ^ k0, second & mask, (first >> 32n) ^ d ^ k1, first & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [a, b, c, d].map(Number);
}

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

/** Upper 0.1 % point of chi-square (Wilson and Hilferty's approximation). */
const chiSquareLimit = (freedom: number) =>
  freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3;

function chiSquare(counts: readonly number[], expected: (i: number) => number): number {
  return counts.reduce((sum, count, i) => sum + (count - expected(i)) ** 2 / expected(i), 0);
}

describe("streams", () => {
  test("are a function of their key path alone, in whatever order they are used", () => {
    const first = draw(Random.of(7, "rollout", 3, 4), 9);
    const parent = Random.of(7);
    draw(parent, 5);
    const other = parent.split("rollout", 3, 5);
    draw(other, 3);
    const again = parent.split("rollout", 3).split(4);
    draw(other, 3);
    assert.deepEqual(draw(again, 9), first);
  });

  test("are the same numbers on every machine and in every version", () => {
    assert.deepEqual(draw(Random.of(0), 2), [0x6627e8d5, 0xe169c58d]);
    assert.deepEqual(
      draw(Random.of(42, "rollout", 1, 2), 5),
      [948609637, 677957196, 2541739845, 2420093324, 2561529515],
    );
  });

  test("differ by seed, by each part of the path, by a part's type, and by how parts are joined", () => {
    const streams = [
      Random.of(1, "a", 2),
      Random.of(2, "a", 2),
      Random.of(1 + 2 ** 32, "a", 2),
      Random.of(1, "b", 2),
      Random.of(1, "a", 3),
      Random.of(1, "a", 2 + 2 ** 32),
      Random.of(1, "a", "2"),
      Random.of(1, 2, "a"),
      Random.of(1, "a2"),
      Random.of(1, "a"),
      Random.of(1),
    ].map((random) => draw(random, 4).join());
    assert.equal(new Set(streams).size, streams.length);
  });

  test("neighbouring items are uncorrelated", () => {
    const count = 20_000;
    let sum = 0;
    for (let i = 0; i < count; i++)
      sum += (Random.of(5, "item", i).next() - 0.5) * (Random.of(5, "item", i + 1).next() - 0.5);
    // Each product has standard deviation 1/12.
    assert.ok(Math.abs(sum / count) < 4 / 12 / Math.sqrt(count), String(sum / count));
  });
});

describe("draws", () => {
  test("int stays within its bounds, both included", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.nat(),
        (low, width, seed) => {
          const random = Random.of(seed);
          for (let i = 0; i < 20; i++) {
            const value = random.int(low, low + width);
            assert.ok(
              Number.isInteger(value) && value >= low && value <= low + width,
              `${value} not in ${low}..${low + width}`,
            );
          }
        },
      ),
      { seed: 2, numRuns: 200 },
    );
    assert.equal(Random.of(3).int(5, 5), 5);
    const ends = new Set(Array.from({ length: 200 }, (_, i) => Random.of(i).int(-1, 1)));
    assert.deepEqual([...ends].sort(), [-1, 0, 1]);
  });

  test("int refuses empty, broken and too wide ranges", () => {
    for (const [low, high] of [
      [1, 0],
      [0.5, 2],
      [0, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
      [0, 2 ** 32],
    ] as const) {
      assert.throws(() => Random.of(1).int(low, high), RangeError, `${low}..${high}`);
    }
  });

  test("int is uniform (chi-square)", () => {
    for (const [seed, cells] of [
      [1, 2],
      [2, 7],
      [3, 100],
      [4, 1000],
    ] as const) {
      const random = Random.of(seed, "uniform");
      const counts = new Array<number>(cells).fill(0);
      const count = cells * 200;
      for (let i = 0; i < count; i++) counts[random.int(0, cells - 1)]!++;
      const statistic = chiSquare(counts, () => count / cells);
      assert.ok(statistic < chiSquareLimit(cells - 1), `${cells} cells: chi-square ${statistic}`);
    }
  });

  test("int has no remainder bias where the range does not divide 2^32", () => {
    // A plain remainder would put half of the draws in the lowest third of this range.
    const span = 3 * 2 ** 30;
    const random = Random.of(6, "remainder");
    const count = 20_000;
    let low = 0;
    for (let i = 0; i < count; i++) if (random.int(0, span - 1) < span / 3) low++;
    assert.ok(Math.abs(low / count - 1 / 3) < 4 * Math.sqrt(2 / 9 / count), String(low / count));
  });

  test("next is uniform in [0, 1)", () => {
    const random = Random.of(7, "next");
    const counts = new Array<number>(50).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const value = random.next();
      assert.ok(value >= 0 && value < 1);
      counts[Math.floor(value * 50)]!++;
    }
    assert.ok(chiSquare(counts, () => 200) < chiSquareLimit(49));
  });

  test("weighted follows its weights and never draws weight 0", () => {
    const random = Random.of(8, "weighted");
    const weights = [1, 0, 2, 5];
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[random.weighted([0, 1, 2, 3], weights)]!++;
    assert.equal(counts[1], 0);
    const drawn = counts.filter((_, i) => weights[i]! > 0);
    assert.ok(chiSquare(drawn, (i) => [1000, 2000, 5000][i]!) < chiSquareLimit(2), counts.join());
  });

  test("shuffle draws every order equally often and leaves its input alone", () => {
    const random = Random.of(9, "shuffle");
    const items = [1, 2, 3, 4];
    const counts = new Map<string, number>();
    for (let i = 0; i < 4800; i++) {
      const order = random.shuffle(items).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.deepEqual(items, [1, 2, 3, 4]);
    assert.equal(counts.size, 24);
    assert.ok(chiSquare([...counts.values()], () => 200) < chiSquareLimit(23));
  });

  test("pick refuses an empty list, chance obeys 0 and 1", () => {
    const random = Random.of(10);
    assert.throws(() => random.pick([]), RangeError);
    for (let i = 0; i < 100; i++) {
      assert.equal(random.chance(0), false);
      assert.equal(random.chance(1), true);
    }
  });

  test("normal has mean 0, variance 1 and no excess kurtosis", () => {
    const random = Random.of(11, "normal");
    const count = 50_000;
    let [sum, squares, fourths] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      const value = random.normal();
      sum += value;
      squares += value ** 2;
      fourths += value ** 4;
    }
    assert.ok(Math.abs(sum / count) < 4 / Math.sqrt(count));
    assert.ok(Math.abs(squares / count - 1) < 4 * Math.sqrt(2 / count));
    assert.ok(Math.abs(fourths / count - 3) < 4 * Math.sqrt(96 / count));
  });
});

test("hashString spreads similar strings over all bits", () => {
  const hashes = Array.from({ length: 1000 }, (_, i) => hashString(`item ${i}`));
  assert.equal(new Set(hashes).size, 1000);
  for (let bit = 0; bit < 32; bit++) {
    const ones = hashes.filter((hash) => (hash >>> bit) & 1).length;
    assert.ok(Math.abs(ones - 500) < 80, `bit ${bit} is set in ${ones} of 1000`);
  }
});
