import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReckonError } from "../util/errors.ts";
import type { Dtype } from "./safetensors.ts";
import {
  parseSafetensors,
  readSafetensors,
  tensorFromFloat32,
  tensorToFloat32,
  writeSafetensors,
} from "./safetensors.ts";

/** A file with this header (text or object) and this many bytes of data. */
function file(header: unknown, data = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + data);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}
const array = (dtype: unknown, shape: unknown, ...data_offsets: unknown[]) => ({ dtype, shape, data_offsets });

const valid = writeSafetensors(
  [
    ["bytes", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["weights", tensorFromFloat32(Float32Array.of(1, -2.5, 3e-40, Infinity), [2, 2], "F32")],
    ["half", tensorFromFloat32(Float32Array.of(0.1, 65504), [2], "F16")],
    ["brain", tensorFromFloat32(Float32Array.of(0.1), [1, 1, 1], "BF16")],
    ["empty", { dtype: "I64", shape: [0, 5], data: new Uint8Array(0) }],
    ["scalar", tensorFromFloat32(Float32Array.of(7), [], "F32")],
  ],
  { format: "pt" },
);

test("what is written is read, aligned, with its metadata", () => {
  const { tensors, metadata } = parseSafetensors(valid);
  assert.deepEqual(metadata, { format: "pt" });
  assert.deepEqual([...tensors.keys()].sort(), ["brain", "bytes", "empty", "half", "scalar", "weights"]);
  assert.deepEqual(tensorToFloat32(tensors.get("weights")!), Float32Array.of(1, -2.5, 3e-40, Infinity));
  assert.deepEqual(tensorToFloat32(tensors.get("half")!), Float32Array.of(0.0999755859375, 65504));
  assert.deepEqual(tensorToFloat32(tensors.get("brain")!), Float32Array.of(0.10009765625));
  assert.deepEqual(tensorToFloat32(tensors.get("scalar")!), Float32Array.of(7));
  assert.deepEqual(tensors.get("empty")!.shape, [0, 5]);
  assert.equal((tensors.get("weights")!.data.byteOffset - valid.byteOffset) % 4, 0);
});

test("a file at any offset of its buffer is read", () => {
  const shifted = new Uint8Array(valid.length + 3).subarray(3);
  shifted.set(valid);
  assert.deepEqual(tensorToFloat32(readSafetensors(shifted).get("weights")!)[1], -2.5);
});

test("arrays of a Buffer are plain bytes, whose slice is a copy", () => {
  const weights = readSafetensors(Buffer.concat([Buffer.alloc(1), valid]).subarray(1)).get("weights")!;
  assert.equal(weights.data.constructor, Uint8Array);
  assert.deepEqual(new Float32Array(weights.data.slice().buffer)[1], -2.5);
});

test("types that are no floats are read as bytes and not as numbers", () => {
  const bytes = readSafetensors(valid).get("bytes")!;
  assert.deepEqual([...bytes.data], [1, 2, 3]);
  assert.throws(() => tensorToFloat32(bytes, "bytes"), { code: "SAFETENSORS_DTYPE" });
});

test("the order of the header is free, as long as the data is covered", () => {
  const tensors = readSafetensors(file({ b: array("U8", [2], 1, 3), a: array("U8", [1], 0, 1) }, 3));
  assert.deepEqual([...tensors.keys()], ["b", "a"]);
  assert.equal(readSafetensors(file("{}   ")).size, 0);
});

test("hostile files are refused, each for its fault", () => {
  const a = array("U8", [4], 0, 4);
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /too short/],
    ["seven bytes", new Uint8Array(7), /too short/],
    ["truncated header", file({ a }, 4).subarray(0, 20), /ends within its header/],
    ["truncated data", file({ a }, 3), /outside of the data/],
    ["header of 2^63 bytes", file({ a }, 4, 2n ** 63n), /too long/],
    ["header of 2^40 bytes", file({ a }, 4, 2n ** 40n), /too long/],
    ["header just above the limit", file({ a }, 4, 100_000_001n), /too long/],
    ["header longer than the file", file({ a }, 4, 99_999_999n), /ends within its header/],
    ["no JSON", file("{nonsense"), /not JSON/],
    ["no header", file(""), /not JSON/],
    ["not UTF-8", file("{}\xff").map((byte, i) => (i === 10 ? 0xff : byte)), /not JSON/],
    ["a list", file([a], 4), /not a JSON object/],
    ["null", file("null"), /not a JSON object/],
    ["leading space", file(" {}"), /not a JSON object/],
    ["double name", file(`{"a":${JSON.stringify(a)},"a":${JSON.stringify(a)}}`, 4), /twice/],
    ["double name, escaped", file(`{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(a)}}`, 4), /twice/],
    ["double key", file('{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}'), /twice/],
    ["overlap", file({ a, b: array("U8", [4], 2, 6) }, 6), /overlaps/],
    ["same place", file({ a, b: a }, 4), /overlaps/],
    ["gap", file({ a, b: array("U8", [1], 5, 6) }, 6), /gap/],
    ["gap at the start", file({ a: array("U8", [4], 1, 5) }, 5), /gap/],
    ["reversed", file({ a: array("U8", [4], 4, 0) }, 4), /outside of the data/],
    ["beyond the end", file({ a: array("U8", [4], 0, 2 ** 50) }, 4), /outside of the data/],
    ["trailing bytes", file({ a }, 5), /follow the last array/],
    ["overflow", file({ a: array("F32", [2 ** 31, 2 ** 31], 0, 4) }, 4), /overflows/],
    ["overflow before a zero", file({ a: array("F32", [2 ** 31, 2 ** 31, 0], 0, 0) }), /overflows/],
    ["size of another type", file({ a: array("F32", [4], 0, 4) }, 4), /does not fit its shape/],
    ["unknown type", file({ a: array("F128", [1], 0, 4) }, 4), /type of "a"/],
    ["inherited type", file({ a: array("toString", [1], 0, 4) }, 4), /type of "a"/],
    ["type of another kind", file({ a: array(["U8"], [4], 0, 4) }, 4), /type of "a"/],
    ["negative dimensions", file({ a: array("U8", [-2, -2], 0, 4) }, 4), /no plain integer/],
    ["fraction", file({ a: array("U8", [0.5, 8], 0, 4) }, 4), /no plain integer/],
    ["integer as a fraction", file('{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}', 4), /no plain integer/],
    ["exponent", file('{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}', 4), /no plain integer/],
    [
      "inexact integer",
      file('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,9007199254740993]}}', 4),
      /place of "a"/,
    ],
    ["dimension as text", file({ a: array("U8", ["4"], 0, 4) }, 4), /shape of "a"/],
    ["shape of another kind", file({ a: array("U8", 4, 0, 4) }, 4), /shape of "a"/],
    ["33 dimensions", file({ a: array("U8", Array(33).fill(1), 0, 1) }, 1), /shape of "a"/],
    ["three offsets", file({ a: array("U8", [4], 0, 4, 4) }, 4), /place of "a"/],
    ["no entry", file({ a: null }), /entry of "a"/],
    ["entry is a list", file({ a: [] }), /entry of "a"/],
    ["metadata of numbers", file({ __metadata__: { a: 1 } }), /metadata/],
    ["deep nesting", file("[".repeat(200_000)), /not JSON/],
    ["deep entries", file(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), /entry of "a"/],
  ];
  for (const [name, bytes, message] of cases) {
    assert.throws(
      () => readSafetensors(bytes),
      (error) => error instanceof ReckonError && error.code === "SAFETENSORS_INVALID" && message.test(error.message),
      name,
    );
  }
});

test("a name like that of a prototype is a name", () => {
  const tensors = readSafetensors(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1));
  assert.deepEqual([...tensors.keys()], ["__proto__"]);
  const again = writeSafetensors(tensors);
  assert.deepEqual([...readSafetensors(again).keys()], ["__proto__"]);
});

test("any mutation of a valid file is read or refused, and never anything else", () => {
  const header = 8 + new DataView(valid.buffer).getUint32(0, true);
  const edit = fc.tuple(
    fc.nat({ max: header + 20 }),
    fc.nat({ max: 255 }),
    fc.constantFrom("set", "insert", "delete", "cut"),
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let bytes = [...valid];
      for (const [at, value, kind] of edits) {
        if (kind === "set") bytes[Math.min(at, bytes.length - 1)] = value;
        else if (kind === "insert") bytes.splice(at, 0, value);
        else if (kind === "delete") bytes.splice(at, 1);
        else bytes = bytes.slice(0, Math.max(1, at));
      }
      try {
        for (const tensor of readSafetensors(Uint8Array.from(bytes)).values())
          assert.ok(tensor.data.length <= bytes.length);
        read++;
      } catch (error) {
        if (!(error instanceof ReckonError && error.code === "SAFETENSORS_INVALID")) throw error;
      }
    }),
    { seed: 3, numRuns: 3000 },
  );
  assert.ok(read > 0);
});

test("any set of arrays comes back bit for bit", () => {
  const dtypes: Dtype[] = ["F32", "BF16", "F16", "U8", "I64", "F64", "BOOL"];
  const bytes = { F32: 4, BF16: 2, F16: 2, U8: 1, I64: 8, F64: 8, BOOL: 1 } as Record<Dtype, number>;
  const tensor = fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat({ max: 4 }), { maxLength: 4 }), fc.integer())
    .map(([dtype, shape, seed]) => {
      const data = new Uint8Array(shape.reduce((a, b) => a * b, bytes[dtype])).map((_, i) => seed * (i + 1));
      return { dtype, shape, data };
    });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), tensor), (tensors) => {
      const back = readSafetensors(writeSafetensors(Object.entries(tensors)));
      assert.equal(back.size, Object.keys(tensors).length);
      for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
        const got = back.get(name)!;
        assert.deepEqual([got.dtype, got.shape, [...got.data]], [dtype, shape, [...data]]);
      }
    }),
    { seed: 4, numRuns: 200 },
  );
});
