/** Parts that the settings of several stages share. */
import { z } from "zod";

export const share = z.number().min(0).max(1);
export const count = z.int().min(1);
export const whole = z.int().min(0);

/** Names a stage within its recipe, and its folder; default: its kind. */
export const stageName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "a name of small letters, digits and -");

export const rungSchema = z.strictObject({ family: z.string(), level: whole, weight: z.number().positive() });

/** A file of questions and answers, where its path alone does not say enough (src/tasks/file). */
export const taskFileSchema = z.strictObject({
  file: z.string(),
  name: z.string().optional(),
  fields: z
    .strictObject({
      question: z.string().optional(),
      answer: z.string().optional(),
      level: z.string().optional(),
      split: z.string().optional(),
    })
    .optional(),
  broken: z.enum(["refuse", "skip"]).optional(),
  language: z.enum(["en", "de"]).optional(),
});

export const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("wsd"), warmup: whole, decay: share, floor: share.optional() }),
  z.strictObject({ kind: z.literal("cosine"), warmup: whole, floor: share.optional() }),
  z.strictObject({ kind: z.literal("linear"), warmup: whole, floor: share.optional() }),
  z.strictObject({ kind: z.literal("constant"), warmup: whole }),
]);

export const optimizerSchema = z.strictObject({
  name: z.enum(["adamw", "muon"]),
  betas: z.tuple([share, share]).default([0.9, 0.95]),
  eps: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0),
  maxGradNorm: z.number().min(0).default(1),
  momentum: share.default(0.95),
  matrixRate: z.number().positive().default(1),
});

const learntTokenizer = z.strictObject({
  vocabSize: count.default(512),
  digits: z.enum(["single", "pairs"]).default("pairs"),
  /** Documents that the merges are learnt from. */
  documents: count.default(20_000),
  from: z.never().optional(),
});

const takenTokenizer = z.strictObject(
  {
    /** Folder of the model, or `stage:NAME`. */
    from: z.string().min(1),
  },
  {
    error: ({ code }) =>
      code === "unrecognized_keys"
        ? "either from (the tokenizer of a model) or vocabSize, digits, documents (one that is learnt)"
        : undefined,
  },
);

/**
 * A fresh model's tokenizer: learnt from its own corpus, or that of another model, whose distributions it can then learn
 * from.
 */
export const tokenizerSchema = z.union([learntTokenizer, takenTokenizer], {
  error({ input, errors }) {
    const taken = typeof input === "object" && input !== null && "from" in input;
    const issue = errors[taken ? 1 : 0]?.[0];
    return issue && [...issue.path.map(String), issue.message].join(": ");
  },
});
