/** Power laws are found where they are, with honest intervals, and bends only where there are some. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { exponentOf, fixedPart, powerLaw } from "./fit.ts";

const xs = [1, 2, 4, 8, 16, 32, 64];

test("an exact power law", () => {
  const { exponent, constant, interval, bend } = powerLaw(xs.map((x) => ({ x, y: 3 * x ** 0.7 })));
  assert.ok(Math.abs(exponent - 0.7) < 1e-9 && Math.abs(constant - 3) < 1e-9);
  assert.ok(interval![1] - interval![0] < 1e-6);
  assert.equal(bend, null);
});

test("the interval holds the true exponent about 19 times in 20, and noise alone seldom bends", () => {
  let [inside, bends] = [0, 0];
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const random = Random.of(3, "fit", trial);
    const { interval, bend } = powerLaw(xs.map((x) => ({ x, y: x ** 1.1 * Math.exp(0.1 * random.normal()) })));
    if (interval![0] <= 1.1 && 1.1 <= interval![1]) inside++;
    if (bend) bends++;
  }
  assert.ok(inside / trials > 0.9 && inside / trials < 0.99, `${inside} of ${trials}`);
  assert.ok(bends / trials < 0.1, `${bends} bends`);
});

test("a bend is found where two lines meet", () => {
  const { bend } = powerLaw(xs.map((x) => ({ x, y: x < 8 ? x ** 0.2 : 8 ** 0.2 * (x / 8) ** 1 })));
  assert.ok(bend && Math.abs(bend.x - 8) < 0.01 && Math.abs(bend.before - 0.2) < 1e-6);
  assert.ok(Math.abs(bend.after - 1) < 1e-6);
});

test("two points have a slope and no interval", () => {
  const { exponent, interval } = powerLaw([
    { x: 1, y: 2 },
    { x: 10, y: 200 },
  ]);
  assert.ok(Math.abs(exponent - 2) < 1e-9);
  assert.equal(interval, null);
});

test("exponents of factors add up to that of their product", () => {
  const [f, g] = [(x: number) => x + 3, (x: number) => 1 + 5 / x];
  const of = (y: (x: number) => number): number => exponentOf(xs.map((x) => ({ x, y: y(x) })));
  assert.ok(Math.abs(of(f) + of(g) - of((x) => f(x) * g(x))) < 1e-9);
  assert.ok(Math.abs(of((x) => f(x)) - powerLaw(xs.map((x) => ({ x, y: f(x) }))).exponent) < 1e-9);
});

test("a fixed part is found where there is one, and a power is not taken for one", () => {
  const found = fixedPart(xs.map((x) => ({ x, y: 20 + 3 * x })));
  assert.ok(found && Math.abs(found.fixed - 20) < 1e-6 && Math.abs(found.each - 3) < 1e-6 && found.gain > 100);
  assert.ok((fixedPart(xs.map((x) => ({ x, y: x ** 0.5 })))?.gain ?? 0) < 1);
  assert.equal(fixedPart(xs.map((x) => ({ x, y: x ** 1.5 }))), null);
  assert.equal(fixedPart(xs.slice(0, 3).map((x) => ({ x, y: 20 + x }))), null);
});
