/**
 * The larger steps of a transformer, each with a gradient written by hand: they save memory traffic against a chain of
 * elementwise operators, which on a CPU is most of what is not matrix multiplication.
 */
import { broadcastShapes, formatShape, mulDims, sameShape } from "../dim.ts";
import type { Tensor } from "../graph.ts";
import { product } from "./linear.ts";

const raw = (op: string, a: Tensor, b: Tensor, shape = a.shape): Tensor => a.graph.one(op, [a, b], shape);

function lastSum(a: Tensor): Tensor {
  const shape = [...a.shape.slice(0, -1), 1];
  return a.graph.one("ReduceSum", [a, a.graph.ints([a.shape.length - 1])], shape, { attributes: { keepdims: 1 } });
}

function lastMean(a: Tensor): Tensor {
  const shape = [...a.shape.slice(0, -1), 1];
  return a.graph.one("ReduceMean", [a, a.graph.ints([a.shape.length - 1])], shape, { attributes: { keepdims: 1 } });
}

/** Softmax over the last axis. */
export function softmax(a: Tensor): Tensor {
  const out = a.graph.one("Softmax", [a], a.shape, { attributes: { axis: a.shape.length - 1 } });
  return a.graph.record([out], [a], ([g]) => [
    () => {
      const weighted = raw("Mul", g!, out);
      return raw("Sub", weighted, raw("Mul", out, lastSum(weighted)));
    },
  ]);
}

/**
 * log softmax over the last axis, as x − max − log Σ exp(x − max): ONNX Runtime's WebGPU provider has no LogSoftmax.
 */
export function logSoftmax(a: Tensor): Tensor {
  const graph = a.graph;
  const shape = [...a.shape.slice(0, -1), 1];
  const top = graph.one("ReduceMax", [a, graph.ints([a.shape.length - 1])], shape, { attributes: { keepdims: 1 } });
  const shifted = raw("Sub", a, top);
  const total = lastSum(graph.one("Exp", [shifted], a.shape));
  const out = raw("Sub", shifted, graph.one("Log", [total], shape));
  return graph.record([out], [a], ([g]) => [
    () => raw("Sub", g!, raw("Mul", graph.one("Exp", [out], a.shape), lastSum(g!))),
  ]);
}

/** What `tokenLogprobs` gives; all [T, 1]. */
export interface TokenLogprobs {
  /** log p(target), differentiable. */
  readonly logprobs: Tensor;
  /** Entropy −Σ p log p of each distribution in nats, without a gradient; undefined unless asked for. */
  readonly entropy: Tensor | undefined;
}

/**
 * Log-probability of one target per row.
 * @param logits [T, V]
 * @param targets int64 [T, 1]
 * The gradient is g·(onehot − p), one scatter into −g·p, with no [T, V] one-hot.
 */
export function tokenLogprobs(
  logits: Tensor,
  targets: Tensor,
  options: { readonly entropy?: boolean } = {},
): TokenLogprobs {
  const graph = logits.graph;
  const [rows, width] = logits.shape;
  if (
    logits.shape.length !== 2 ||
    rows === undefined ||
    width === undefined ||
    targets.shape[0] !== rows ||
    targets.shape[1] !== 1
  ) {
    throw graph.error(
      "tokenLogprobs",
      "logits [T, V] and targets [T, 1]",
      `${formatShape(logits.shape)} and ${formatShape(targets.shape)}`,
    );
  }
  const top = graph.one("ReduceMax", [logits, graph.ints([1])], [rows, 1], { attributes: { keepdims: 1 } });
  const shifted = raw("Sub", logits, top);
  const exps = graph.one("Exp", [shifted], logits.shape);
  const total = lastSum(exps);
  const logTotal = graph.one("Log", [total], [rows, 1]);
  const chosen = graph.one("GatherElements", [shifted, targets], [rows, 1], { attributes: { axis: 1 } });
  const logprobs = raw("Sub", chosen, logTotal);
  graph.record([logprobs], [logits], ([g]) => [
    () => {
      const scale = graph.one("Neg", [raw("Div", g!, total)], [rows, 1]);
      return graph.one("ScatterElements", [raw("Mul", exps, scale), targets, g!], logits.shape, {
        attributes: { axis: 1, reduction: "add" },
      });
    },
  ]);
  const entropy = options.entropy
    ? raw("Sub", logTotal, raw("Div", lastSum(raw("Mul", exps, shifted)), total))
    : undefined;
  return { logprobs, entropy };
}

/**
 * RMSNorm (Zhang & Sennrich 2019): y = x / sqrt(mean(x²) + eps) · gain.
 * @param x [.., d]
 * @param gain [d]
 * The fused operator's second output (1/rms) is wrong on some providers, so it is used on the CPU target only.
 */
export function rmsNorm(x: Tensor, gain: Tensor, eps: number): Tensor {
  const graph = x.graph;
  if (gain.shape.length !== 1 || gain.shape[0] !== x.shape.at(-1)) {
    throw graph.error("rmsNorm", "x [.., d] and a gain [d]", `${formatShape(x.shape)} and ${formatShape(gain.shape)}`);
  }
  const inner = [...x.shape.slice(0, -1), 1];
  let inverse: Tensor;
  let out: Tensor;
  let normalised: Tensor | undefined;
  if (graph.target === "fused") {
    const attributes = { axis: -1, epsilon: { float: eps } };
    [out, inverse] = graph.node("SimplifiedLayerNormalization", [x, gain], [{ shape: x.shape }, { shape: inner }], {
      attributes,
    }) as [Tensor, Tensor];
  } else {
    const meanSquare = lastMean(raw("Mul", x, x));
    inverse = graph.one("Reciprocal", [graph.one("Sqrt", [raw("Add", meanSquare, graph.scalar(eps))], inner)], inner);
    normalised = raw("Mul", x, inverse);
    out = raw("Mul", normalised, gain);
  }
  return graph.record([out], [x, gain], ([g]) => {
    const unit = normalised ?? raw("Mul", x, inverse);
    const scaled = raw("Mul", g!, gain);
    return [
      () => raw("Mul", raw("Sub", scaled, raw("Mul", unit, lastMean(raw("Mul", scaled, unit)))), inverse),
      () => {
        const rows = mulDims(...x.shape.slice(0, -1));
        const axes = [...Array(x.shape.length - 1).keys()];
        const both = raw("Mul", g!, unit);
        if (rows === 1) return graph.one("Squeeze", [both, graph.ints(axes)], gain.shape);
        return graph.one("ReduceSum", [both, graph.ints(axes)], gain.shape, { attributes: { keepdims: 0 } });
      },
    ];
  });
}

/** SwiGLU's gate (Shazeer 2020): silu(gate) · up, elementwise, of equal shapes. */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  const graph = gate.graph;
  const shape = gate.shape;
  if (!sameShape(shape, up.shape))
    throw graph.error("swiglu", "two equal shapes", `${formatShape(shape)} and ${formatShape(up.shape)}`);
  let activated: Tensor;
  let gateSigmoid: Tensor | undefined;
  if (graph.target === "fused") {
    activated = graph.one("QuickGelu", [gate], shape, { domain: "com.microsoft", attributes: { alpha: { float: 1 } } });
  } else {
    gateSigmoid = graph.one("Sigmoid", [gate], shape);
    activated = raw("Mul", gate, gateSigmoid);
  }
  const out = raw("Mul", activated, up);
  return graph.record([out], [gate, up], ([g]) => [
    () => {
      // silu' = s + silu·(1 − s)
      const s = gateSigmoid ?? graph.one("Sigmoid", [gate], shape);
      const slope = raw("Add", s, raw("Mul", activated, raw("Sub", graph.scalar(1), s, shape)));
      return raw("Mul", raw("Mul", g!, up), slope);
    },
    () => raw("Mul", g!, activated),
  ]);
}

/** Cosines and sines of every position: both [positions, D/2]; `minusSin` is −sin, which turns the other way. */
export interface RotaryTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly minusSin: Tensor;
}

/**
 * Rotary position embedding (Su et al. 2021), half-split layout as in Hugging Face's Llama.
 * @param x [B, N, S, D]
 * @param tables of every position
 * @param places int64 [1]: row s stands at position places + s; or int64 [B, S]: the position of each row
 * The gradient is the rotation by the opposite angle.
 */
export function rope(x: Tensor, tables: RotaryTables, places: Tensor): Tensor {
  const graph = x.graph;
  const width = x.shape[3];
  const length = x.shape[2]!;
  if (x.shape.length !== 4 || typeof width !== "number" || width % 2 !== 0) {
    throw graph.error("rope", "[B, N, S, D] with D known and even", formatShape(x.shape));
  }
  if (tables.cos.shape[1] !== width / 2)
    throw graph.error("rope", `tables [positions, ${width / 2}]`, formatShape(tables.cos.shape));
  if (!sameShape(places.shape, [1]) && !sameShape(places.shape, [x.shape[0]!, length]))
    throw graph.error("rope", "places [1] or [B, S]", formatShape(places.shape));
  if (graph.target === "fused") {
    const turn = (t: Tensor, sin: Tensor): Tensor =>
      graph.one("RotaryEmbedding", [t, places, tables.cos, sin], x.shape, {
        domain: "com.microsoft",
        attributes: { interleaved: 0 },
      });
    const out = turn(x, tables.sin);
    return graph.record([out], [x], ([g]) => [() => turn(g!, tables.minusSin)]);
  }
  const rows = (table: Tensor): Tensor => {
    if (places.shape.length === 2) {
      const picked = graph.one("Gather", [table, places], [...places.shape, width / 2], { attributes: { axis: 0 } });
      return graph.one("Unsqueeze", [picked, graph.ints([1])], [places.shape[0]!, 1, length, width / 2]);
    }
    const end = graph.one("Add", [places, graph.dimTensor(length)], [1], { dtype: "int64" });
    return graph.one("Slice", [table, places, end, graph.ints([0])], [length, width / 2]);
  };
  const cos = rows(tables.cos);
  const half = [...x.shape.slice(0, -1), width / 2];
  const turn = (t: Tensor, sin: Tensor): Tensor => {
    const [a, b] = graph.node("Split", [t], [{ shape: half }, { shape: half }], {
      attributes: { axis: 3, num_outputs: 2 },
    }) as [Tensor, Tensor];
    const left = raw("Sub", raw("Mul", a, cos), raw("Mul", b, sin));
    const right = raw("Add", raw("Mul", b, cos), raw("Mul", a, sin));
    return graph.one("Concat", [left, right], x.shape, { attributes: { axis: 3 } });
  };
  const out = turn(x, rows(tables.sin));
  return graph.record([out], [x], ([g]) => [() => turn(g!, rows(tables.minusSin))]);
}

/**
 * Scaled dot-product attention with an additive bias: softmax(q·kᵀ·scale + bias)·v.
 * @param q [B, H, S, D], heads of one key/value head next to each other
 * @param k [B, KV, S, D], KV divides H (grouped queries, Ainslie et al. 2023)
 * @param v like k
 * @param bias [B or 1, 1, S, S]: 0 where a query may look, a large negative number where not
 * The gradient of the softmax uses rowsum(P·dP) = rowsum(O·dO), as in FlashAttention (Dao et al. 2022).
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, scale: number): Tensor {
  const graph = q.graph;
  const [batch, heads, rows, width] = q.shape as [number, number, number, number];
  const groups = k.shape[1] as number;
  const fits =
    q.shape.length === 4 &&
    typeof heads === "number" &&
    typeof groups === "number" &&
    heads % groups === 0 &&
    sameShape(k.shape, [batch, groups, rows, width]) &&
    sameShape(v.shape, k.shape) &&
    broadcastShapes(bias.shape, [batch, 1, rows, rows]) !== undefined;
  if (!fits) {
    throw graph.error(
      "attention",
      "q [B, H, S, D], k and v [B, KV, S, D] where KV divides H, bias [B or 1, 1, S, S]",
      [q, k, v, bias].map((x) => formatShape(x.shape)).join(" "),
    );
  }
  const repeat = heads / groups;
  const stacked = mulDims(repeat, rows);
  const grouped = (x: Tensor, last: number): Tensor =>
    repeat === 1
      ? x
      : graph.one("Reshape", [x, graph.shapeTensor([batch, groups, -1, last])], [batch, groups, stacked, last]);
  const ungrouped = (x: Tensor, last: number): Tensor =>
    repeat === 1
      ? x
      : graph.one("Reshape", [x, graph.shapeTensor([batch, heads, -1, last])], [batch, heads, rows, last]);
  const qGrouped = grouped(q, width);
  const scores = raw("Add", ungrouped(product(qGrouped, k, false, true, scale), rows), bias);
  const weights = graph.one("Softmax", [scores], scores.shape, { attributes: { axis: 3 } });
  const weightsGrouped = grouped(weights, rows);
  const outGrouped = product(weightsGrouped, v, false, false, 1);
  const out = ungrouped(outGrouped, width);
  return graph.record([out], [q, k, v], ([g]) => {
    const gGrouped = grouped(g!, width);
    const delta = lastSum(raw("Mul", gGrouped, outGrouped));
    const dScores = raw("Mul", raw("Sub", product(gGrouped, v, false, true, 1), delta), weightsGrouped);
    return [
      () => ungrouped(product(dScores, k, false, false, scale), width),
      () => product(dScores, qGrouped, true, false, scale),
      () => product(weightsGrouped, gGrouped, true, false, 1),
    ];
  });
}
