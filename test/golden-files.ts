/** Reads the golden values that the scripts in golden/ wrote, and measures how far we are from them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelConfig } from "../src/model/config.ts";
import { type ParameterLayout, parameterLayout } from "../src/model/parameters.ts";
import { readSafetensors, tensorToFloat32 } from "../src/model/safetensors.ts";

const fixtures = join(import.meta.dirname, "golden", "fixtures");

/** The parsed fixtures/NAME.json. */
export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) as T;
}

/** The float32 tensors of fixtures/NAME.safetensors, flat. */
export function goldenTensors(name: string): Map<string, Float32Array> {
  const tensors = readSafetensors(readFileSync(join(fixtures, `${name}.safetensors`)));
  return new Map([...tensors].map(([key, tensor]) => [key, tensorToFloat32(tensor, key)]));
}

/** Tensors by Hugging Face's names (with `prefix` in front) as a flat buffer in our layout. */
export function flatten(
  config: ModelConfig,
  tensors: ReadonlyMap<string, Float32Array>,
  prefix = "",
): Float32Array<ArrayBuffer> {
  return flattenInto(parameterLayout(config), tensors, prefix);
}

/** The same in any layout. */
export function flattenInto(
  layout: ParameterLayout,
  tensors: ReadonlyMap<string, Float32Array>,
  prefix = "",
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(layout.size);
  for (const { hfName, hfShape, transposed, offset, size } of layout.entries) {
    const values = tensors.get(prefix + hfName);
    assert.ok(values?.length === size, `${prefix}${hfName} is not in the golden file`);
    const [rows, columns] = transposed ? (hfShape as [number, number]) : [1, size];
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) out[offset + c * rows + r] = values[r * columns + c]!;
  }
  return out;
}

/** max |actual − expected| / max |expected| */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  let [gap, scale] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    if (!Number.isFinite(actual[i]!)) return Number.POSITIVE_INFINITY;
    gap = Math.max(gap, Math.abs(actual[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return gap / scale;
}

/** Each parameter of a flat buffer against the golden ones: the relative error of the worst, and its name. */
export function worstParameter(
  config: ModelConfig,
  actual: Float32Array,
  expected: Float32Array,
): { readonly name: string; readonly error: number } {
  return worstEntry(parameterLayout(config), actual, expected);
}

/** The same in any layout. */
export function worstEntry(
  layout: ParameterLayout,
  actual: Float32Array,
  expected: Float32Array,
): { readonly name: string; readonly error: number } {
  let worst = { name: "", error: -1 };
  for (const { name, offset, size } of layout.entries) {
    const error = relativeError(actual.subarray(offset, offset + size), expected.subarray(offset, offset + size));
    if (!(error <= worst.error)) worst = { name, error };
  }
  return worst;
}
