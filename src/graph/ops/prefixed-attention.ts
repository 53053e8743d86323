/**
 * Attention of sequences that go on from prefixes which others go on from too: a prefix's keys and values come once, and each
 * row of queries attends to those of its prefix and to its own. What training on a group of answers to one prompt does, as
 * decoding does with a shared cache (Hydragen, Juravsky et al. 2024); here with a gradient.
 */
import { addDims, type Dim, formatShape, mulDims, type Shape, sameShape } from "../dim.ts";
import type { Tensor } from "../graph.ts";
import { product } from "./linear.ts";

export interface PrefixedAttentionInputs {
  /** [B, H, S, D], heads of one key/value head next to each other. */
  readonly query: Tensor;
  /** [B, KV, S, D], KV divides H. */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** [B, 1, S, S]: 0 where a query may look, a large negative number where not. */
  readonly bias: Tensor;
  /** [B, KV, P, D]. */
  readonly prefixKeys: Tensor;
  readonly prefixValues: Tensor;
  /** [B, 1, 1, P]: 0 where the prefix is, a large negative number behind its end. */
  readonly prefixBias: Tensor;
}

/**
 * softmax([q·prefixKeysᵀ·scale + prefixBias, q·keysᵀ·scale + bias]) · [prefixValues; values]
 * @returns [B, H, S, D]
 * The gradient of the softmax uses rowsum(P·dP) = rowsum(O·dO), as in FlashAttention (Dao et al. 2022).
 */
export function prefixedAttention(inputs: PrefixedAttentionInputs, scale: number): Tensor {
  const { query, keys, values, bias, prefixKeys, prefixValues, prefixBias } = inputs;
  const graph = query.graph;
  const [batch, heads, rows, width] = query.shape as [Dim, number, Dim, number];
  const groups = keys.shape[1] as number;
  const room = prefixKeys.shape[2]!;
  const fits =
    query.shape.length === 4 &&
    heads % groups === 0 &&
    sameShape(keys.shape, [batch, groups, rows, width]) &&
    sameShape(values.shape, keys.shape) &&
    sameShape(bias.shape, [batch, 1, rows, rows]) &&
    sameShape(prefixKeys.shape, [batch, groups, room, width]) &&
    sameShape(prefixValues.shape, prefixKeys.shape) &&
    sameShape(prefixBias.shape, [batch, 1, 1, room]);
  if (!fits) {
    throw graph.error(
      "prefixedAttention",
      "query [B, H, S, D], keys and values [B, KV, S, D] where KV divides H, bias [B, 1, S, S], prefixes [B, KV, P, D] and [B, 1, 1, P]",
      [query, keys, values, bias, prefixKeys, prefixValues, prefixBias].map((x) => formatShape(x.shape)).join(" "),
    );
  }
  const raw = (op: string, a: Tensor, b: Tensor): Tensor => graph.one(op, [a, b], a.shape);
  const view = (x: Tensor, shape: Shape): Tensor =>
    sameShape(x.shape, shape)
      ? x
      : graph.one("Reshape", [x, graph.shapeTensor([batch, shape[1]!, -1, shape[3]!])], shape);
  // Heads of one key/value head lie on each other, so that each product reads its keys once.
  const grouped = (x: Tensor): Tensor => view(x, [batch, groups, mulDims(heads / groups, rows), x.shape[3]!]);
  const ungrouped = (x: Tensor): Tensor => view(x, [batch, heads, rows, x.shape[3]!]);

  const q = grouped(query);
  const scores = (other: Tensor, mask: Tensor): Tensor =>
    raw("Add", ungrouped(product(q, other, false, true, scale)), mask);
  const both = [batch, heads, rows, addDims(room, rows)];
  const joined = graph.one("Concat", [scores(prefixKeys, prefixBias), scores(keys, bias)], both, {
    attributes: { axis: 3 },
  });
  const weights = graph.one("Softmax", [joined], both, { attributes: { axis: 3 } });
  const part = (from: Dim, to: Dim, length: Dim): Tensor =>
    grouped(
      graph.one(
        "Slice",
        [weights, graph.dimTensor(from), graph.dimTensor(to), graph.ints([3])],
        [batch, heads, rows, length],
      ),
    );
  const onPrefix = part(0, room, room);
  const onOwn = part(room, addDims(room, rows), rows);
  const outGrouped = raw(
    "Add",
    product(onPrefix, prefixValues, false, false, 1),
    product(onOwn, values, false, false, 1),
  );
  const out = ungrouped(outGrouped);
  return graph.record([out], [query, keys, values, prefixKeys, prefixValues], ([incoming]) => {
    const g = grouped(incoming!);
    const weighted = raw("Mul", g, outGrouped);
    const delta = graph.one("ReduceSum", [weighted, graph.ints([3])], [...g.shape.slice(0, 3), 1], {
      attributes: { keepdims: 1 },
    });
    const scoreGradient = (share: Tensor, seen: Tensor): Tensor =>
      raw("Mul", raw("Sub", product(g, seen, false, true, 1), delta), share);
    const dPrefix = scoreGradient(onPrefix, prefixValues);
    const dOwn = scoreGradient(onOwn, values);
    return [
      () =>
        ungrouped(
          raw("Add", product(dPrefix, prefixKeys, false, false, scale), product(dOwn, keys, false, false, scale)),
        ),
      () => product(dOwn, q, true, false, scale),
      () => product(onOwn, g, true, false, 1),
      () => product(dPrefix, q, true, false, scale),
      () => product(onPrefix, g, true, false, 1),
    ];
  });
}
