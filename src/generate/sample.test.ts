/** What is drawn has the distribution that it should have: chi-square tests at fixed seeds, and the exact edges. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseToken, logitScale, type Sampling, TokenRandom, validateSampling } from "./sample.ts";

const draws = 20_000;
/** Quantile .9999 of the chi-square distribution, Wilson-Hilferty: a right sampler fails once in ten thousand seeds. */
const limit = (freedom: number): number =>
  freedom * (1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))) ** 3;

/** softmax(logits · scale) as float32, as the graph gives it. */
function softmax(logits: readonly number[], scale: number): Float32Array {
  const top = Math.max(...logits);
  const weights = logits.map((x) => Math.exp((x - top) * scale));
  const total = weights.reduce((a, b) => a + b);
  return Float32Array.from(weights, (w) => w / total);
}

/** The distribution that sampling should have, from its definition. */
function expected(logits: readonly number[], { temperature, topK, topP }: Sampling): number[] {
  const p = Array.from(softmax(logits, 1 / temperature));
  const ranked = [...p.keys()].sort((a, b) => p[b]! - p[a]! || a - b).slice(0, topK);
  const mass = (tokens: readonly number[]): number => tokens.reduce((sum, token) => sum + p[token]!, 0);
  let count = 1;
  while (mass(ranked.slice(0, count)) < (topP ?? 1) * mass(ranked) && count < ranked.length) count++;
  const kept = ranked.slice(0, count);
  return p.map((x, token) => (kept.includes(token) ? x / mass(kept) : 0));
}

const logits = Array.from({ length: 12 }, (_, i) => Math.sin(i * 2.3) * 2.5);
const samplings: readonly Sampling[] = [
  { temperature: 1 },
  { temperature: 0.5 },
  { temperature: 2 },
  { temperature: 1, topK: 4 },
  { temperature: 1, topK: 100 },
  { temperature: 1, topP: 0.8 },
  { temperature: 1.5, topP: 0.95 },
  { temperature: 1, topK: 5, topP: 0.7 },
  { temperature: 2, topK: 5, topP: 0.8 },
];

for (const sampling of samplings) {
  test(`draws follow the distribution of ${JSON.stringify(sampling)}`, () => {
    // Not at the beginning of the buffer: rows of a batch lie behind each other.
    const width = logits.length;
    const buffer = new Float32Array(3 * width);
    buffer.set(softmax(logits, logitScale(sampling.temperature)), width);
    const random = new TokenRandom(4, ["sample test"]);
    const counts = new Array<number>(width).fill(0);
    for (let i = 0; i < draws; i++)
      counts[chooseToken(buffer, width, width, sampling, random.uniform(i % 40, Math.floor(i / 40)))]!++;
    const wanted = expected(logits, sampling);
    let chiSquare = 0;
    for (const [token, p] of wanted.entries()) {
      if (p === 0) assert.equal(counts[token], 0, `token ${token} is cut off`);
      else chiSquare += (counts[token]! - draws * p) ** 2 / (draws * p);
    }
    const freedom = wanted.filter((p) => p > 0).length - 1;
    assert.ok(chiSquare < limit(freedom), `chi-square ${chiSquare} with ${freedom} degrees of freedom`);
  });
}

test("temperature 0, top-k 1 and a tiny top-p choose the most likely token, the first among equals", () => {
  const p = softmax([1, 3, 3, 2], 1);
  for (const sampling of [{ temperature: 0 }, { temperature: 1, topK: 1 }, { temperature: 1, topP: 1e-9 }])
    for (const u of [0, 0.5, 0.9999999]) assert.equal(chooseToken(p, 0, 4, sampling, u), 1);
});

test("impossible tokens are never drawn, at the edges of the uniform number either", () => {
  const p = Float32Array.of(0, 0.25, 0, 0.7499999, 0);
  for (const sampling of [{ temperature: 1 }, { temperature: 1, topK: 4 }, { temperature: 1, topP: 0.999 }]) {
    assert.equal(chooseToken(p, 0, 5, sampling, 0) % 2, 1);
    assert.equal(chooseToken(p, 0, 5, sampling, 1 - 2 ** -32) % 2, 1);
  }
  assert.equal(chooseToken(p, 0, 5, { temperature: 1 }, 1 - 2 ** -32), 3);
});

test("NaN is reported, not drawn", () => {
  const p = new Float32Array(4).fill(Number.NaN);
  for (const sampling of [
    { temperature: 0 },
    { temperature: 1 },
    { temperature: 1, topK: 2 },
    { temperature: 1, topP: 0.5 },
  ])
    assert.equal(chooseToken(p, 0, 4, sampling, 0.3), -1);
});

test("any options keep within the tokens of their definition", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: 1, maxLength: 40 }),
      fc.record(
        {
          temperature: fc.double({ min: 0.2, max: 3, noNaN: true }),
          topK: fc.integer({ min: 1, max: 50 }),
          topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
        },
        { requiredKeys: ["temperature"] },
      ),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (values, sampling, u) => {
        const p = softmax(values, logitScale(sampling.temperature));
        const token = chooseToken(p, 0, p.length, sampling as Sampling, u);
        const above = p.filter((x) => x > p[token]!);
        const cut = (sampling.topP ?? 1) + 1e-5;
        return p[token]! > 0 && above.length < (sampling.topK ?? 41) && above.reduce((a, b) => a + b, 0) <= cut;
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

test("uniform numbers are a function of (seed, key, item, token), uniform and without correlation between neighbours", () => {
  const random = new TokenRandom(1, ["a", 2]);
  assert.equal(random.uniform(3, 4), new TokenRandom(1, ["a", 2]).uniform(3, 4));
  for (const other of [new TokenRandom(2, ["a", 2]), new TokenRandom(1, ["a", 3]), new TokenRandom(1, ["b", 2])])
    assert.notEqual(other.uniform(3, 4), random.uniform(3, 4));
  assert.notEqual(random.uniform(3, 4), random.uniform(4, 3));
  assert.notEqual(random.uniform(2 ** 32 + 3, 4), random.uniform(3, 4));
  let mean = 0;
  let alongTokens = 0;
  let alongItems = 0;
  for (let i = 0; i < 100; i++) {
    for (let k = 0; k < 100; k++) {
      const x = random.uniform(i, k) - 0.5;
      mean += x / 1e4;
      alongTokens += (12 * x * (random.uniform(i, k + 1) - 0.5)) / 1e4;
      alongItems += (12 * x * (random.uniform(i + 1, k) - 0.5)) / 1e4;
    }
  }
  // Four standard deviations of each estimate.
  assert.ok(Math.abs(mean) < 4 * Math.sqrt(1 / 12 / 1e4), `mean ${mean}`);
  assert.ok(Math.abs(alongTokens) < 0.04 && Math.abs(alongItems) < 0.04, `${alongTokens} ${alongItems}`);
});

test("sampling options out of range are refused", () => {
  validateSampling({ temperature: 0, topK: 1, topP: 1 });
  for (const bad of [
    { temperature: Number.NaN },
    { temperature: -0.1 },
    { temperature: 1e-9 },
    { temperature: Number.POSITIVE_INFINITY },
    { temperature: 1, topK: 0 },
    { temperature: 1, topK: 2.5 },
    { temperature: 1, topP: 0 },
    { temperature: 1, topP: 1.1 },
  ])
    assert.throws(() => validateSampling(bad), { code: "GENERATE_SAMPLING" });
});
