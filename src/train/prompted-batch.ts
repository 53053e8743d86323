/**
 * Micro-batches of answers to prompts that several of them share: a prompt is computed once for all of its answers in a
 * micro-batch, forward and backward, where rows of their own (batch.ts) compute it with each. The gradient is the same sum.
 *
 * The answers to one prompt are packed into rows, told apart by segments, and the rows of all prompts, those with the longest
 * answers first, are cut into micro-batches. Where this costs more than rows of their own, those are used: answers of
 * unequal lengths to short prompts may leave more room empty than the prompts would take.
 */
import { type BatchOptions, learntTokens, type MicroBatch, microBatches, packRows, type Sequence } from "./batch.ts";

/** Sharing must save so large a part of the cost: it has look-ups and a softmax over two parts of its own. */
const WORTH = 0.04;

/** Tokens of a row at which attention within it costs about as much as all else, in a model of 160 dimensions. */
const ATTENTION = 450;

/** Row lengths and prompts are rounded up to a multiple of this. */
const MULTIPLE = 4;

/** A prompt and the answers to it. */
interface Asked {
  readonly prompt: readonly number[] | Int32Array;
  /** Indices of the answers, row by row. An answer of one token is learnt from the prompt alone and takes no room. */
  readonly rows: readonly (readonly number[])[];
  /** Tokens of a row. */
  readonly width: number;
}

/** A row and whose it is. */
interface Line {
  readonly asked: Asked;
  readonly row: readonly number[];
}

/**
 * Cuts answers into micro-batches, sharing prompts where that costs less. Deterministic.
 * @returns batches whose `spans` together name every sequence once
 */
export function answerBatches(sequences: readonly Sequence[], options: Pick<BatchOptions, "tokens">): MicroBatch[] {
  const plain = microBatches(sequences, options);
  const shared = sharedBatches(sequences, options.tokens);
  return costOf(shared) <= (1 - WORTH) * costOf(plain) ? shared : plain;
}

/** In tokens of rows so short that attention costs nothing. */
function costOf(batches: readonly MicroBatch[]): number {
  return batches.reduce((sum, { rows, length, prompts }) => {
    const seen = length + (prompts?.length ?? 0);
    return sum + rows * length * (1 + seen / ATTENTION) + (prompts?.ids.length ?? 0);
  }, 0);
}

/** Tokens that are computed, padding included. */
export function tokensOf(batches: readonly MicroBatch[]): number {
  return batches.reduce((n, { rows, length, prompts }) => n + rows * length + (prompts?.ids.length ?? 0), 0);
}

/** Micro-batches that all share prompts, whatever it costs; `tokens` as in `answerBatches`. */
export function sharedBatches(sequences: readonly Sequence[], tokens: number): MicroBatch[] {
  const lines = askedOf(sequences, tokens)
    .sort((a, b) => b.width - a.width)
    .flatMap((asked) => asked.rows.map((row): Line => ({ asked, row })));
  const batches: MicroBatch[] = [];
  let at = 0;
  while (at < lines.length) {
    const width = lines[at]!.asked.width;
    const prompts = new Set<Asked>();
    let longest = 0;
    let to = at;
    for (; to < lines.length; to++) {
      const { asked } = lines[to]!;
      const wanted = Math.max(longest, roundUp(asked.prompt.length));
      const count = prompts.size + (prompts.has(asked) ? 0 : 1);
      if (to > at && (to + 1 - at) * width + count * wanted > tokens) break;
      prompts.add(asked);
      longest = wanted;
    }
    batches.push(assemble(sequences, lines.slice(at, to), [...prompts], width, longest));
    at = to;
  }
  return batches;
}

/** Sequences by their prompts, in the order in which these first come; a row is to fit a micro-batch with its prompt. */
function askedOf(sequences: readonly Sequence[], most: number): Asked[] {
  const byPrompt = new Map<string, number[]>();
  sequences.forEach(({ tokens, from }, i) => {
    const key = tokens.slice(0, from).join();
    const list = byPrompt.get(key);
    if (list) list.push(i);
    else byPrompt.set(key, [i]);
  });
  const needs = sequences.map(({ tokens, from }) => tokens.length - 1 - from);
  return [...byPrompt.values()].map((list): Asked => {
    const order = [...list].sort((a, b) => needs[b]! - needs[a]! || a - b);
    const { tokens, from } = sequences[list[0]!]!;
    return { prompt: tokens.slice(0, from), ...packed(needs, order, most - roundUp(from)) };
  });
}

/**
 * The answers to one prompt in rows of the width that costs least, from the longest answer's to twice that.
 * @param most the widest row, unless the longest answer is longer
 */
function packed(needs: readonly number[], order: readonly number[], most: number): Pick<Asked, "rows" | "width"> {
  const least = roundUp(Math.max(1, needs[order[0]!]!));
  let best: Pick<Asked, "rows" | "width"> | undefined;
  let lowest = Infinity;
  for (let width = least; width === least || width <= Math.min(2 * least, most); width += MULTIPLE) {
    const rows = packRows(needs, order, width);
    const cost = rows.length * width * (1 + width / ATTENTION);
    if (cost < lowest) [best, lowest] = [{ rows, width }, cost];
  }
  return best!;
}

function assemble(
  sequences: readonly Sequence[],
  lines: readonly Line[],
  asked: readonly Asked[],
  length: number,
  longest: number,
): MicroBatch {
  const rows = lines.length;
  const ids = new Int32Array(rows * length);
  const segments = new Int32Array(rows * length);
  const positions = new Int32Array(rows * length);
  const prompts = new Int32Array(asked.length * longest);
  for (const [p, { prompt }] of asked.entries()) prompts.set(prompt, p * longest);
  const owners = Int32Array.from(lines, (line) => asked.indexOf(line.asked));
  const placed = lines.flatMap(({ row }, r) => {
    let column = 0;
    return row.map((index, segment) => {
      const { tokens, from } = sequences[index]!;
      const start = r * length + column;
      for (let t = from; t + 1 < tokens.length; t++) {
        const at = start + t - from;
        ids[at] = tokens[t]!;
        segments[at] = segment + 1;
        positions[at] = t;
      }
      column += tokens.length - 1 - from;
      const prompt = owners[r]! * longest;
      return { index, at: (t: number) => (t < from ? prompt + t : prompts.length + start + t - from) };
    });
  });
  return {
    ...{ rows, length, ids, segments, ...learntTokens(sequences, placed) },
    prompts: {
      ...{ count: asked.length, length: longest, ids: prompts, positions, owners },
      lengths: Int32Array.from(lines, (line) => line.asked.prompt.length),
    },
  };
}

function roundUp(length: number): number {
  return Math.ceil(length / MULTIPLE) * MULTIPLE;
}
