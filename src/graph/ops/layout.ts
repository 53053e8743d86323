/** Operators that move elements without changing them, and reductions. */
import { addDims, broadcastShapes, type Dim, formatShape, mulDims, type Shape, sameShape } from "../dim.ts";
import type { Tensor } from "../graph.ts";

/** The same elements in another shape; symbols are resolved at run time. */
export function reshape(a: Tensor, shape: Shape): Tensor {
  if (sameShape(a.shape, shape)) return a;
  if (mulDims(...a.shape) !== mulDims(...shape))
    throw a.graph.error("reshape", `as many elements as ${formatShape(a.shape)}`, formatShape(shape));
  const out = rawReshape(a, shape);
  return a.graph.record([out], [a], ([g]) => [() => rawReshape(g!, a.shape)]);
}

function rawReshape(a: Tensor, shape: Shape): Tensor {
  // One unknown dimension is left to the runtime: it saves the nodes that would compute it.
  const unknown = shape.flatMap((dim, i) => (typeof dim === "string" ? [i] : []));
  const hardest = unknown.sort((x, y) => String(shape[y]).length - String(shape[x]).length)[0];
  const target = shape.map((dim, i): Dim => (i === hardest ? -1 : dim));
  return a.graph.one("Reshape", [a, a.graph.shapeTensor(target)], shape, { dtype: a.dtype });
}

/** Axes in a new order: out.shape[i] = a.shape[order[i]]. */
export function transpose(a: Tensor, order: readonly number[]): Tensor {
  if (order.length !== a.shape.length || a.shape.some((_, axis) => !order.includes(axis))) {
    throw a.graph.error(
      "transpose",
      `an order of the axes 0 to ${a.shape.length - 1}`,
      `[${order.join()}] for ${formatShape(a.shape)}`,
    );
  }
  const permute = (x: Tensor, axes: readonly number[]): Tensor =>
    x.graph.one(
      "Transpose",
      [x],
      axes.map((axis) => x.shape[axis]!),
      { dtype: x.dtype, attributes: { perm: axes } },
    );
  const out = permute(a, order);
  const inverse = order.map((_, i) => order.indexOf(i));
  return a.graph.record([out], [a], ([g]) => [() => permute(g!, inverse)]);
}

/** Adds axes of length 1 at the given places of the result, counted from 0. */
export function unsqueeze(a: Tensor, axes: readonly number[]): Tensor {
  checkAxes("unsqueeze", a, axes, a.shape.length + axes.length);
  const shape: Dim[] = [...a.shape];
  for (const axis of [...axes].sort((x, y) => x - y)) shape.splice(axis, 0, 1);
  const out = a.graph.one("Unsqueeze", [a, a.graph.ints(axes)], shape, { dtype: a.dtype });
  return a.graph.record([out], [a], ([g]) => [() => g!.graph.one("Squeeze", [g!, g!.graph.ints(axes)], a.shape)]);
}

function checkAxes(op: string, a: Tensor, axes: readonly number[], rank: number): void {
  if (new Set(axes).size === axes.length && axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank))
    return;
  throw a.graph.error(op, `different axes from 0 to ${rank - 1}`, `[${axes.join()}] for ${formatShape(a.shape)}`);
}

/** Joins tensors along an axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0]!;
  const graph = first.graph;
  const at = axis < 0 ? axis + first.shape.length : axis;
  checkAxes("concat", first, [at], first.shape.length);
  for (const part of parts) {
    if (part.dtype !== first.dtype)
      throw graph.error("concat", "one element type", parts.map((p) => p.dtype).join(" "));
    if (part.shape.length !== first.shape.length || part.shape.some((dim, i) => i !== at && dim !== first.shape[i])) {
      throw graph.error("concat", `shapes equal but for axis ${at}`, parts.map((p) => formatShape(p.shape)).join(" "));
    }
  }
  const shape = first.shape.map((dim, i) => (i === at ? addDims(...parts.map((p) => p.shape[at]!)) : dim));
  const out = graph.one("Concat", parts, shape, { dtype: first.dtype, attributes: { axis: at } });
  return graph.record([out], parts, ([g]) => {
    let start: Dim = 0;
    return parts.map((part) => {
      const from = start;
      start = addDims(start, part.shape[at]!);
      const to = start;
      return () => rawSlice(g!, at, from, to, part.shape[at]!);
    });
  });
}

function rawSlice(a: Tensor, axis: number, from: Dim, to: Dim, length: Dim): Tensor {
  const graph = a.graph;
  const shape = a.shape.map((dim, i) => (i === axis ? length : dim));
  return graph.one("Slice", [a, graph.dimTensor(from), graph.dimTensor(to), graph.ints([axis])], shape, {
    dtype: a.dtype,
  });
}

/** Elements from..to (excluded) of an axis; numbers only. */
export function slice(a: Tensor, axis: number, from: number, to: number): Tensor {
  const at = axis < 0 ? axis + a.shape.length : axis;
  checkAxes("slice", a, [at], a.shape.length);
  const dim = a.shape[at]!;
  if (from < 0 || to <= from || (typeof dim === "number" && to > dim))
    throw a.graph.error("slice", `0 <= from < to <= ${dim}`, `${from}..${to}`);
  const out = rawSlice(a, at, from, to, to - from);
  return a.graph.record([out], [a], ([g]) => {
    if (typeof dim !== "number") throw a.graph.error("gradient of slice", "an axis of known length", `${dim}`);
    const pads = [...a.shape.map((_, i) => (i === at ? from : 0)), ...a.shape.map((_, i) => (i === at ? dim - to : 0))];
    return [() => g!.graph.one("Pad", [g!, g!.graph.ints(pads)], a.shape)];
  });
}

/** Cuts an axis into parts of the given lengths, which together make it up. Each part must be used. */
export function split(a: Tensor, axis: number, lengths: readonly Dim[]): Tensor[] {
  checkAxes("split", a, [axis], a.shape.length);
  if (addDims(...lengths) !== a.shape[axis])
    throw a.graph.error("split", `lengths that add up to ${a.shape[axis]}`, lengths.join(" and "));
  let start: Dim = 0;
  const parts = lengths.map((length) => {
    const from = start;
    start = addDims(start, length);
    return rawSlice(a, axis, from, start, length);
  });
  a.graph.record(parts, [a], (incoming) => [
    () => a.graph.one("Concat", incoming as readonly Tensor[], a.shape, { attributes: { axis } }),
  ]);
  return parts;
}

/** Repeats a tensor to a shape that it broadcasts to. */
export function expand(a: Tensor, shape: Shape): Tensor {
  const reached = broadcastShapes(a.shape, shape);
  if (!reached || !sameShape(reached, shape))
    throw a.graph.error("expand", `a shape that ${formatShape(a.shape)} broadcasts to`, formatShape(shape));
  const out = a.graph.one("Expand", [a, a.graph.shapeTensor(shape)], shape, { dtype: a.dtype });
  const axes = shape.flatMap((dim, i) => {
    const own = a.shape[i - (shape.length - a.shape.length)];
    return own === undefined || (own === 1 && dim !== 1) ? [i] : [];
  });
  return a.graph.record([out], [a], ([g]) => [
    () => {
      const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
      const sum =
        axes.length === 0
          ? g!
          : g!.graph.one("ReduceSum", [g!, g!.graph.ints(axes)], kept, { attributes: { keepdims: 1 } });
      return sameShape(sum.shape, a.shape) ? sum : rawReshape(sum, a.shape);
    },
  ]);
}

/** Sum over axes. */
export function sum(a: Tensor, axes: readonly number[], options: { readonly keepDims?: boolean } = {}): Tensor {
  const graph = a.graph;
  const at = axes.map((axis) => (axis < 0 ? axis + a.shape.length : axis));
  checkAxes("sum", a, at, a.shape.length);
  const kept = a.shape.map((dim, i): Dim => (at.includes(i) ? 1 : dim));
  const keep = options.keepDims ?? false;
  const out = graph.one("ReduceSum", [a, graph.ints(at)], keep ? kept : a.shape.filter((_, i) => !at.includes(i)), {
    attributes: { keepdims: keep ? 1 : 0 },
  });
  return graph.record([out], [a], ([g]) => [
    () => {
      const shaped = keep ? g! : graph.one("Unsqueeze", [g!, graph.ints(at)], kept);
      return graph.one("Expand", [shaped, graph.shapeTensor(a.shape)], a.shape);
    },
  ]);
}

/** Mean over axes of known length, or over symbolic ones by their length at run time. */
export function mean(a: Tensor, axes: readonly number[], options: { readonly keepDims?: boolean } = {}): Tensor {
  const graph = a.graph;
  const total = sum(a, axes, options);
  const count = mulDims(...axes.map((axis) => a.shape[axis < 0 ? axis + a.shape.length : axis]!));
  const divisor =
    typeof count === "number"
      ? graph.scalar(count)
      : graph.one(
          "Squeeze",
          [graph.one("Cast", [graph.dimTensor(count)], [1], { attributes: { to: 1 } }), graph.ints([0])],
          [],
        );
  const out = graph.one("Div", [total, divisor], total.shape);
  return graph.record([out], [total], ([g]) => [() => graph.one("Div", [g!, divisor], total.shape)]);
}
