/**
 * Students: whether a model can learn from a teacher's traces, and whether it could learn from its distributions.
 *
 * Traces are text, so any tokenizer will do that gives the text back. A divergence between distributions (Hinton et al. 2015, arXiv 1503.02531) compares them token by token, which only has a
 * meaning where both models have the same tokens.
 */
import { z } from "zod";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { Trace } from "../tasks/index.ts";
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

/**
 * Whether a trace's text survives the way into a model's tokens and back: one that does not, for a tokenizer that lacks
 * some of its characters or changes its spaces, would be taught wrongly.
 */
export function survives({ prompt, thinking, answer }: Trace, tokenizer: Tokenizer): boolean {
  return [prompt, thinking, answer].every((text) => tokenizer.decode(tokenizer.encodePlain(text)) === text);
}

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
