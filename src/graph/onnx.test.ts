/** The bytes of a graph, read back with a protobuf reader by the field numbers of onnx.proto. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PbfReader } from "pbf";
import * as g from "./index.ts";

type Fields = Map<number, unknown[]>;
/** How to read each field of a message: by its number. */
type Schema = Readonly<Record<number, "varint" | "string" | "bytes" | "float" | (() => Schema)>>;

const dimension: Schema = { 1: "varint", 2: "string" };
const valueInfo: Schema = {
  1: "string",
  2: () => ({ 1: () => ({ 1: "varint", 2: () => ({ 1: () => dimension }) }) }),
};
const attribute: Schema = { 1: "string", 2: "float", 3: "varint", 4: "bytes", 8: "varint", 20: "varint" };
const node: Schema = { 1: "string", 2: "string", 3: "string", 4: "string", 5: () => attribute, 7: "string" };
const tensor: Schema = { 1: "varint", 2: "varint", 8: "string", 9: "bytes" };
const model: Schema = {
  1: "varint",
  2: "string",
  7: () => ({ 1: () => node, 2: "string", 5: () => tensor, 11: () => valueInfo, 12: () => valueInfo }),
  8: () => ({ 1: "string", 2: "varint" }),
};

function read(reader: PbfReader, schema: Schema, end: number): Fields {
  return reader.readFields<Fields>(
    (tag, fields, pbf) => {
      const kind = schema[tag];
      assert.ok(kind !== undefined, `field ${tag} is not one of ${Object.keys(schema)}`);
      const list = fields.get(tag) ?? [];
      fields.set(tag, list);
      if (kind === "varint") list.push(pbf.readVarint(true));
      else if (kind === "string") list.push(pbf.readString());
      else if (kind === "bytes") list.push(pbf.readBytes());
      else if (kind === "float") list.push(pbf.readFloat());
      else list.push(read(pbf, kind(), pbf.readVarint() + pbf.pos));
    },
    new Map(),
    end,
  );
}

const messages = (fields: Fields, tag: number): Fields[] => (fields.get(tag) ?? []) as Fields[];
const one = <T>(fields: Fields, tag: number): T => {
  assert.equal(fields.get(tag)?.length, 1, `field ${tag} stands once`);
  return fields.get(tag)![0] as T;
};

function decode(graph: g.Graph): { model: Fields; graph: Fields } {
  const bytes = g.encodeOnnx(graph);
  const whole = read(new PbfReader(bytes), model, bytes.length);
  return { model: whole, graph: one<Fields>(whole, 7) };
}

function info(fields: Fields): { name: string; type: number; shape: (number | string)[] } {
  const type = one<Fields>(one<Fields>(fields, 2), 1);
  const dims = messages(one<Fields>(type, 2), 1);
  return {
    name: one(fields, 1),
    type: one(type, 1),
    shape: dims.map((dim) => (dim.has(1) ? one<number>(dim, 1) : one<string>(dim, 2))),
  };
}

test("the model says which ONNX it is", () => {
  const own = new g.Graph();
  own.output("y", g.neg(own.input("x", [1])));
  const { model: whole } = decode(own);
  assert.equal(one(whole, 1), 10);
  const opsets = messages(whole, 8).map((opset) => [one(opset, 1), one(opset, 2)]);
  assert.deepEqual(opsets, [
    ["", 21],
    ["com.microsoft", 1],
  ]);
});

test("inputs and outputs: names, element types, known and symbolic dimensions", () => {
  const own = new g.Graph();
  const x = own.input("x", ["B", "S", 4]);
  own.input("ids", ["S*B"], "int64");
  own.input("small", [], "int32");
  own.output("flags", g.greater(g.reshape(x, ["B*S", 4]), 0));
  const { graph } = decode(own);
  assert.deepEqual(messages(graph, 11).map(info), [
    { name: "x", type: 1, shape: ["B", "S", 4] },
    { name: "ids", type: 7, shape: ["B*S"] },
    { name: "small", type: 6, shape: [] },
  ]);
  assert.deepEqual(messages(graph, 12).map(info), [{ name: "flags", type: 9, shape: ["B*S", 4] }]);
});

test("nodes: operators, domains, inputs that are absent, outputs, and attributes of every kind", () => {
  const own = new g.Graph();
  const x = own.input("x", [2, 3]);
  const attributes = { int: -3, large: 2 ** 40, text: "äb", float: { float: -1.5 }, ints: [0, -1, 7], none: [] };
  const [a] = own.scope("part", () =>
    own.node("Odd", [x, undefined, x], [{ shape: [2] }, { shape: ["n"], dtype: "int64" }], {
      domain: "com.microsoft",
      attributes,
    }),
  );
  own.output("y", a!);
  const { graph } = decode(own);
  const [only, ...rest] = messages(graph, 1);
  assert.equal(rest.length, 0);
  assert.deepEqual(only!.get(1), ["x", "", "x"]);
  assert.deepEqual(only!.get(2), ["y", "part/Odd:1"]);
  assert.deepEqual(
    [3, 4, 7].map((tag) => one(only!, tag)),
    ["part/Odd", "Odd", "com.microsoft"],
  );
  const read = messages(only!, 5).map((field) => {
    const [name, type] = [one<string>(field, 1), one<number>(field, 20)];
    const values = { 1: field.get(2), 2: field.get(3), 3: field.get(4), 7: field.get(8) }[type];
    return [name, type, values];
  });
  assert.deepEqual(read, [
    ["int", 2, [-3]],
    ["large", 2, [2 ** 40]],
    ["text", 3, [new TextEncoder().encode("äb")]],
    ["float", 1, [-1.5]],
    ["ints", 7, [0, -1, 7]],
    ["none", 7, undefined],
  ]);
});

test("constants: types, shapes and bytes as they are, views too, and only those in use", () => {
  const own = new g.Graph();
  const backing = Float32Array.from({ length: 40 }, (_, i) => i / 3);
  const view = own.constant(backing.subarray(10, 34), [4, 6]);
  const long = own.constant([2 ** 53 - 1, -1], [2], "int64");
  const flag = own.constant([1, 0, 1], [3], "bool");
  own.constant(new Float32Array(100), [100]);
  for (const [name, constant] of Object.entries({ view, long, flag })) own.output(name, constant);
  const { graph } = decode(own);
  const read = messages(graph, 5).map((field) => ({
    shape: field.get(1),
    type: one(field, 2),
    name: one(field, 8),
    bytes: new Uint8Array(one<Uint8Array>(field, 9)),
  }));
  const bytes = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  assert.deepEqual(read, [
    { shape: [4, 6], type: 1, name: view.name, bytes: bytes(backing.subarray(10, 34)) },
    { shape: [2], type: 7, name: long.name, bytes: bytes(BigInt64Array.of(2n ** 53n - 1n, -1n)) },
    { shape: [3], type: 9, name: flag.name, bytes: Uint8Array.of(1, 0, 1) },
  ]);
});

test("only nodes that an output needs are written, inputs before their readers, every name made once", () => {
  const own = new g.Graph();
  const x = own.input("x", ["n", 4]);
  const w = own.input("w", [4, 4]);
  const hidden = g.tanh(g.matmul(x, w));
  g.exp(hidden); // not used
  const loss = g.mean(g.mul(hidden, hidden), [0, 1]);
  const [dw] = g.gradients([{ tensor: loss }], [w]);
  own.output("loss", loss);
  own.output("dw", dw!);
  const { graph } = decode(own);
  const nodes = messages(graph, 1);
  assert.equal(nodes.length, g.liveNodes(own).length);
  assert.ok(nodes.length < own.nodes.length);
  assert.ok(nodes.every((field) => one(field, 4) !== "Exp"));
  const known = new Set([
    ...messages(graph, 11).map((f) => one<string>(f, 1)),
    ...messages(graph, 5).map((f) => one<string>(f, 8)),
  ]);
  for (const field of nodes) {
    for (const input of field.get(1) as string[]) assert.ok(known.has(input), `${input} is read before it is made`);
    for (const output of field.get(2) as string[]) {
      assert.ok(!known.has(output), `${output} is made twice`);
      known.add(output);
    }
  }
  for (const output of messages(graph, 12)) assert.ok(known.has(info(output).name));
  assert.deepEqual(
    messages(graph, 12).map((field) => info(field).shape),
    [[], [4, 4]],
  );
});
