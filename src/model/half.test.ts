import assert from "node:assert/strict";
import { test } from "node:test";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half.ts";

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
const formats = [
  { name: "bfloat16", bits: 7, bias: 127, widen: bfloat16ToFloat32, narrow: float32ToBfloat16 },
  { name: "binary16", bits: 10, bias: 15, widen: float16ToFloat32, narrow: float32ToFloat16 },
] as const;

/** The value by the definition of the format. */
function defined(h: number, bits: number, bias: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h & 0x7fff) >> bits;
  const mantissa = h & ((1 << bits) - 1);
  if (exponent === 0x7fff >> bits) return mantissa === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - bits);
  return sign * (1 + mantissa / 2 ** bits) * 2 ** (exponent - bias);
}

for (const { name, bits, bias, widen, narrow } of formats) {
  test(`${name}: every value is widened to what the format defines, and comes back bit for bit`, () => {
    const wide = widen(all);
    for (const h of all) assert.ok(Object.is(wide[h], defined(h, bits, bias)), `0x${h.toString(16)}`);
    assert.deepEqual(narrow(wide), all);
  });

  test(`${name}: between every two neighbours, rounding is to nearest and ties to even`, () => {
    const infinity = 0x7fff & ~((1 << bits) - 1);
    const next = new Float32Array(1);
    const nextBits = new Uint32Array(next.buffer);
    for (const sign of [0, 0x8000]) {
      for (let h = 0; h < infinity; h++) {
        const low = defined(h, bits, bias);
        // What would follow the largest number if the exponents went on: above half way there is infinity.
        const high = h + 1 === infinity ? 2 ** (bias + 1) : defined(h + 1, bits, bias);
        const middle = Math.fround((low + high) / 2);
        if (middle !== (low + high) / 2) continue; // float32 subnormals have no middle
        const even = h % 2 === 0 ? h : h + 1;
        const round = (step: number): number => {
          next[0] = middle;
          nextBits[0]! += step;
          if (sign) nextBits[0]! |= 0x80000000;
          return narrow(next)[0]!;
        };
        const got = [round(-1), round(0), round(1)];
        const expected = [middle === 0 ? even : h, even, h + 1].map((value) => value | sign);
        assert.deepEqual(got, expected, `0x${h.toString(16)}`);
      }
    }
  });

  test(`${name}: NaNs stay NaNs, and views that start anywhere are read`, () => {
    const source = new Uint32Array([0, 0x7f800001, 0xffffffff, 0x7fc00000]);
    const floats = new Float32Array(source.buffer, 4, 3);
    assert.ok(widen(narrow(floats)).every(Number.isNaN));
  });
}
