/** The WebAssembly loop against AdamW in double precision. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../util/random.ts";
import { type AdamwFactors, AdamwKernel } from "./adamw-kernel.ts";

const factors: AdamwFactors = {
  beta1: 0.9,
  beta2: 0.95,
  scale: 0.5,
  rate: 0.02,
  correction: 3,
  eps: 1e-3,
  keep: 0.99,
};

test("three steps over several chunks equal AdamW in double precision", () => {
  const size = 40_000; // more than two chunks, and not a whole number of them
  const random = Random.of(1, "kernel");
  const normal = (): Float32Array => Float32Array.from({ length: size }, () => random.normal());
  const kernel = new AdamwKernel(size);
  const parameters = normal();
  const expected = Float64Array.from(parameters);
  const [m, v] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 0; step < 3; step++) {
    const gradient = normal();
    kernel.run(parameters, gradient, 0, size, factors);
    for (let i = 0; i < size; i++) {
      const g = gradient[i]! * factors.scale;
      m[i] = factors.beta1 * m[i]! + (1 - factors.beta1) * g;
      v[i] = factors.beta2 * v[i]! + (1 - factors.beta2) * g * g;
      const update = (factors.rate * m[i]!) / (Math.sqrt(v[i]!) * factors.correction + factors.eps);
      expected[i] = factors.keep * expected[i]! - update;
    }
  }
  for (let i = 0; i < size; i++) {
    assert.ok(Math.abs(parameters[i]! - expected[i]!) < 1e-6, `${i}: ${parameters[i]}, expected ${expected[i]}`);
    assert.ok(Math.abs(kernel.first[i]! - m[i]!) < 1e-6 && Math.abs(kernel.second[i]! - v[i]!) < 1e-6, `moments ${i}`);
  }
});

test("what lies outside of the range stays as it is", () => {
  const kernel = new AdamwKernel(32);
  const [parameters, gradient] = [new Float32Array(32).fill(1), new Float32Array(32).fill(1)];
  kernel.run(parameters, gradient, 8, 15, factors);
  const moved = (buffer: Float32Array, rest: number): number[] =>
    [...buffer].flatMap((x, i) => (x === rest ? [] : [i]));
  const range = [8, 9, 10, 11, 12, 13, 14, 15]; // up to the next multiple of 4
  assert.deepEqual(moved(parameters, 1), range);
  assert.deepEqual(moved(kernel.first, 0), range);
  assert.deepEqual(moved(kernel.second, 0), range);
  assert.ok(gradient.every((x) => x === 1));
});
