/**
 * Marks for a judge: before every token of a response that a language model, the *reader*, held for unlikely there stands a mark
 * in what the judge reads. The reader is the model that the judge's body begins with, as it was.
 *
 * Whether a value is wrong shows when it is held against what was expected in its place. A model that has learnt good chains
 * expects the right value, but a head of scores on its body cannot get at that: the expectation is ready at the end of the body,
 * at the token before. Without marks a judge of two million parameters learnt in 800 steps what makes a chain unreadable, and
 * hardly which values are wrong; docs/decisions/007-judges.md has what else was tried.
 * Left out: how unlikely a token was, and what was expected.
 */
import { microBatches, type Sequence } from "../train/batch.ts";
import type { Compute } from "../train/compute.ts";
import type { ScoreBatch } from "../train/score-batch.ts";

/** Marks in a text, at most; later tokens have none. */
export const MOST_MARKS = 64;
const MICRO_BATCH_TOKENS = 1536;
const MULTIPLE = 16;

export interface Marking {
  /** Of the language model: as many shards as the judge, whose tokenizer it shares. */
  readonly reader: Pick<Compute, "score" | "close">;
  /** The token that ends a prompt. */
  readonly begin: number;
  /** The token that marks; it stands in no text. */
  readonly mark: number;
  /** Tokens that are held for less likely are marked. */
  readonly below: number;
}

/**
 * A judge's computation that marks whatever it is to score. Places, targets and scores stay those of the texts without marks.
 * @param judge has room for {@link MOST_MARKS} more tokens than the texts have; it is closed with the reader
 */
export function withMarks(judge: Compute, marking: Marking): Compute {
  const marked = async (shards: readonly (readonly ScoreBatch[])[]): Promise<ScoreBatch[][]> => {
    const texts = shards.map((batches) => batches.map((batch) => textsOf(batch, marking.begin)));
    const read = texts.map((list) => microBatches(list.flat(), { tokens: MICRO_BATCH_TOKENS, multiple: MULTIPLE }));
    const results = await marking.reader.score("parameters", read);
    return shards.map((batches, s) => {
      const logprobs: Float32Array[] = [];
      for (const [b, { spans }] of read[s]!.entries()) {
        for (const { index, start, count } of spans) {
          logprobs[index] = results[s]![b]!.logprobs.subarray(start, start + count);
        }
      }
      let text = 0;
      return batches.map((batch, b) =>
        rewritten(
          batch,
          texts[s]![b]!.map((own) => markedText(own, logprobs[text++]!, marking)),
        ),
      );
    });
  };
  return {
    spec: { ...judge.spec, positions: judge.spec.positions - MOST_MARKS },
    buffers: judge.buffers,
    get gradient() {
      return judge.gradient;
    },
    gradients: (objective, shards) => judge.gradients(objective, shards),
    score: (weights, shards, temperature, top) => judge.score(weights, shards, temperature, top),
    generate: (requests, weights) => judge.generate(requests, weights),
    scoreGradients: async (objective, shards) => judge.scoreGradients(objective, await marked(shards)),
    readScores: async (shards) => judge.readScores(await marked(shards)),
    async close() {
      await Promise.all([judge.close(), marking.reader.close()]);
    },
  };
}

type Text = Sequence & { readonly tokens: readonly number[] };

/** The texts of a batch, one a row, up to their last place; what is read of them begins after the prompt. */
function textsOf({ ids, length, picked, spans }: ScoreBatch, begin: number): Text[] {
  return spans.map(({ start, count }) => {
    const last = picked[start + count - 1]!;
    const tokens = [...ids.subarray(Math.floor(last / length) * length, last + 1)];
    return { tokens, from: tokens.indexOf(begin) + 1, weight: 1 };
  });
}

interface MarkedText {
  readonly tokens: readonly number[];
  /** Where each token of the text stands now. */
  readonly places: readonly number[];
}

/** The first token has no mark. What is marked up to a token does not depend on what follows it. */
export function markedText(
  { tokens, from }: Text,
  logprobs: ArrayLike<number>,
  { mark, below }: Pick<Marking, "mark" | "below">,
): MarkedText {
  const [out, places]: [number[], number[]] = [[], []];
  const least = Math.log(below);
  let left = MOST_MARKS;
  for (const [i, token] of tokens.entries()) {
    if (left > 0 && i > from && logprobs[i - from]! < least) {
      out.push(mark);
      left--;
    }
    places.push(out.length);
    out.push(token);
  }
  return { tokens: out, places };
}

/** The batch with these texts in its rows. */
function rewritten(batch: ScoreBatch, texts: readonly MarkedText[]): ScoreBatch {
  const longest = Math.max(...texts.map(({ tokens }) => tokens.length));
  const length = Math.ceil(longest / MULTIPLE) * MULTIPLE;
  const ids = new Int32Array(texts.length * length);
  const picked = batch.picked.slice();
  let end = 0;
  for (const [row, { start, count }] of batch.spans.entries()) {
    const { tokens, places } = texts[row]!;
    ids.set(tokens, row * length);
    end = start + count;
    for (let i = start; i < end; i++) picked[i] = row * length + places[batch.picked[i]! % batch.length]!;
  }
  picked.fill(picked[end - 1]!, end);
  return { ...batch, ids, length, picked };
}
