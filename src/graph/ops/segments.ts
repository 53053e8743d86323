/** Sums over segments: rows that carry the same number belong together. */
import { formatShape } from "../dim.ts";
import type { Tensor } from "../graph.ts";

/**
 * For every row the sum over all rows of its segment.
 * @param values [N, 1]
 * @param segments int64 [N], each from 0 to N − 1; rows of a segment need not be neighbours
 * @returns [N, 1]
 * The matrix that adds the rows up is symmetric, so the gradient is the same sum of what comes in.
 */
export function segmentSum(values: Tensor, segments: Tensor): Tensor {
  const graph = values.graph;
  const [rows, width] = values.shape;
  if (values.shape.length !== 2 || width !== 1 || segments.shape.length !== 1 || segments.shape[0] !== rows) {
    throw graph.error(
      "segmentSum",
      "values [N, 1] and segments [N]",
      `${formatShape(values.shape)} and ${formatShape(segments.shape)}`,
    );
  }
  if (segments.dtype !== "int64") throw graph.error("segmentSum", "int64 segments", segments.dtype);
  const at = graph.one("Unsqueeze", [segments, graph.ints([1])], [rows!, 1], { dtype: "int64" });
  const total = (x: Tensor): Tensor => {
    const zeros = graph.one("Expand", [graph.scalar(0), graph.shapeTensor(values.shape)], values.shape);
    const sums = graph.one("ScatterND", [zeros, at, x], values.shape, { attributes: { reduction: "add" } });
    return graph.one("Gather", [sums, segments], values.shape, { attributes: { axis: 0 } });
  };
  const out = total(values);
  return graph.record([out], [values], ([g]) => [() => total(g!)]);
}
