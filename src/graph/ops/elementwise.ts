/** Elementwise operators with NumPy broadcasting, and their gradients. */
import { broadcastShapes, type Dim, formatShape, type Shape, sameShape } from "../dim.ts";
import type { Graph, Tensor } from "../graph.ts";

/** Sums a gradient over the axes along which a tensor of `shape` was broadcast. */
export function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const graph = gradient.graph;
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dim, i) => (i < extra || (shape[i - extra] === 1 && dim !== 1) ? [i] : []));
  const kept: Dim[] = gradient.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  let out = gradient;
  if (axes.length > 0) out = graph.one("ReduceSum", [out, graph.ints(axes)], kept, { attributes: { keepdims: 1 } });
  if (extra > 0) out = graph.one("Squeeze", [out, graph.ints([...Array(extra).keys()])], kept.slice(extra));
  return out;
}

function broadcast(op: string, a: Tensor, b: Tensor): Shape {
  const shape = broadcastShapes(a.shape, b.shape);
  if (!shape) throw a.graph.error(op, "shapes that broadcast", `${formatShape(a.shape)} and ${formatShape(b.shape)}`);
  if (a.dtype !== b.dtype) throw a.graph.error(op, "one element type", `${a.dtype} and ${b.dtype}`);
  return shape;
}

/** A number becomes a float32 scalar of the graph. */
export type Operand = Tensor | number;

function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const graph = typeof a === "number" ? (b as Tensor).graph : a.graph;
  return [typeof a === "number" ? graph.scalar(a) : a, typeof b === "number" ? graph.scalar(b) : b];
}

function binary(op: string, a: Tensor, b: Tensor): Tensor {
  return a.graph.one(op, [a, b], broadcast(op, a, b), { dtype: a.dtype });
}

/** a + b */
export function add(x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  const out = binary("Add", a, b);
  return a.graph.record([out], [a, b], ([g]) => [() => unbroadcast(g!, a.shape), () => unbroadcast(g!, b.shape)]);
}

/** a − b */
export function sub(x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  const out = binary("Sub", a, b);
  return a.graph.record([out], [a, b], ([g]) => [() => unbroadcast(g!, a.shape), () => neg(unbroadcast(g!, b.shape))]);
}

/** a · b */
export function mul(x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  const out = binary("Mul", a, b);
  return a.graph.record([out], [a, b], ([g]) => [
    () => unbroadcast(binary("Mul", g!, b), a.shape),
    () => unbroadcast(binary("Mul", g!, a), b.shape),
  ]);
}

/** a / b */
export function div(x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  const out = binary("Div", a, b);
  return a.graph.record([out], [a, b], ([g]) => [
    () => unbroadcast(binary("Div", g!, b), a.shape),
    () => unbroadcast(neg(binary("Div", binary("Mul", g!, out), b)), b.shape),
  ]);
}

function unary(op: string, a: Tensor, backward: (g: Tensor, out: Tensor) => Tensor): Tensor {
  if (a.dtype !== "float32") throw a.graph.error(op, "float32", a.dtype);
  const out = a.graph.one(op, [a], a.shape);
  return a.graph.record([out], [a], ([g]) => [() => backward(g!, out)]);
}

export function neg(a: Tensor): Tensor {
  return unary("Neg", a, (g) => g.graph.one("Neg", [g], g.shape));
}

export function exp(a: Tensor): Tensor {
  return unary("Exp", a, (g, out) => binary("Mul", g, out));
}

/** Natural logarithm. */
export function log(a: Tensor): Tensor {
  return unary("Log", a, (g) => binary("Div", g, a));
}

export function sqrt(a: Tensor): Tensor {
  return unary("Sqrt", a, (g, out) => binary("Div", binary("Mul", g, g.graph.scalar(0.5)), out));
}

export function reciprocal(a: Tensor): Tensor {
  return unary("Reciprocal", a, (g, out) => neg(binary("Mul", g, binary("Mul", out, out))));
}

export function tanh(a: Tensor): Tensor {
  return unary("Tanh", a, (g, out) => binary("Mul", g, binary("Sub", g.graph.scalar(1), binary("Mul", out, out))));
}

export function relu(a: Tensor): Tensor {
  return unary("Relu", a, (g, out) => select(greater(out, 0), g, g.graph.scalar(0)));
}

/** 1 / (1 + e^−a) */
export function sigmoid(a: Tensor): Tensor {
  return unary("Sigmoid", a, (g, out) => binary("Mul", g, binary("Mul", out, binary("Sub", g.graph.scalar(1), out))));
}

/** log(1 + e^a), without overflow at either end. */
export function softplus(a: Tensor): Tensor {
  const graph = a.graph;
  const one = (op: string, x: Tensor): Tensor => graph.one(op, [x], a.shape);
  const tail = one("Log", binary("Add", one("Exp", one("Neg", one("Abs", a))), graph.scalar(1)));
  const out = binary("Add", one("Relu", a), tail);
  return graph.record([out], [a], ([g]) => [() => binary("Mul", g!, one("Sigmoid", a))]);
}

function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes(condition.shape, broadcast("where", a, b));
  if (!shape || condition.dtype !== "bool") {
    throw a.graph.error(
      "where",
      "a bool condition that broadcasts",
      `${condition.dtype} ${formatShape(condition.shape)}`,
    );
  }
  return a.graph.one("Where", [condition, a, b], shape, { dtype: a.dtype });
}

/** condition ? a : b, elementwise; the gradient goes to the chosen side. */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  const graph = condition.graph;
  const a = typeof x === "number" ? graph.scalar(x) : x;
  const b = typeof y === "number" ? graph.scalar(y) : y;
  const out = select(condition, a, b);
  return graph.record([out], [a, b], ([g]) => [
    () => unbroadcast(select(condition, g!, graph.scalar(0)), a.shape),
    () => unbroadcast(select(condition, graph.scalar(0), g!), b.shape),
  ]);
}

/** min(a, b); where they are equal the gradient goes to a. */
export function minimum(x: Operand, y: Operand): Tensor {
  return extremum("Min", "LessOrEqual", x, y);
}

/** max(a, b); where they are equal the gradient goes to a. */
export function maximum(x: Operand, y: Operand): Tensor {
  return extremum("Max", "GreaterOrEqual", x, y);
}

function extremum(op: string, comparison: string, x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  const graph = a.graph;
  const out = binary(op, a, b);
  return graph.record([out], [a, b], ([g]) => {
    const first = compare(comparison, a, b);
    return [
      () => unbroadcast(select(first, g!, graph.scalar(0)), a.shape),
      () => unbroadcast(select(first, graph.scalar(0), g!), b.shape),
    ];
  });
}

/** a limited to low..high; the gradient passes where a lies inside, the ends included (PyTorch's convention). */
export function clip(a: Tensor, low: number, high: number): Tensor {
  const graph = a.graph;
  const out = graph.one("Clip", [a, graph.scalar(low), graph.scalar(high)], a.shape);
  return graph.record([out], [a], ([g]) => [
    () => select(graph.one("Equal", [a, out], a.shape, { dtype: "bool" }), g!, graph.scalar(0)),
  ]);
}

function compare(op: string, x: Operand, y: Operand): Tensor {
  const [a, b] = operands(x, y);
  return a.graph.one(op, [a, b], broadcast(op, a, b), { dtype: "bool" });
}

export const less = (a: Operand, b: Operand): Tensor => compare("Less", a, b);
export const greater = (a: Operand, b: Operand): Tensor => compare("Greater", a, b);
export const greaterOrEqual = (a: Operand, b: Operand): Tensor => compare("GreaterOrEqual", a, b);
export const equal = (a: Operand, b: Operand): Tensor => compare("Equal", a, b);
export const and = (a: Tensor, b: Tensor): Tensor =>
  a.graph.one("And", [a, b], broadcast("and", a, b), { dtype: "bool" });

/** The same values outside the reach of differentiation. */
export function stopGradient(a: Tensor): Tensor {
  return a.graph.one("Identity", [a], a.shape, { dtype: a.dtype });
}

/** float32 → int64 or bool → float32 and the like; carries no gradient. */
export function cast(a: Tensor, dtype: Tensor["dtype"]): Tensor {
  const code = { float32: 1, int32: 6, int64: 7, bool: 9 }[dtype];
  return a.graph.one("Cast", [a], a.shape, { dtype, attributes: { to: code } });
}

/** 0, 1, 2, …, n − 1 as int64 for a dimension that may be symbolic. */
export function range(graph: Graph, n: Dim): Tensor {
  const zero = graph.constant([0], [], "int64");
  const one = graph.constant([1], [], "int64");
  const end = graph.one("Squeeze", [graph.dimTensor(n), graph.ints([0])], [], { dtype: "int64" });
  return graph.one("Range", [zero, end, one], [n], { dtype: "int64" });
}
