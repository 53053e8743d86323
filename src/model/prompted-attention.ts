/**
 * Attention over rows that go on from prompts which several of them share: what training on a group of answers does. Every
 * prompt is read once, not once for each of its answers.
 *
 * Tokens come flat: first those of the prompts, [G, P] padded at their ends, then those of the rows, [B, S]. A row belongs to
 * one prompt and may hold several answers to it, told apart by segments; an answer's tokens stand at the positions after
 * its prompt, as if they followed it directly.
 */
import {
  and,
  attention,
  concat,
  equal,
  type Graph,
  gatherRows,
  less,
  mulDims,
  prefixedAttention,
  range,
  reshape,
  rope,
  split,
  type Tensor,
  transpose,
  unsqueeze,
  where,
} from "../graph/index.ts";
import type { ModelConfig } from "./config.ts";
import { type Attend, causal, rotaryTables } from "./transformer.ts";

export interface PromptedRows {
  /** int64 [B, S]: a token sees its own segment of its row, up to itself, and its row's prompt. */
  readonly segments: Tensor;
  /** int64 [B, S]: positions in the whole sequence. */
  readonly positions: Tensor;
  /** int64 [B]: the prompt of each row. */
  readonly owners: Tensor;
  /** int64 [B]: tokens of that prompt. */
  readonly lengths: Tensor;
}

/**
 * @param rows with the dimensions B and S; prompts have G and P, which inputs of the graph must declare
 * @param positions how many positions the tables hold; no token may stand beyond it, and no row be longer
 */
export function promptedAttention(graph: Graph, config: ModelConfig, rows: PromptedRows, positions: number): Attend {
  const { heads, kvHeads, headDim } = config;
  const tables = rotaryTables(graph, config, positions);
  const { segments, owners } = rows;
  const same = equal(unsqueeze(segments, [1, 3]), unsqueeze(segments, [1, 2]));
  const bias = where(and(causal(graph, "S"), same), 0, -1e9);
  const prefixBias = where(less(range(graph, "P"), unsqueeze(rows.lengths, [1, 2, 3])), 0, -1e9);
  const promptBias = where(causal(graph, "P"), 0, -1e9);
  const start = graph.ints([0]);
  const scale = 1 / Math.sqrt(headDim);
  const sizes = [mulDims("G", "P"), mulDims("B", "S")];
  const byHead = (x: Tensor, batch: string, length: string, count: number): Tensor =>
    transpose(reshape(x, [batch, length, count, headDim]), [0, 2, 1, 3]);
  const flat = (x: Tensor, batch: string, length: string): Tensor =>
    reshape(transpose(x, [0, 2, 1, 3]), [mulDims(batch, length), heads, headDim]);
  const owned = (x: Tensor): Tensor => {
    const picked = gatherRows(reshape(x, ["G", mulDims(kvHeads, "P", headDim)]), owners);
    return reshape(picked, ["B", kvHeads, "P", headDim]);
  };
  return (_, q, k, v) => {
    const [promptQ, rowQ] = split(q, 0, sizes) as [Tensor, Tensor];
    const [promptK, rowK] = split(k, 0, sizes) as [Tensor, Tensor];
    const [promptV, rowV] = split(v, 0, sizes) as [Tensor, Tensor];
    const prefixKeys = rope(byHead(promptK, "G", "P", kvHeads), tables, start);
    const prefixValues = byHead(promptV, "G", "P", kvHeads);
    const prompts = attention(
      rope(byHead(promptQ, "G", "P", heads), tables, start),
      prefixKeys,
      prefixValues,
      promptBias,
      scale,
    );
    const answers = prefixedAttention(
      {
        query: rope(byHead(rowQ, "B", "S", heads), tables, rows.positions),
        keys: rope(byHead(rowK, "B", "S", kvHeads), tables, rows.positions),
        values: byHead(rowV, "B", "S", kvHeads),
        bias,
        prefixKeys: owned(prefixKeys),
        prefixValues: owned(prefixValues),
        prefixBias,
      },
      scale,
    );
    return concat([flat(prompts, "G", "P"), flat(answers, "B", "S")], 0);
  };
}
