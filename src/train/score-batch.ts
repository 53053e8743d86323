/**
 * Micro-batches of texts that are to be scored: rows with the places whose hidden states the head reads, what is wanted
 * there, and the pairs that are compared.
 *
 * Texts that are compared stay in one batch (InstructGPT, arXiv 2203.02155, §3.5: all pairs of a prompt together), others
 * go where their length fits. Every token of a text is read, the last one too, since the score stands at it.
 */
import { assert } from "../util/errors.ts";

/** A text and where it is scored. */
export interface ScoreText {
  readonly tokens: readonly number[];
  /** Indices of tokens at which a score is read, ascending, at least one. */
  readonly at: readonly number[];
  /** For every place one number an output; of `pairs` none. */
  readonly targets?: readonly (readonly number[])[];
  /** Like `targets`; 0 takes an output out of the loss. Default 1. */
  readonly weights?: readonly (readonly number[])[];
  /** Like `targets`: what the score was, where moves away from it are clipped. */
  readonly old?: readonly (readonly number[])[];
}

/** What belongs together: the texts on one prompt, or one text. */
export interface ScoreItem {
  readonly texts: readonly ScoreText[];
  /** Which text is better than which, by their last place. */
  readonly pairs?: readonly { readonly better: number; readonly worse: number; readonly weight: number }[];
}

/** Inputs of one run; `N` places and `P` pairs, padded at weight 0. */
export interface ScoreBatch {
  readonly rows: number;
  readonly length: number;
  readonly ids: Int32Array;
  readonly picked: Int32Array;
  /** [N, K], like `weights` and `old`. */
  readonly targets: Float32Array;
  readonly weights: Float32Array;
  readonly old: Float32Array;
  readonly better: Int32Array;
  readonly worse: Int32Array;
  readonly pairWeights: Float32Array;
  /** Of every text: its item, its number in it, and where its places lie in `picked`. */
  readonly spans: readonly {
    readonly item: number;
    readonly text: number;
    readonly start: number;
    readonly count: number;
  }[];
}

export interface ScoreBatchOptions {
  /** Tokens (rows × length) that a batch holds at most, unless what must not be parted has more. */
  readonly tokens: number;
  /** Outputs of the head. */
  readonly outputs: number;
  /** Factor on all weights, e.g. one over their sum in a step; default 1. */
  readonly scale?: number;
}

const MULTIPLE = 16;

/** Texts of an item that must not be parted: all of them where they are compared, else each by itself. */
interface Unit {
  readonly item: number;
  readonly texts: readonly number[];
  readonly longest: number;
}

/** Cuts items into batches, longest first. Deterministic: ties keep the order given. */
export function scoreBatches(items: readonly ScoreItem[], options: ScoreBatchOptions): ScoreBatch[] {
  const units = items
    .flatMap(({ texts, pairs }, item): Unit[] => {
      const all = texts.map(({ tokens }, text) => ({ item, texts: [text], longest: tokens.length }));
      if (!pairs) return all;
      return [{ item, texts: [...texts.keys()], longest: Math.max(...all.map(({ longest }) => longest)) }];
    })
    .sort((a, b) => b.longest - a.longest);
  const batches: ScoreBatch[] = [];
  let open: Unit[] = [];
  let rows = 0;
  for (const unit of units) {
    const length = Math.ceil((open[0] ?? unit).longest / MULTIPLE) * MULTIPLE;
    if (open.length > 0 && (rows + unit.texts.length) * length > options.tokens) {
      batches.push(assemble(items, open, options));
      open = [];
      rows = 0;
    }
    open.push(unit);
    rows += unit.texts.length;
  }
  if (open.length > 0) batches.push(assemble(items, open, options));
  return batches;
}

/** The sum of all weights that a loss would multiply with: of the pairs where there are any, else of the places. */
export function totalWeight(items: readonly ScoreItem[], outputs: number): number {
  let total = 0;
  for (const { texts, pairs } of items) {
    if (pairs) for (const { weight } of pairs) total += weight;
    else
      for (const { at, weights } of texts)
        total += weights ? weights.flat().reduce((a, b) => a + b, 0) : at.length * outputs;
  }
  return total;
}

function assemble(items: readonly ScoreItem[], chosen: readonly Unit[], options: ScoreBatchOptions): ScoreBatch {
  const { outputs, scale = 1 } = options;
  const texts = chosen.flatMap(({ item, texts: own }) =>
    own.map((index) => ({ item, index, text: items[item]!.texts[index]! })),
  );
  const longest = Math.max(...texts.map(({ text }) => text.tokens.length));
  const length = Math.ceil(longest / MULTIPLE) * MULTIPLE;
  const places = texts.reduce((n, { text }) => n + text.at.length, 0);
  const padded = Math.ceil(places / MULTIPLE) * MULTIPLE;
  const ids = new Int32Array(texts.length * length);
  const picked = new Int32Array(padded);
  const [targets, weights, old] = [0, 0, 0].map(() => new Float32Array(padded * outputs)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const spans: ScoreBatch["spans"][number][] = [];
  /** Where the texts of an item with pairs begin in `spans`. */
  const first = new Map<number, number>();
  let n = 0;
  texts.forEach(({ item, index, text }, row) => {
    const { tokens, at } = text;
    assert(at.length > 0, `text ${index} of item ${item} is scored nowhere`);
    ids.set(tokens, row * length);
    if (!first.has(item)) first.set(item, spans.length);
    spans.push({ item, text: index, start: n, count: at.length });
    at.forEach((place, p) => {
      assert(place >= 0 && place < tokens.length, `text ${index} of item ${item} is scored at ${place}`);
      picked[n] = row * length + place;
      for (let k = 0; k < outputs; k++) {
        targets[n * outputs + k] = text.targets?.[p]?.[k] ?? 0;
        weights[n * outputs + k] = scale * (text.weights?.[p]?.[k] ?? 1);
        old[n * outputs + k] = text.old?.[p]?.[k] ?? 0;
      }
      n++;
    });
  });
  picked.fill(picked[n - 1]!, n);
  const pairs = chosen.flatMap(({ item }) => (items[item]!.pairs ?? []).map((pair) => ({ item, ...pair })));
  const count = Math.ceil(Math.max(1, pairs.length) / MULTIPLE) * MULTIPLE;
  const [better, worse, pairWeights] = [new Int32Array(count), new Int32Array(count), new Float32Array(count)];
  pairs.forEach((pair, p) => {
    const last = (text: number): number => {
      const span = spans[first.get(pair.item)! + text]!;
      return span.start + span.count - 1;
    };
    better[p] = last(pair.better);
    worse[p] = last(pair.worse);
    pairWeights[p] = scale * pair.weight;
  });
  return { rows: texts.length, length, ids, picked, targets, weights, old, better, worse, pairWeights, spans };
}
