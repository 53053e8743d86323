/**
 * One decoding step's parts: attention of one new token per sequence over a cache of what came before, and rotary
 * positions that differ from sequence to sequence. Neither has a gradient.
 *
 * The cache is [sequences · KV, C, D], C the room of the longest: each head's keys lie together, so that the products
 * stream through memory. The new token's key and value are not in it yet; they are attended to beside it.
 */
import { addDims, formatShape, mulDims, type Shape } from "../dim.ts";
import type { Tensor } from "../graph.ts";
import { product } from "./linear.ts";
import type { RotaryTables } from "./nn.ts";

export interface CachedAttentionInputs {
  /** [B, H, D], rotated; heads that share a key/value head lie next to each other. */
  readonly query: Tensor;
  /** Of the new token, [B, KV, D] (the key rotated). */
  readonly key: Tensor;
  readonly value: Tensor;
  /** [B·KV, C, D] with C ≥ 1. What the bias hides may be anything finite. */
  readonly pastKeys: Tensor;
  readonly pastValues: Tensor;
  /** [B, 1, C]: 0 where the cache is filled, a large negative number where not. The new token always sees itself. */
  readonly bias: Tensor;
}

/**
 * softmax([q·pastKeysᵀ·scale + bias, q·key·scale]) · [pastValues, value]
 * @returns [B, H, D]
 */
export function cachedAttention(inputs: CachedAttentionInputs, scale: number): Tensor {
  const { query, key, value, pastKeys, pastValues, bias } = inputs;
  const graph = query.graph;
  const [batch, heads, width] = query.shape;
  const groups = key.shape[1];
  const [rows, room] = pastKeys.shape;
  if (
    batch === undefined ||
    typeof heads !== "number" ||
    typeof groups !== "number" ||
    typeof width !== "number" ||
    room === undefined ||
    heads % groups !== 0 ||
    rows !== mulDims(batch, groups)
  ) {
    throw graph.error(
      "cachedAttention",
      "query [B, H, D], key [B, KV, D], past [B*KV, C, D], KV divides H",
      [query, key, pastKeys].map((x) => formatShape(x.shape)).join(" "),
    );
  }
  const repeat = heads / groups;
  // The first dimension is the batch's and left to the runtime; the only other symbol, C, is read off the cache.
  const view = (x: Tensor, shape: Shape): Tensor =>
    graph.one("Reshape", [x, graph.shapeTensor([-1, ...shape.slice(1)])], shape);
  const scaled = graph.one("Mul", [query, graph.scalar(scale)], query.shape);
  const grouped = view(scaled, [rows, repeat, width]);

  // With one query per key head, keys times query is a matrix-vector product: it reads the keys once, and packs nothing.
  const past =
    repeat === 1
      ? product(pastKeys, view(scaled, [rows, width, 1]), false, false, 1)
      : product(grouped, pastKeys, false, true, 1);
  const visible = graph.one("Add", [view(past, [batch, heads, room]), bias], [batch, heads, room]);
  const own = product(grouped, view(key, [rows, width, 1]), false, false, 1);
  const both = [batch, heads, addDims(room, 1)];
  const scores = graph.one("Concat", [visible, view(own, [batch, heads, 1])], both, { attributes: { axis: 2 } });
  const weights = graph.one("Softmax", [scores], both, { attributes: { axis: 2 } });

  const part = (from: number, to: number, shape: Shape): Tensor =>
    graph.one("Slice", [weights, graph.ints([from]), graph.ints([to]), graph.ints([2])], shape);
  const onPast = view(part(0, -1, [batch, heads, room]), [rows, repeat, room]);
  const onOwn = view(part(-1, 2 ** 31, [batch, heads, 1]), [rows, repeat, 1]);
  const outShape = [rows, repeat, width];
  const fromOwn = graph.one("Mul", [onOwn, view(value, [rows, 1, width])], outShape);
  const out = graph.one("Add", [product(onPast, pastValues, false, false, 1), fromOwn], outShape);
  return view(out, [batch, heads, width]);
}

/**
 * Rotary position embedding (see `rope`) of one token per sequence, each at a position of its own.
 * @param positions int64 [B], each below the tables' length
 * @returns turns [B, N, 1, D]
 */
export function ropeAt(tables: RotaryTables, positions: Tensor): (x: Tensor) => Tensor {
  const graph = positions.graph;
  const batch = positions.shape[0]!;
  const half = tables.cos.shape[1]!;
  if (positions.shape.length !== 1 || positions.dtype !== "int64")
    throw graph.error("ropeAt", "positions int64 [B]", `${positions.dtype} ${formatShape(positions.shape)}`);
  if (graph.target === "fused") {
    const ids = graph.one("Unsqueeze", [positions, graph.ints([1])], [batch, 1], { dtype: "int64" });
    return (x) =>
      graph.one("RotaryEmbedding", [x, ids, tables.cos, tables.sin], x.shape, {
        domain: "com.microsoft",
        attributes: { interleaved: 0 },
      });
  }
  const rows = (table: Tensor): Tensor => {
    const picked = graph.one("Gather", [table, positions], [batch, half], { attributes: { axis: 0 } });
    return graph.one("Unsqueeze", [picked, graph.ints([1, 2])], [batch, 1, 1, half]);
  };
  const cos = rows(tables.cos);
  const sin = rows(tables.sin);
  return (x) => {
    const shape = [...x.shape.slice(0, -1), half];
    const [a, b] = graph.node("Split", [x], [{ shape }, { shape }], {
      attributes: { axis: 3, num_outputs: 2 },
    }) as [Tensor, Tensor];
    const times = (t: Tensor, factor: Tensor): Tensor => graph.one("Mul", [t, factor], shape);
    const left = graph.one("Sub", [times(a, cos), times(b, sin)], shape);
    const right = graph.one("Add", [times(b, cos), times(a, sin)], shape);
    return graph.one("Concat", [left, right], x.shape, { attributes: { axis: 3 } });
  };
}
