/**
 * Students: whether a model can learn from a teacher's traces, and whether it could learn from its distributions.
 *
 * Traces are text, so any tokenizer will do; what has to be looked at is how long they are in the student's tokens. A
 * divergence between distributions (Hinton et al. 2015, arXiv 1503.02531) compares them token by token, which only has a
 * meaning where both models have the same tokens.
 */
import { z } from "zod";
import type { Tokenizer } from "../model/tokenizer.ts";
import { formatCompletion, SPECIAL_TOKENS, type Trace } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";

/** Distillation on distributions, as a setting of a supervised stage; its loss is the objective `distil`'s. */
export const distributionSchema = z.strictObject({
  /** Folder of the teacher, or `stage:NAME`: its distributions are needed, so it cannot be an API. */
  teacher: z.string().min(1),
  /**
   * Likeliest tokens of the teacher that are given a position; all others count as one event. 64 of the 512 to 768 of
   * our tokenizers, at an eighth of the memory that all would take.
   */
  top: z.int().min(1).default(64),
  /** Both distributions are softened by it. */
  temperature: z.number().positive().default(1),
  /** Share of the divergence in the loss; the rest is the traces' own tokens. */
  weight: z.number().min(0).max(1).default(0.5),
});

export type DistributionSettings = z.output<typeof distributionSchema>;

export interface TraceFit {
  readonly traces: number;
  /** Tokens of prompt, thinking and answer, in the student's tokenizer. */
  readonly meanTokens: number;
  readonly longestTokens: number;
  /** Traces that are longer than a row: a fine-tuning stage leaves them out. */
  readonly tooLong: number;
  /** Tokens of an average trace's text, over its characters: how well the tokenizer knows such text. */
  readonly tokensPerCharacter: number;
  /** Special tokens of our form that the student lacks: it gets them, and learns them from nothing. */
  readonly lacking: readonly string[];
  /** Whether traces survive the way into tokens and back; one that does not would be taught wrongly. */
  readonly changed: number;
}

/** How traces fit a student. @param rowLength of the stage that teaches it, in tokens */
export function traceFit(traces: readonly Trace[], tokenizer: Tokenizer, rowLength: number): TraceFit {
  const lacking = SPECIAL_TOKENS.filter((token) => !tokenizer.specials.has(token));
  let total = 0;
  let characters = 0;
  let longest = 0;
  let tooLong = 0;
  let changed = 0;
  for (const { prompt, thinking, answer } of traces) {
    const texts = [prompt, thinking, answer];
    const parts = texts.map((text) => tokenizer.encodePlain(text));
    // Beside the texts: two of the turns, four of the tags, one of the end.
    const length = parts.reduce((n, part) => n + part.length, 0) + FRAME;
    total += length;
    characters += prompt.length + formatCompletion(thinking, answer).length;
    longest = Math.max(longest, length);
    if (length > rowLength) tooLong++;
    if (parts.some((part, i) => tokenizer.decode(part) !== texts[i])) changed++;
  }
  const count = Math.max(1, traces.length);
  return {
    traces: traces.length,
    meanTokens: total / count,
    longestTokens: longest,
    ...{ tooLong, tokensPerCharacter: total / Math.max(1, characters), lacking, changed },
  };
}

const FRAME = 7;

/** @throws ReckonError DISTIL_TOKENIZER unless both have the same tokens */
export function requireSameTokens(teacher: Tokenizer, student: Tokenizer): void {
  const difference = teacher.differenceFrom(student);
  if (difference === undefined) return;
  throw new ReckonError(
    "DISTIL_TOKENIZER",
    "The student cannot learn from the teacher's distributions: their tokens differ.",
    {
      expected: "the same tokenizer.json: a divergence compares probabilities of the same tokens",
      got: difference,
      help: "Distil on traces, which are text (reckon sample, then a supervise stage), or pretrain the student with the teacher's tokenizer: tokenizer.from.",
    },
  );
}
