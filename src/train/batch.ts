/**
 * Micro-batches: sequences laid out in rows for one run of an objective's graph.
 *
 * Sequences are sorted by length and cut into batches of about equal work; each batch is as wide as its longest row,
 * rounded up so that few distinct shapes occur. Several short sequences may share a row (`pack`), told apart by
 * segment numbers, so that attention never crosses from one into another.
 */
import { assert } from "../util/errors.ts";

/** A sequence and what is learnt from it. */
export interface Sequence {
  /** All tokens, prompt first. */
  readonly tokens: readonly number[] | Int32Array;
  /** First index that is learnt; tokens before it are only context. At least 1. */
  readonly from: number;
  /** Weight of every learnt token in the loss. */
  readonly weight: number;
  /** Policy objectives: advantage of every learnt token, or of each of them. */
  readonly advantage?: number | Float32Array;
  /** Policy objectives: log-probability of the learnt tokens under the sampler, tokens.length − from values. */
  readonly old?: Float32Array;
  /** Policy objectives with a KL term: the same under the reference. */
  readonly reference?: Float32Array;
  /** Distillation: what the teacher says at the learnt tokens. */
  readonly teacher?: TeacherRows;
}

/** The teacher's distribution before each learnt token: its `top` likeliest tokens, row by row. */
export interface TeacherRows {
  readonly top: number;
  /** [tokens.length − from, top], no repeats in a row. */
  readonly ids: Int32Array;
  /** The same shape; at the temperature of the objective. */
  readonly logprobs: Float32Array;
}

/** Inputs of one run; `B`·`S` tokens, `N` learnt positions (padded with the last one, at weight 0). */
export interface MicroBatch {
  readonly rows: number;
  readonly length: number;
  readonly ids: Int32Array;
  readonly segments: Int32Array;
  /** int32 [N] into the flattened rows. */
  readonly picked: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  readonly advantages: Float32Array;
  readonly old: Float32Array;
  readonly reference: Float32Array;
  /** Where the sequences have one: rows for all of `picked`. */
  readonly teacher?: TeacherRows;
  /** Where rows go on from prompts that they share: `picked` counts the prompts' tokens first. */
  readonly prompts?: SharedPrompts;
  /** For every sequence, in the order given: its index, where its learnt tokens start in `picked`, and how many they are. */
  readonly spans: readonly { readonly index: number; readonly start: number; readonly count: number }[];
}

/** `G` prompts of at most `P` tokens, each of them read once for all rows that go on from it. */
export interface SharedPrompts {
  readonly count: number;
  readonly length: number;
  /** int32 [G, P] */
  readonly ids: Int32Array;
  /** int32 [B, S]: where each token stands in its whole sequence. */
  readonly positions: Int32Array;
  /** int32 [B]: prompt of each row. */
  readonly owners: Int32Array;
  /** int32 [B]: tokens of that prompt. */
  readonly lengths: Int32Array;
}

export interface BatchOptions {
  /** Tokens (rows × length) that one micro-batch should hold at most. */
  readonly tokens: number;
  /** Put several sequences into one row of at most this many tokens. */
  readonly pack?: number;
  /** Tokens beyond which a row is not filled up: a sequence that is longer has one of its own. Default: `pack`. */
  readonly share?: number;
  /**
   * Row lengths are rounded up to a multiple of this, at most 64. Default 4: with 16 a tenth of what answers of 73 tokens
   * cost is padding.
   */
  readonly multiple?: number;
}

/**
 * Tokens of a row that short documents share. Attention costs by the length of its row: on documents of 85 tokens on
 * average, gradients of the small base take 1,475 ms in rows of 320, 1,330 in 256, 1,271 in 192, and 1,371 in 128, where the
 * longer ones pad.
 */
const SHARED_ROW = 192;

/** How documents of at most `rowLength` tokens are laid out. */
export function documentPacking(rowLength: number): Omit<BatchOptions, "tokens"> {
  return { pack: rowLength, share: Math.min(rowLength, SHARED_ROW), multiple: 32 };
}

/**
 * Cuts sequences into micro-batches. Deterministic: ties in length keep the order given.
 * @returns batches whose `spans` together name every sequence once
 */
export function microBatches(sequences: readonly Sequence[], options: BatchOptions): MicroBatch[] {
  const order = sequences.map((_, i) => i).sort((a, b) => lengthOf(sequences[b]!) - lengthOf(sequences[a]!) || a - b);
  const rows =
    options.pack === undefined
      ? order.map((i) => [i])
      : packRows(sequences.map(lengthOf), order, options.pack, options.share);
  const batches: MicroBatch[] = [];
  let at = 0;
  while (at < rows.length) {
    const multiple = options.multiple ?? 4;
    const length = Math.ceil(rowLength(sequences, rows[at]!) / multiple) * multiple;
    const count = Math.max(1, Math.floor(options.tokens / length));
    batches.push(assemble(sequences, rows.slice(at, at + count), length));
    at += count;
  }
  return batches;
}

function lengthOf(sequence: Sequence): number {
  return sequence.tokens.length - 1;
}

function rowLength(sequences: readonly Sequence[], row: readonly number[]): number {
  return row.reduce((total, i) => total + lengthOf(sequences[i]!), 0);
}

/**
 * Best-fit decreasing, of what `order` names, longest first: each sequence goes to the fullest row that still has room, one that is longer than what rows share has
 * its own. Rows come out longest first.
 */
export function packRows(
  needs: readonly number[],
  order: readonly number[],
  capacity: number,
  shared = capacity,
): number[][] {
  // rowsByRoom[r] holds the rows with exactly r tokens of room left.
  const rowsByRoom: number[][][] = Array.from({ length: shared + 1 }, () => []);
  const alone: number[][] = [];
  for (const i of order) {
    const need = needs[i]!;
    if (need > capacity) throw new RangeError(`a sequence of ${need} tokens does not fit a row of ${capacity}`);
    if (need > shared) {
      alone.push([i]);
      continue;
    }
    let room = need;
    while (room < shared && rowsByRoom[room]!.length === 0) room++;
    const row = rowsByRoom[room]!.pop() ?? [];
    row.push(i);
    rowsByRoom[room - need]!.push(row);
  }
  return [...alone, ...rowsByRoom.flat()];
}

function assemble(sequences: readonly Sequence[], rows: readonly (readonly number[])[], length: number): MicroBatch {
  const ids = new Int32Array(rows.length * length);
  const segments = new Int32Array(rows.length * length);
  const placed: Placed[] = [];
  rows.forEach((row, r) => {
    let column = 0;
    row.forEach((index, segment) => {
      const { tokens } = sequences[index]!;
      const start = r * length + column;
      for (let t = 0; t + 1 < tokens.length; t++) {
        ids[start + t] = tokens[t]!;
        segments[start + t] = segment + 1;
      }
      placed.push({ index, at: (t) => start + t });
      column += tokens.length - 1;
    });
  });
  return { rows: rows.length, length, ids, segments, ...learntTokens(sequences, placed) };
}

/** A sequence of a micro-batch, and where in its flattened tokens token t of it stands. */
export interface Placed {
  readonly index: number;
  readonly at: (t: number) => number;
}

/** What is learnt of the sequences, in the order of `placed`. */
export function learntTokens(
  sequences: readonly Sequence[],
  placed: readonly Placed[],
): Omit<MicroBatch, "rows" | "length" | "ids" | "segments" | "prompts"> {
  const learnt = placed.reduce((n, { index }) => n + sequences[index]!.tokens.length - sequences[index]!.from, 0);
  const padded = Math.ceil(learnt / 64) * 64;
  const picked = new Int32Array(padded);
  const targets = new Int32Array(padded);
  const [weights, advantages, old, reference] = [0, 0, 0, 0].map(() => new Float32Array(padded)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const spans: { index: number; start: number; count: number }[] = [];
  let n = 0;
  for (const { index, at } of placed) {
    const { tokens, from, weight, advantage = 0, old: before, reference: anchor } = sequences[index]!;
    assert(from >= 1 && from < tokens.length, `sequence ${index} learns from ${from} of ${tokens.length} tokens`);
    spans.push({ index, start: n, count: tokens.length - from });
    for (let t = from; t < tokens.length; t++, n++) {
      picked[n] = at(t - 1);
      targets[n] = tokens[t]!;
      weights[n] = weight;
      advantages[n] = typeof advantage === "number" ? advantage : advantage[t - from]!;
      if (before) old[n] = before[t - from]!;
      if (anchor) reference[n] = anchor[t - from]!;
    }
  }
  // Padding is a token like any other, so that whatever is computed of it is finite; its weight of 0 takes it out.
  for (const values of [picked, targets, old, reference]) values.fill(values[learnt - 1]!, learnt);
  const teacher = teacherRows(sequences, spans, padded);
  return { picked, targets, weights, advantages, old, reference, spans, ...(teacher ? { teacher } : {}) };
}

/** Log-probabilities of tokens that a teacher never says, which are minus infinity, must stay numbers. */
const LEAST_LOGPROB = -80;

function teacherRows(
  sequences: readonly Sequence[],
  spans: MicroBatch["spans"],
  padded: number,
): TeacherRows | undefined {
  const top = spans[0] && sequences[spans[0].index]!.teacher?.top;
  if (top === undefined) return undefined;
  const ids = new Int32Array(padded * top);
  const logprobs = new Float32Array(padded * top);
  let end = 0;
  for (const { index, start, count } of spans) {
    const { teacher } = sequences[index]!;
    assert(
      teacher?.top === top && teacher.ids.length === count * top && teacher.logprobs.length === count * top,
      `sequence ${index} has a teacher's ${teacher?.ids.length} tokens, not ${count} times ${top}`,
    );
    ids.set(teacher.ids, start * top);
    logprobs.set(
      teacher.logprobs.map((x) => Math.max(x, LEAST_LOGPROB)),
      start * top,
    );
    end = (start + count) * top;
  }
  // Padding is the last row again.
  for (let at = end; at < ids.length; at += top) {
    ids.copyWithin(at, end - top, end);
    logprobs.copyWithin(at, end - top, end);
  }
  return { top, ids, logprobs };
}
