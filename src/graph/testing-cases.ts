/** The ops of the gradient suite (testing.ts): each with small inputs, on which its loss is smooth. */
import type { Random } from "../util/random.ts";
import * as g from "./index.ts";

export interface OpCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly build: (graph: g.Graph, x: readonly g.Tensor[]) => g.Tensor;
  /** The inputs' shapes as the graph knows them, where some dimensions are known only at run time. */
  readonly dims?: readonly g.Shape[];
  /** Draws one input element; defaults to normal. */
  readonly draw?: (random: Random) => number;
  /** Inputs that must have no gradient. */
  readonly constant?: readonly number[];
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

/** Shapes of keys and of values, for two rows. */
const kv = (heads: number, length: number, width: number): number[][] => [
  [2, heads, length, width],
  [2, heads, length, width],
];

/** Two rows; the second one's prefix is a token shorter. */
function prefixed(graph: g.Graph, x: readonly g.Tensor[], length: number, room: number): g.Tensor {
  const order = Array.from({ length: 2 * length * length }, (_, i) => i % (length * length));
  const hidden = order.map((i) => (i % length <= Math.floor(i / length) ? 0 : -1e9));
  const behind = Array.from({ length: 2 * room }, (_, i) => (i === 2 * room - 1 ? -1e9 : 0));
  return g.prefixedAttention(
    {
      ...{ query: x[0]!, keys: x[1]!, values: x[2]!, prefixKeys: x[3]!, prefixValues: x[4]! },
      bias: graph.constant(hidden, [2, 1, length, length]),
      prefixBias: graph.constant(behind, [2, 1, 1, room]),
    },
    0.7,
  );
}

/** Every differentiable op. */
export const opCases: readonly OpCase[] = [
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
  { name: "softplus", shapes: [[7]], draw: (random) => 8 * random.normal(), build: (_, [a]) => g.softplus(a!) },
  { name: "relu", shapes: [[7]], build: (_, [a]) => g.relu(a!) },
  { name: "sigmoid", shapes: [[4]], build: (_, [a]) => g.sigmoid(a!) },
  { name: "minimum", shapes: [[2, 4], [4]], build: (_, [a, b]) => g.minimum(a!, b!) },
  { name: "maximum", shapes: [[2, 4], [4]], build: (_, [a, b]) => g.maximum(a!, b!) },
  { name: "clip", shapes: [[9]], build: (_, [a]) => g.clip(a!, -0.4, 0.6) },
  { name: "where", shapes: [[2, 3], [3]], build: (_, [a, b]) => g.where(g.greater(a!, 0), g.mul(a!, a!), b!) },
  {
    name: "stopGradient",
    shapes: [[3], [3]],
    constant: [1],
    build: (_, [a, b]) => g.mul(a!, g.stopGradient(g.add(b!, 0))),
  },
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
  {
    name: "split",
    shapes: [[5, 2]],
    build: (_, [a]) => {
      const [first, last] = g.split(a!, 0, [2, 3]) as [g.Tensor, g.Tensor];
      return g.add(g.sum(g.mul(first, first), [0]), g.sum(g.exp(last), [0]));
    },
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
  {
    name: "segmentSum, segments apart and of one row",
    shapes: [[6, 1]],
    build: (graph, [a]) => g.segmentSum(a!, ints(graph, [2, 0, 2, 5, 0, 2], [6])),
  },
  {
    name: "pick, several of a row",
    shapes: [[3, 4]],
    build: (graph, [a]) => g.pick(a!, ints(graph, [1, 0, 3, 2, 2, 0], [3, 2])),
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
    name: "rope, a position for each row",
    shapes: [[2, 2, 3, 6]],
    build: (graph, [a]) => g.rope(a!, tables(graph, 5, 3), ints(graph, [2, 0, 4, 1, 1, 3], [2, 3])),
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
    name: "prefixed attention",
    shapes: [[2, 2, 3, 4], ...kv(2, 3, 4), ...kv(2, 2, 4)],
    build: (graph, x) => prefixed(graph, x, 3, 2),
  },
  {
    name: "prefixed attention, grouped",
    shapes: [[2, 4, 3, 2], ...kv(2, 3, 2), ...kv(2, 2, 2)],
    build: (graph, x) => prefixed(graph, x, 3, 2),
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
