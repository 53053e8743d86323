/**
 * Attention of one new token per sequence over a time-major cache: the inner step of decoding. It has no gradient.
 *
 * A time-major cache [t, rows, D] only grows at its end, so that what is past is a prefix of one buffer, which can be
 * fed without a copy. The new token's key and value are not in it yet; they are attended to beside it.
 */
import { addDims, formatShape, mulDims, type Shape } from "../dim.ts";
import type { Tensor } from "../graph.ts";
import { product } from "./linear.ts";

export interface CachedAttentionInputs {
  /** [B, H, D], rotated; heads that share a key/value head lie next to each other. */
  readonly query: Tensor;
  /** Of the new token, [B, KV, D] (the key rotated). */
  readonly key: Tensor;
  readonly value: Tensor;
  /** [t, B·KV, D] with t ≥ 1: ONNX Runtime's FusedMatMul ends the process on an empty dimension. */
  readonly pastKeys: Tensor;
  readonly pastValues: Tensor;
  /** [B, 1, t]: added to the scores of what is past; the new token always sees itself. */
  readonly bias?: Tensor;
}

/**
 * softmax([q·pastKeysᵀ + bias, q·key]·scale) · [pastValues, value]
 * @returns [B, H, D]
 */
export function cachedAttention(inputs: CachedAttentionInputs, scale: number): Tensor {
  const { query, key, value, pastKeys, pastValues, bias } = inputs;
  const graph = query.graph;
  const [batch, heads, width] = query.shape;
  const groups = key.shape[1];
  const [time, rows] = pastKeys.shape;
  if (
    batch === undefined ||
    typeof heads !== "number" ||
    typeof groups !== "number" ||
    typeof width !== "number" ||
    time === undefined ||
    heads % groups !== 0 ||
    rows !== mulDims(batch, groups)
  ) {
    throw graph.error(
      "cachedAttention",
      "query [B, H, D], key [B, KV, D], past [t, B*KV, D], KV divides H",
      [query, key, pastKeys].map((x) => formatShape(x.shape)).join(" "),
    );
  }
  const repeat = heads / groups;
  // The first dimension is the batch's, left to the runtime; a symbol elsewhere (t) is read off the cache.
  const view = (x: Tensor, shape: Shape): Tensor =>
    graph.one("Reshape", [x, graph.shapeTensor([-1, ...shape.slice(1)])], shape);
  const grouped = view(query, [rows, repeat, width]);
  const newKey = view(key, [rows, 1, width]);
  const newValue = view(value, [rows, 1, width]);
  const fused = graph.target === "fused";

  const pastShape = [rows, repeat, time];
  let past: Tensor;
  if (fused) {
    const attributes = { transB: 1, transBatchB: 1, alpha: { float: scale } };
    past = graph.one("FusedMatMul", [grouped, pastKeys], pastShape, { domain: "com.microsoft", attributes });
  } else {
    const perm = [1, 2, 0];
    const turned = graph.one("Transpose", [pastKeys], [rows, width, time], { attributes: { perm } });
    past = product(grouped, turned, false, false, scale);
  }
  if (bias) {
    const byHead = [batch, heads, time];
    past = view(graph.one("Add", [view(past, byHead), bias], byHead), pastShape);
  }
  const own = product(grouped, newKey, false, true, scale);
  const both = [rows, repeat, addDims(time, 1)];
  const scores = graph.one("Concat", [past, own], both, { attributes: { axis: 2 } });
  const weights = graph.one("Softmax", [scores], both, { attributes: { axis: 2 } });
  const part = (from: number, to: number, shape: Shape): Tensor =>
    graph.one("Slice", [weights, graph.ints([from]), graph.ints([to]), graph.ints([2])], shape);
  const onPast = part(0, -1, pastShape);
  const onOwn = part(-1, 2 ** 31, [rows, repeat, 1]);

  const outShape = [rows, repeat, width];
  const summed = fused
    ? graph.one("FusedMatMul", [onPast, pastValues], outShape, {
        domain: "com.microsoft",
        attributes: { transBatchB: 1 },
      })
    : product(
        onPast,
        graph.one("Transpose", [pastValues], [rows, time, width], { attributes: { perm: [1, 0, 2] } }),
        false,
        false,
        1,
      );
  const out = graph.one("Add", [summed, graph.one("Mul", [onOwn, newValue], outShape)], outShape);
  return view(out, [batch, heads, width]);
}
