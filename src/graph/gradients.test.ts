/** Every differentiable op against central finite differences, on each target of the CPU provider. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../util/random.ts";
import * as g from "./index.ts";
import { cpuProvider } from "./node.ts";

interface Case {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly build: (graph: g.Graph, x: readonly g.Tensor[]) => g.Tensor;
  /** The inputs' shapes as the graph knows them, where some dimensions are known only at run time. */
  readonly dims?: readonly g.Shape[];
  /** Draws one input element; defaults to normal. */
  readonly draw?: (random: Random) => number;
}

const positive = (random: Random): number => 0.5 + random.next();
const ints = (graph: g.Graph, values: number[], shape: number[]): g.Tensor => graph.constant(values, shape, "int64");
const causal = (graph: g.Graph, n: number): g.Tensor =>
  graph.constant(
    Float32Array.from({ length: n * n }, (_, i) => (i % n <= Math.floor(i / n) ? 0 : -1e9)),
    [1, 1, n, n],
  );
const tables = (graph: g.Graph, rows: number, width: number): g.RotaryTables => {
  const table = (f: (x: number) => number): g.Tensor =>
    graph.constant(
      Float32Array.from({ length: rows * width }, (_, i) => f(Math.floor(i / width) / 3 ** (i % width))),
      [rows, width],
    );
  return { cos: table(Math.cos), sin: table(Math.sin), minusSin: table((x) => -Math.sin(x)) };
};

const cases: Case[] = [
  { name: "add, broadcast", shapes: [[2, 3], [3]], build: (_, [a, b]) => g.add(a!, b!) },
  { name: "sub, broadcast", shapes: [[3], [2, 3]], build: (_, [a, b]) => g.sub(a!, b!) },
  {
    name: "mul, broadcast over a middle axis",
    shapes: [
      [2, 1, 3],
      [2, 4, 3],
    ],
    build: (_, [a, b]) => g.mul(a!, b!),
  },
  {
    name: "div",
    shapes: [
      [2, 3],
      [1, 3],
    ],
    draw: positive,
    build: (_, [a, b]) => g.div(a!, b!),
  },
  { name: "neg", shapes: [[4]], build: (_, [a]) => g.neg(a!) },
  { name: "exp", shapes: [[4]], build: (_, [a]) => g.exp(a!) },
  { name: "log", shapes: [[4]], draw: positive, build: (_, [a]) => g.log(a!) },
  { name: "sqrt", shapes: [[4]], draw: positive, build: (_, [a]) => g.sqrt(a!) },
  { name: "reciprocal", shapes: [[4]], draw: positive, build: (_, [a]) => g.reciprocal(a!) },
  { name: "tanh", shapes: [[4]], build: (_, [a]) => g.tanh(a!) },
  { name: "relu", shapes: [[7]], build: (_, [a]) => g.relu(a!) },
  { name: "sigmoid", shapes: [[4]], build: (_, [a]) => g.sigmoid(a!) },
  { name: "minimum", shapes: [[2, 4], [4]], build: (_, [a, b]) => g.minimum(a!, b!) },
  { name: "maximum", shapes: [[2, 4], [4]], build: (_, [a, b]) => g.maximum(a!, b!) },
  { name: "clip", shapes: [[9]], build: (_, [a]) => g.clip(a!, -0.4, 0.6) },
  { name: "where", shapes: [[2, 3], [3]], build: (_, [a, b]) => g.where(g.greater(a!, 0), g.mul(a!, a!), b!) },
  { name: "stopGradient", shapes: [[3], [3]], build: (_, [a, b]) => g.mul(a!, g.stopGradient(g.add(b!, 0))) },
  { name: "sum of one axis", shapes: [[2, 3, 2]], build: (_, [a]) => g.sum(a!, [1]) },
  { name: "sum, axes kept", shapes: [[2, 3, 2]], build: (_, [a]) => g.sum(a!, [0, -1], { keepDims: true }) },
  { name: "mean", shapes: [[2, 3]], build: (_, [a]) => g.mean(a!, [1]) },
  { name: "reshape", shapes: [[2, 6]], build: (_, [a]) => g.reshape(a!, [3, 4]) },
  { name: "transpose", shapes: [[2, 3, 4]], build: (_, [a]) => g.transpose(a!, [2, 0, 1]) },
  { name: "unsqueeze", shapes: [[2, 3]], build: (_, [a]) => g.unsqueeze(a!, [1]) },
  {
    name: "concat",
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: (_, [a, b]) => g.concat([a!, b!], 1),
  },
  { name: "slice", shapes: [[2, 5]], build: (_, [a]) => g.slice(a!, 1, 1, 4) },
  { name: "expand", shapes: [[3, 1]], build: (_, [a]) => g.expand(a!, [2, 3, 4]) },
  {
    name: "matmul",
    shapes: [
      [3, 4],
      [4, 2],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!),
  },
  {
    name: "matmul, second transposed, scaled",
    shapes: [
      [3, 4],
      [2, 4],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!, { transB: true, alpha: 0.7 }),
  },
  {
    name: "matmul, first transposed",
    shapes: [
      [4, 3],
      [4, 2],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!, { transA: true }),
  },
  {
    name: "matmul, both transposed",
    shapes: [
      [4, 3],
      [2, 4],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!, { transA: true, transB: true }),
  },
  {
    name: "matmul, batched",
    shapes: [
      [2, 3, 4],
      [2, 4, 2],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!),
  },
  {
    name: "gatherRows, with repeats",
    shapes: [[5, 3]],
    build: (graph, [a]) => g.gatherRows(a!, ints(graph, [1, 4, 1, 0], [2, 2])),
  },
  {
    name: "gatherRows beside another use of the table",
    shapes: [[5, 3]],
    build: (graph, [a]) => g.matmul(g.gatherRows(a!, ints(graph, [1, 4, 1], [3])), a!, { transB: true }),
  },
  { name: "pick", shapes: [[3, 4]], build: (graph, [a]) => g.pick(a!, ints(graph, [1, 0, 3], [3, 1])) },
  { name: "softmax", shapes: [[2, 5]], build: (_, [a]) => g.softmax(a!) },
  { name: "logSoftmax", shapes: [[2, 5]], build: (_, [a]) => g.logSoftmax(a!) },
  {
    name: "tokenLogprobs",
    shapes: [[3, 5]],
    build: (graph, [a]) => g.tokenLogprobs(a!, ints(graph, [4, 0, 2], [3, 1])).logprobs,
  },
  { name: "rmsNorm", shapes: [[3, 8], [8]], build: (_, [a, b]) => g.rmsNorm(a!, b!, 1e-5) },
  { name: "rmsNorm of rank 4", shapes: [[2, 1, 3, 8], [8]], build: (_, [a, b]) => g.rmsNorm(a!, b!, 1e-5) },
  {
    name: "swiglu",
    shapes: [
      [3, 4],
      [3, 4],
    ],
    build: (_, [a, b]) => g.swiglu(a!, b!),
  },
  {
    name: "rope",
    shapes: [[2, 2, 3, 6]],
    build: (graph, [a]) => g.rope(a!, tables(graph, 5, 3), ints(graph, [2], [1])),
  },
  {
    name: "attention",
    shapes: [
      [2, 2, 4, 3],
      [2, 2, 4, 3],
      [2, 2, 4, 3],
    ],
    build: (graph, [q, k, v]) => g.attention(q!, k!, v!, causal(graph, 4), 0.6),
  },
  {
    name: "attention, grouped",
    shapes: [
      [2, 4, 3, 2],
      [2, 2, 3, 2],
      [2, 2, 3, 2],
    ],
    build: (graph, [q, k, v]) => g.attention(q!, k!, v!, causal(graph, 3), 0.7),
  },
  {
    name: "matmul, one batch against many",
    shapes: [
      [1, 3, 4],
      [2, 4, 2],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!),
  },
  {
    name: "matmul, a matrix against a batch",
    shapes: [
      [3, 4],
      [2, 2, 4],
    ],
    build: (_, [a, b]) => g.matmul(a!, b!, { transB: true, alpha: -1.5 }),
  },
  { name: "add of itself", shapes: [[3]], build: (_, [a]) => g.add(a!, a!) },
  { name: "mean, symbolic", shapes: [[2, 3]], dims: [["B", "S"]], build: (_, [a]) => g.mean(a!, [0, 1]) },
  {
    name: "sum over a symbolic axis",
    shapes: [[2, 3, 2]],
    dims: [["B", "S", 2]],
    build: (_, [a]) => g.mul(g.sum(a!, [1]), g.sum(a!, [1])),
  },
  {
    name: "broadcasting, symbolic",
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    dims: [
      ["B", 1, "S"],
      ["T", 1],
    ],
    build: (_, [a, b]) => g.mul(a!, b!),
  },
  {
    name: "reshape, transpose and back, symbolic",
    shapes: [[2, 3, 4]],
    dims: [["B", "S", 4]],
    build: (_, [a]) => {
      const split = g.transpose(g.reshape(g.reshape(a!, ["B*S", 4]), ["B", "S", 2, 2]), [0, 2, 1, 3]);
      return g.mul(split, split);
    },
  },
  {
    name: "concat along a symbolic axis",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    dims: [
      ["B", "S"],
      ["B", "T"],
    ],
    build: (_, [a, b]) => g.concat([a!, b!, a!], 1),
  },
  {
    name: "expand to symbolic axes",
    shapes: [
      [3, 1],
      [2, 2],
    ],
    dims: [
      ["S", 1],
      ["B", "T"],
    ],
    build: (_, [a, b]) => g.mul(g.expand(a!, ["B", "S", "T"]), g.unsqueeze(b!, [1])),
  },
  {
    name: "attention, grouped, symbolic",
    shapes: [
      [1, 4, 3, 2],
      [1, 1, 3, 2],
      [1, 1, 3, 2],
    ],
    dims: [
      ["B", 4, "S", 2],
      ["B", 1, "S", 2],
      ["B", 1, "S", 2],
    ],
    build: (graph, [q, k, v]) => {
      const order = g.range(graph, "S");
      const visible = g.greaterOrEqual(g.unsqueeze(order, [1]), g.unsqueeze(order, [0]));
      return g.attention(q!, k!, v!, g.unsqueeze(g.where(visible, 0, -1e9), [0, 1]), 0.7);
    },
  },
  {
    name: "tokenLogprobs of picked rows, symbolic",
    shapes: [[3, 5]],
    dims: [["T", 5]],
    build: (graph, [a]) => {
      const picked = g.gatherRows(a!, ints(graph, [2, 0, 2, 1], [4]));
      return g.tokenLogprobs(picked, ints(graph, [4, 0, 2, 2], [4, 1])).logprobs;
    },
  },
  { name: "a value used three times", shapes: [[4]], build: (_, [a]) => g.add(g.mul(a!, a!), g.exp(a!)) },
];

for (const target of ["fused", "portable"] as const) {
  for (const [index, item] of cases.entries()) {
    test(`gradient of ${item.name} (${target})`, async () => {
      const provider = await cpuProvider();
      const random = Random.of(7, "gradients", index);
      const draw = item.draw ?? ((r: Random) => r.normal());
      const data = item.shapes.map((shape) => Float32Array.from({ length: size(shape) }, () => draw(random)));
      const graph = new g.Graph({ target });
      const inputs = item.shapes.map((shape, i) => graph.input(`x${i}`, item.dims?.[i] ?? shape));
      const out = item.build(graph, inputs);
      const known: Record<string, number> = {};
      item.dims?.forEach((dims, i) => {
        dims.forEach((dim, axis) => {
          if (typeof dim === "string") known[dim] = item.shapes[i]![axis]!;
        });
      });
      const outShape = out.shape.map((dim) => g.evaluateDim(dim, known));
      const weightData = Float32Array.from({ length: size(outShape) }, () => random.normal());
      const weights = graph.input("weights", out.shape);
      const loss = g.sum(g.mul(out, weights), [...out.shape.keys()]);
      const grads = g.gradients([{ tensor: loss }], inputs);
      graph.output("loss", loss);
      for (const [i, grad] of grads.entries()) if (grad) graph.output(`d${i}`, grad);
      const session = await provider.session(graph);
      const fetches = Object.fromEntries(
        [
          ["loss", [] as number[]] as const,
          ...grads.flatMap((d, i) => (d ? [[`d${i}`, item.shapes[i]!] as const] : [])),
        ].map(([name, shape]) => [name, provider.value(new Float32Array(size(shape)), shape)]),
      );
      const feed = (): Record<string, g.Value> => ({
        ...Object.fromEntries(data.map((d, i) => [`x${i}`, provider.value(d, item.shapes[i]!)])),
        weights: provider.value(weightData, outShape),
      });
      const lossAt = async (): Promise<number> => {
        await session.run(feed(), fetches);
        return (fetches.loss!.data as Float32Array)[0]!;
      };
      await lossAt();
      const analytic = grads.map((d, i) =>
        d ? Float32Array.from(fetches[`d${i}`]!.data as Float32Array) : new Float32Array(data[i]!.length),
      );
      const step = 4e-3;
      for (let i = 0; i < data.length; i++) {
        for (let j = 0; j < data[i]!.length; j++) {
          if (item.name === "stopGradient" && i === 1) continue;
          const kept = data[i]![j]!;
          data[i]![j] = kept + step;
          const above = await lossAt();
          data[i]![j] = kept - step;
          const below = await lossAt();
          data[i]![j] = kept;
          const numeric = (above - below) / (2 * step);
          assert.ok(
            Math.abs(numeric - analytic[i]![j]!) < 6e-3 * (1 + Math.abs(numeric)),
            `x${i}[${j}]: ${analytic[i]![j]} but the difference quotient is ${numeric}`,
          );
        }
      }
      if (item.name === "stopGradient") assert.equal(grads[1], undefined);
      await session.release();
    });
  }
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

test("gradients are added to what is there: in a product, in a scatter, and elsewhere", async () => {
  for (const target of ["fused", "portable"] as const) {
    const provider = await cpuProvider();
    const graph = new g.Graph({ target });
    const shapes = { x: [3, 2], w: [2, 2], table: [4, 2], gain: [2] } as const;
    const x = graph.input("x", shapes.x);
    const wanted = (["w", "table", "gain"] as const).map((name) => graph.input(name, shapes[name]));
    const before = (["w", "table", "gain"] as const).map((name) => graph.input(`before.${name}`, shapes[name]));
    const [w, table, gain] = wanted as [g.Tensor, g.Tensor, g.Tensor];
    // The matrix is used twice: both products must go on top.
    const twice = g.matmul(g.matmul(x, w), w);
    const loss = g.sum(g.mul(g.add(twice, g.gatherRows(table, ints(graph, [1, 3, 1], [3]))), gain), [0, 1]);
    const plain = g.gradients([{ tensor: loss }], wanted);
    const onto = g.gradients([{ tensor: loss }], wanted, new Map(wanted.map((tensor, i) => [tensor, before[i]!])));
    const fetches: Record<string, g.Value> = {};
    const feeds: Record<string, g.Value> = {};
    const random = Random.of(3, target);
    const draw = (shape: readonly number[]): g.Value =>
      provider.value(
        Float32Array.from({ length: size(shape) }, () => random.normal()),
        shape,
      );
    feeds.x = draw(shapes.x);
    for (const [i, name] of (["w", "table", "gain"] as const).entries()) {
      graph.output(`plain.${name}`, plain[i]!);
      graph.output(`onto.${name}`, onto[i]!);
      feeds[name] = draw(shapes[name]);
      feeds[`before.${name}`] = draw(shapes[name]);
      fetches[`plain.${name}`] = provider.value(new Float32Array(size(shapes[name])), shapes[name]);
      // In place, as training does it.
      fetches[`onto.${name}`] = feeds[`before.${name}`]!;
    }
    const copies = new Map(
      Object.entries(feeds).map(([name, value]) => [name, Float32Array.from(value.data as never)]),
    );
    const session = await provider.session(graph);
    await session.run(feeds, fetches);
    for (const name of ["w", "table", "gain"]) {
      const [sum, gradient] = [`onto.${name}`, `plain.${name}`].map((key) => fetches[key]!.data as Float32Array);
      for (const [i, value] of sum!.entries()) {
        const expected = copies.get(`before.${name}`)![i]! + gradient![i]!;
        assert.ok(Math.abs(value - expected) < 1e-5, `${target} ${name}[${i}]: ${value}, expected ${expected}`);
      }
    }
    await session.release();
  }
});
