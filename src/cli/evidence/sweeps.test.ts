import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepSection, VARIANTS } from "./sweeps.ts";
import { chosen, shares } from "./testing.ts";

test("each setting stands against what is shipped, paired, with the difference of every seed", () => {
  const share = (variant: number, seed: number): number =>
    variant === 0 ? 0.8 : variant === 1 ? 0.6 : 0.8 + 0.1 * seed;
  const rows = VARIANTS.map((variant, v) => ({
    variant,
    measurements: [0, 1].map((seed) => chosen({ right: shares(100, share(v, seed)) })),
  }));
  const text = sweepSection({ settings: { base: "base", seeds: [0, 1], problems: 100 }, rows });
  const line = (v: number): string => text.split("\n").find((one) => one.startsWith(`| ${VARIANTS[v]!.name} |`))!;
  assert.match(line(0), /\| 80\.0 % \| {2}\| 80\.0 %, 80\.0 % \|/);
  assert.match(line(1), /\| 60\.0 % \| −20\.0 \(−\d+\.\d to −\d+\.\d\) \| −20\.0, −20\.0 \|/);
  // One seed alone makes this difference.
  assert.match(line(2), /\| 85\.0 % \| \+5\.0 \(\+0\.0 to \+\d+\.\d\) \| \+0\.0, \+10\.0 \|/);
  assert.doesNotMatch(text, /NaN/);
});
