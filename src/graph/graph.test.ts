/** Shapes that ops infer, checked against ONNX Runtime; what they refuse, and how they say so; names and constants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { evaluateDim } from "./dim.ts";
import * as g from "./index.ts";
import { cpuProvider } from "./node.ts";

const B = 2;
const S = 3;

/** Op → what it makes of x [B, S, 4] (and friends); the shape is inferred, then compared with what really comes out. */
const shapes: Record<string, { build: (x: g.Tensor, graph: g.Graph) => g.Tensor; shape: g.Shape }> = {
  add: { build: (x) => g.add(x, 1), shape: ["B", "S", 4] },
  "mul with broadcasting": { build: (x, graph) => g.mul(x, graph.input("y", ["B", 1, 1])), shape: ["B", "S", 4] },
  reshape: { build: (x) => g.reshape(x, ["B*S", 4]), shape: ["B*S", 4] },
  "reshape to more axes": { build: (x) => g.reshape(x, ["B", "S", 2, 2]), shape: ["B", "S", 2, 2] },
  "reshape with two sums": { build: (x) => g.reshape(g.concat([x, x], 1), ["2*B*S", 4]), shape: ["2*B*S", 4] },
  transpose: { build: (x) => g.transpose(x, [2, 0, 1]), shape: [4, "B", "S"] },
  unsqueeze: { build: (x) => g.unsqueeze(x, [0, 3]), shape: [1, "B", "S", 1, 4] },
  concat: {
    build: (x, graph) => g.concat([x, graph.input("y", ["B", "T", 4]), x], 1),
    shape: ["B", "2*S+T", 4],
  },
  "concat on the last axis": { build: (x) => g.concat([x, x], -1), shape: ["B", "S", 8] },
  slice: { build: (x) => g.slice(x, 2, 1, 3), shape: ["B", "S", 2] },
  expand: { build: (_, graph) => g.expand(graph.input("y", ["S", 1]), ["B", "S", 4]), shape: ["B", "S", 4] },
  sum: { build: (x) => g.sum(x, [1]), shape: ["B", 4] },
  "sum, kept": { build: (x) => g.sum(x, [0, -1], { keepDims: true }), shape: [1, "S", 1] },
  mean: { build: (x) => g.mean(x, [0, 1]), shape: [4] },
  "matmul, batched": { build: (x) => g.matmul(x, x, { transB: true }), shape: ["B", "S", "S"] },
  "matmul by a matrix": { build: (x, graph) => g.matmul(x, graph.input("y", [4, 5])), shape: ["B", "S", 5] },
  gatherRows: {
    build: (x, graph) => g.gatherRows(g.reshape(x, ["B*S", 4]), graph.ints([0, 3])),
    shape: [2, 4],
  },
  pick: {
    build: (x) =>
      g.pick(g.reshape(x, ["B*S", 4]), g.cast(g.sum(g.reshape(x, ["B*S", 4]), [1], { keepDims: true }), "int64")),
    shape: ["B*S", 1],
  },
  softmax: { build: (x) => g.softmax(x), shape: ["B", "S", 4] },
  rmsNorm: { build: (x, graph) => g.rmsNorm(x, graph.input("y", [4]), 1e-5), shape: ["B", "S", 4] },
  range: { build: (_, graph) => g.cast(g.range(graph, "B*S"), "float32"), shape: ["B*S"] },
  "range of a sum": {
    build: (_, graph) => g.cast(g.range(graph, g.addDims("B*S", "S", 2)), "float32"),
    shape: ["B*S+S+2"],
  },
  where: { build: (x) => g.where(g.greater(x, 0), x, 0), shape: ["B", "S", 4] },
};

for (const target of ["fused", "portable"] as const) {
  test(`inferred shapes are those that ONNX Runtime makes (${target})`, async () => {
    const provider = await cpuProvider();
    for (const [name, { build, shape }] of Object.entries(shapes)) {
      const graph = new g.Graph({ target });
      const out = build(graph.input("x", ["B", "S", 4]), graph);
      assert.deepEqual(out.shape, shape, name);
      graph.output("out", out);
      const values = { B, S, T: 5 };
      const known = (dims: g.Shape) => dims.map((dim) => evaluateDim(dim, values));
      const zeros = (dims: readonly number[]) =>
        provider.value(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
      const session = await provider.session(graph);
      const feeds = Object.fromEntries(graph.inputs.map((input) => [input.name, zeros(known(input.shape))]));
      const wanted = zeros(known(shape));
      (wanted.data as Float32Array).fill(Number.NaN);
      // ONNX Runtime refuses a buffer of another shape than the one that it computes.
      await session.run(feeds, { out: wanted });
      assert.ok(
        (wanted.data as Float32Array).every((x) => !Number.isNaN(x)),
        `${name} fills its output`,
      );
      await session.release();
    }
  });
}

const graph = new g.Graph();
const x = graph.input("x", ["B", "S", 4]);
const m = graph.input("m", [4, 5]);
const ids = graph.input("ids", ["T"], "int64");
const flag = g.greater(m, 0);
const q = graph.input("q", [1, 4, "S", 8]);
const k = graph.input("k", [1, 3, "S", 8]);
const bias = graph.input("bias", [1, 1, "S", "S"]);

/** What is refused: the op's name, and the shapes or types that the message must show. */
const refused: [string, () => unknown, string[]][] = [
  ["Add", () => g.add(x, m), ["[B, S, 4] and [4, 5]"]],
  ["Mul", () => g.mul(x, ids), ["[B, S, 4] and [T]"]],
  ["Sub", () => g.sub(ids, 1), ["int64 and float32"]],
  ["Exp", () => g.exp(flag), ["float32", "bool"]],
  ["where", () => g.where(m, m, m), ["bool", "float32 [4, 5]"]],
  ["Greater", () => g.greater(x, m), ["[B, S, 4] and [4, 5]"]],
  ["Min", () => g.minimum(x, m), ["[B, S, 4] and [4, 5]"]],
  ["reshape", () => g.reshape(x, ["B", 5]), ["[B, S, 4]", "[B, 5]"]],
  ["transpose", () => g.transpose(x, [0, 1]), ["[0,1]", "[B, S, 4]"]],
  ["transpose", () => g.transpose(x, [0, 1, 3]), ["[0,1,3]"]],
  ["unsqueeze", () => g.unsqueeze(x, [4]), ["0 to 3", "[4]"]],
  ["unsqueeze", () => g.unsqueeze(x, [1, 1]), ["different axes"]],
  ["concat", () => g.concat([x, m], 0), ["[B, S, 4] [4, 5]"]],
  ["concat", () => g.concat([m, flag], 0), ["float32 bool"]],
  ["concat", () => g.concat([m, m], 2), ["[4, 5]"]],
  ["slice", () => g.slice(m, 0, 2, 5), ["0 <= from < to <= 4", "2..5"]],
  ["slice", () => g.slice(m, 3, 0, 1), ["[4, 5]"]],
  ["expand", () => g.expand(m, [2, 4, 6]), ["[4, 5]", "[2, 4, 6]"]],
  ["expand", () => g.expand(m, [1, 5]), ["[4, 5]", "[1, 5]"]],
  ["sum", () => g.sum(m, [2]), ["0 to 1", "[4, 5]"]],
  ["sum", () => g.sum(m, [0, -2]), ["different axes"]],
  ["sum", () => g.mean(m, [-3]), ["[4, 5]"]],
  ["matmul", () => g.matmul(m, m), ["[4, 5] · [4, 5]"]],
  ["matmul", () => g.matmul(m, m, { transA: true, transB: true }), ["[4, 5]ᵀ · [4, 5]ᵀ"]],
  ["matmul", () => g.matmul(graph.scalar(2), m), ["[] · [4, 5]"]],
  ["gatherRows", () => g.gatherRows(x, ids), ["[B, S, 4] and int64"]],
  ["gatherRows", () => g.gatherRows(m, m), ["float32"]],
  ["pick", () => g.pick(m, ids), ["int64 [4, T]", "int64 [T]"]],
  ["tokenLogprobs", () => g.tokenLogprobs(m, ids), ["[4, 5] and [T]"]],
  ["rmsNorm", () => g.rmsNorm(x, graph.constant([1, 1, 1], [3]), 1e-5), ["[B, S, 4] and [3]"]],
  ["swiglu", () => g.swiglu(x, m), ["[B, S, 4] and [4, 5]"]],
  ["attention", () => g.attention(q, k, k, bias, 1), ["[1, 4, S, 8] [1, 3, S, 8]"]],
  ["attention", () => g.attention(q, q, k, bias, 1), ["[1, 3, S, 8]"]],
  ["attention", () => g.attention(q, q, q, x, 1), ["[B, S, 4]"]],
  ["constant", () => graph.constant([1, 2, 3], [2]), ["2 values for the shape [2]", "3 values"]],
  ["shape", () => graph.shapeTensor(["nowhere", 2]), ["an input with the dimension nowhere"]],
  ["input y", () => graph.input("y", [2, -1]), ["[2, -1]"]],
  ["input y", () => graph.input("y", ["B-1"]), ["[B-1]"]],
  ["Add", () => g.add(x, new g.Graph().input("x", ["B", "S", 4])), ["x of another graph"]],
];

test("every op says what does not fit: its name, the shapes, and the line that built it", () => {
  for (const [op, build, parts] of refused) {
    assert.throws(build, (error: unknown) => {
      assert.ok(error instanceof ReckonError, `${op}: ${error}`);
      assert.equal(error.code, "GRAPH_SHAPE");
      assert.ok(error.summary.startsWith(`${op}: shapes or types do not fit`), error.summary);
      assert.match(error.summary, /\(built at graph\.test\.ts:\d+\)$/);
      for (const part of parts) assert.ok(`${error.expected}\n${error.got}`.includes(part), `${op}: ${error.message}`);
      return true;
    });
  }
});

test("an error names the scopes it happened in, and they end with it", () => {
  const own = new g.Graph();
  const a = own.input("a", [2]);
  const b = own.input("b", [3]);
  assert.throws(
    () => own.scope("layers.3", () => own.scope("mlp", () => g.add(a, b))),
    /^ReckonError: Add in layers\.3\/mlp: shapes/,
  );
  assert.equal(g.neg(a).name, "Neg");
});

test("a gradient of another shape than its tensor, and one that needs a length nobody knows, are refused", () => {
  const own = new g.Graph();
  const a = own.input("a", ["n", 4]);
  assert.throws(() => g.gradients([{ tensor: a }], [a]), /gradient of a: .*\n.*expected: \[n, 4\]\n.*got: +\[\]/s);
  const part = g.sum(g.slice(a, 0, 0, 2), [0, 1]);
  assert.throws(() => g.gradients([{ tensor: part }], [a]), /gradient of slice/);
});

test("names: unique for nodes, refused twice for inputs and outputs", () => {
  const own = new g.Graph();
  const a = own.input("Add.1", [2]);
  const names = [g.add(a, 1), g.add(a, 2), g.add(a, 3)].map(({ name }) => name);
  assert.equal(new Set([...names, "Add.1"]).size, 4, names.join());
  assert.throws(() => own.input("Add.1", [2]), /already has a tensor named Add\.1/);
  own.output("y", a);
  assert.throws(() => own.output("y", a), /already has a tensor named y/);
  assert.throws(() => own.output("Add.1", a), /already has/);
});

test("small equal constants are one; large ones and other types are not", () => {
  const own = new g.Graph();
  assert.equal(own.scalar(2), own.constant([2], []));
  assert.notEqual(own.scalar(2), own.constant([2], [1]));
  assert.notEqual(own.constant([2], []), own.constant([2], [], "int64"));
  const large = new Float32Array(20);
  assert.notEqual(own.constant(large, [20]), own.constant(large, [20]));
  assert.equal(own.constants.length, 5);
});

test("several outputs may be one tensor, an input or a constant, and keep their own names", async () => {
  const provider = await cpuProvider();
  const own = new g.Graph();
  const a = own.input("a", [2]);
  const twice = g.add(a, a);
  own.output("p", twice);
  own.output("q", twice);
  own.output("r", a);
  own.output("s", own.constant([5, 6], [2]));
  own.output("t", g.add(twice, 1)); // and one that is an output may be read on
  const session = await provider.session(own);
  const fetches = Object.fromEntries(
    ["p", "q", "r", "s", "t"].map((n) => [n, provider.value(new Float32Array(2), [2])]),
  );
  await session.run({ a: provider.value(Float32Array.of(1, 2), [2]) }, fetches);
  assert.deepEqual(
    Object.values(fetches).map(({ data }) => [...(data as Float32Array)]),
    [
      [2, 4],
      [2, 4],
      [1, 2],
      [5, 6],
      [3, 5],
    ],
  );
  await session.release();
});
