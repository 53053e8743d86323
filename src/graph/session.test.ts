/** Running graphs, and what happens when one cannot run; printing and profiling. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import * as g from "./index.ts";
import { cpuProvider } from "./node.ts";

function small(): g.Graph {
  const graph = new g.Graph();
  const x = graph.input("x", ["T", 4]);
  const w = graph.input("w", [4, 3]);
  const hidden = graph.scope("layers.0", () => graph.scope("mlp", () => g.tanh(g.matmul(x, w))));
  const loss = graph.scope("loss", () => g.mean(g.mul(hidden, 3), [0, 1]));
  graph.output("hidden", hidden);
  graph.output("dw", g.gradients([{ tensor: loss }], [w])[0]!);
  return graph;
}

test("a graph that ONNX Runtime does not accept is refused with a code and its reason", async () => {
  const provider = await cpuProvider();
  const graph = new g.Graph();
  graph.output("y", graph.one("NoSuchOperator", [graph.input("x", [1])], [1]));
  await assert.rejects(provider.session(graph), (error: unknown) => {
    assert.ok(error instanceof ReckonError);
    assert.equal(error.code, "GRAPH_SESSION");
    assert.match(error.summary, /^cpu: .*NoSuchOperator/);
    return true;
  });
});

test("values of wrong shape or type, and missing ones, are refused, and the session works on", async () => {
  const provider = await cpuProvider();
  const session = await provider.session(small());
  const value = (...shape: number[]) => provider.value(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const out = { hidden: value(2, 3) };
  await assert.rejects(session.run({ x: value(2, 4) }, out), /w/);
  await assert.rejects(session.run({ x: value(2, 5), w: value(4, 3) }, out), /x|dimension/);
  await assert.rejects(session.run({ x: value(2, 4), w: value(4, 3) }, { hidden: value(2, 2) }), /shape|dimension/i);
  await assert.rejects(session.run({ x: value(2, 4), w: provider.value(new Int32Array(12), [4, 3]) }, out), /type/i);
  assert.throws(() => provider.value(new Float32Array(3), [2, 2]), /size|length|dims/i);
  await session.run({ x: value(2, 4), w: value(4, 3) }, out);
  await session.release();
});

test("element types follow from the data", async () => {
  const provider = await cpuProvider();
  const types = [new Float32Array(1), new BigInt64Array(1), new Int32Array(1), new Uint8Array(1)].map(
    (data) => provider.value(data, [1]).type,
  );
  assert.deepEqual(types, ["float32", "int64", "int32", "bool"]);
});

test("a fetch may be the memory of a feed that is read elementwise", async () => {
  const provider = await cpuProvider();
  assert.ok(provider.inPlace);
  const graph = new g.Graph();
  const [a, b] = [graph.input("a", ["n"]), graph.input("b", ["n"])];
  graph.output("sum", g.add(a, g.mul(b, 2)));
  const session = await provider.session(graph);
  for (const n of [1, 7, 100_003]) {
    const data = Float32Array.from({ length: n }, (_, i) => i);
    const value = provider.value(data, [n]);
    await session.run({ a: value, b: provider.value(new Float32Array(n).fill(1), [n]) }, { sum: value });
    assert.ok(
      data.every((x, i) => x === i + 2),
      `of ${n} elements`,
    );
  }
  await session.release();
});

test("a graph prints what goes in, what is made of it and what comes out, with shapes, scopes and bytes", () => {
  const graph = small();
  const text = g.printGraph(graph);
  const has = (line: string): void => assert.ok(text.split("\n").includes(line), `"${line}" is not in\n${text}`);
  const size = g.graphSize(graph);
  assert.equal(size.inputBytes, 4 * 3 * 4, "x is as long as T");
  assert.equal(
    size.constantBytes,
    graph.constants.reduce((sum, c) => sum + c.data.byteLength, 0),
  );
  assert.equal(size.nodes + size.unusedNodes, graph.nodes.length);
  assert.equal(size.operators.get("Tanh"), 1);
  assert.ok(size.unusedNodes > 0, "the loss itself is no output");
  has(
    `graph for fused: ${size.nodes} nodes (${size.unusedNodes} more are not used), 48 B in inputs of known size, ${size.constantBytes} B in constants`,
  );
  has("  x [T, 4]");
  has("  w [4, 3]  48 B");
  has("  in layers.0/mlp");
  has("    layers.0/mlp/MatMul [T, 3] = MatMul(x, w)");
  has("    layers.0/mlp/Tanh [T, 3] = Tanh(layers.0/mlp/MatMul)");
  has("  in backward/layers.0/mlp");
  has("  hidden [T, 3] = layers.0/mlp/Tanh");
  assert.match(
    text,
    /^ {4}backward\/layers\.0\/mlp\/Transpose \[4, T\] = Transpose\(x\) perm=\[1, 0\]\n {4}backward\/layers\.0\/mlp\/MatMul \[4, 3\] = MatMul\(\S+Transpose, \S+\)$/m,
  );
  assert.match(text, /^ {2}const\S* \[\] {2}4 B {2}3$/m);
  assert.match(text, /^ {4}\S+ int64 \[1\] = Shape\(x\) start=0 end=1$/m);

  const brief = g.printGraph(graph, { nodes: false });
  assert.match(brief, /^ +1 {2}Tanh$/m);
  assert.ok(!brief.includes("Tanh("));
});

test("an operator of ONNX Runtime's own is printed with its domain and attributes", () => {
  const graph = new g.Graph();
  graph.output("y", g.matmul(graph.input("a", [2, 3]), graph.input("b", [2, 3]), { transB: true, alpha: 0.5 }));
  assert.match(
    g.printGraph(graph),
    /^ {4}FusedMatMul \[2, 2\] = com\.microsoft\.FusedMatMul\(a, b\) transA=0 transB=1 alpha=0\.5$/m,
  );
});

test("bytes read well", () => {
  assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 20, 2 ** 30].map(g.formatBytes), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 MiB",
    "1.0 GiB",
  ]);
});

test("a profiled run tells where its time went, by operator and by scope", async () => {
  const folder = mkdtempSync(join(tmpdir(), "reckon-profile-"));
  try {
    const provider = await cpuProvider();
    const session = await provider.session(small(), { profile: join(folder, "run") });
    const value = (...shape: number[]) => provider.value(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    for (let i = 0; i < 3; i++) {
      await session.run({ x: value(50, 4), w: value(4, 3) }, { hidden: value(50, 3), dw: value(4, 3) });
    }
    await session.release();
    const files = readdirSync(folder);
    assert.equal(files.length, 1);
    const text = readFileSync(join(folder, files[0]!), "utf8");

    const byOperator = g.readProfile(text);
    assert.equal(byOperator.runs, 3);
    assert.equal(byOperator.rows.find(({ name }) => name === "Tanh")?.count, 3);
    const scopes = g.readProfile(text, { by: "scope", warmup: 1 });
    assert.equal(scopes.runs, 2);
    const names = scopes.rows.map(({ name }) => name);
    for (const scope of ["layers.0/mlp", "backward/layers.0/mlp"]) assert.ok(names.includes(scope), names.join(" "));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const event = (cat: string, name: string, dur: number, op?: string) => ({
  cat,
  name,
  dur,
  ts: 0,
  args: { op_name: op },
});
const trace = JSON.stringify([
  event("Session", "session_initialization", 5000),
  event("Node", "a/MatMul_kernel_time", 900, "MatMul"),
  event("Session", "model_run", 1000),
  event("Node", "a/MatMul_kernel_time", 300, "MatMul"),
  event("Node", "b/c/MatMul.1_kernel_time", 100, "MatMul"),
  event("Node", "Add_fence_before", 50, "Add"),
  event("Node", "Add_kernel_time", 100, "Add"),
  { cat: "Api", name: "other" },
  event("Session", "model_run", 700),
]);

test("a profile adds up: counts, milliseconds and shares, without the runs that warm up", () => {
  assert.deepEqual(g.readProfile(trace, { warmup: 1 }), {
    runs: 1,
    kernelMilliseconds: 0.5,
    totalMilliseconds: 0.7,
    rows: [
      { name: "MatMul", count: 2, milliseconds: 0.4, share: 0.8 },
      { name: "Add", count: 1, milliseconds: 0.1, share: 0.2 },
    ],
  });
  const all = g.readProfile(trace, { by: "scope" });
  assert.deepEqual([all.runs, all.rows.map(({ name }) => name)], [2, ["a", "(no scope)", "b/c"]]);
  assert.equal(
    g.formatProfile(g.readProfile(trace, { warmup: 1 })),
    [
      "           ms a run   calls   share",
      "MatMul        0.400       2  80.0 %",
      "Add           0.100       1  20.0 %",
      "kernels       0.500                ",
      "all           0.700           1 run",
      "",
    ].join("\n"),
  );
  const none = g.readProfile(trace, { warmup: 5 });
  assert.deepEqual([none.runs, none.rows, none.totalMilliseconds], [0, [], 0]);
});

test("a text that is no profile is refused: cut off, of another kind, damaged", () => {
  for (const text of [
    "",
    trace.slice(0, -20),
    "{}",
    "[]",
    "[null, 3]",
    '[{"cat":"Node","name":"x"}]',
    '[{"cat":"Node","name":3,"dur":1}]',
  ])
    assert.throws(
      () => g.readProfile(text),
      (error: unknown) => error instanceof ReckonError && error.code === "PROFILE_INVALID",
      text,
    );
});
