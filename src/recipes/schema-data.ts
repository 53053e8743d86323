/** Settings of stages that make data or learn from it: sources of traces, and rejection sampling. */
import { z } from "zod";
import { count, rungSchema, share, stageName, taskFileSchema, whole } from "./schema-parts.ts";
import { teacherSchema } from "./teacher/settings.ts";

/**
 * Where traces come from: `stage:NAME`, an earlier stage that makes data; `corpus:NAME`, what the program writes itself
 * (`corpus:instructions`, `corpus:solutions`, `corpus:answers`); else the path of a file of JSON lines (src/tasks/traces).
 */
const placeSchema = z.string().min(1);

const sourceSchema = z.strictObject({
  data: placeSchema,
  /** Rows that are taken, drawn without repetition; a file that has fewer gives all. Of a corpus: how many are written. */
  rows: count.optional(),
  /**
   * Least overall rating, from 1 to 5, of a row that is learnt from; left out, all are. Of a file of rated traces; other than
   * with a stage of graded chains, a score without ratings is no rating.
   */
  least: z.number().min(1).max(5).optional(),
  /** How often each row stands in an epoch; of a part, every epoch takes another one. */
  weight: z.number().positive().default(1),
});

export const dataSchema = z.union([placeSchema, z.array(sourceSchema).min(1)]);

/**
 * Rejection sampling (DeepSeek-R1, arXiv 2501.12948, §3): several answers to each training problem, of which right and
 * readable ones are kept as data.
 */
const sampleFields = z.strictObject({
  kind: z.literal("sample"),
  name: stageName.optional(),
  /** Folder of the model that answers; or else `teacher`. */
  from: z.string().optional(),
  /** An API that answers. */
  teacher: teacherSchema.optional(),
  problems: z.array(rungSchema).min(1),
  /** Users' tasks, as in reinforcement. */
  tasks: z.array(z.union([z.string(), taskFileSchema])).default([]),
  prompts: count,
  samplesPerPrompt: count.default(4),
  temperature: z.number().positive().default(1),
  maxNewTokens: count.default(256),
  /** Prompts that are answered together: what a killed run loses at most. */
  chunk: count.default(64),
  /** Traces that are kept of one prompt: those with the fewest repetitions, among these the shortest. */
  perPrompt: count.default(1),
  /** Traces that are kept in all, shared as equally among the families as they allow; left out, all. */
  rows: count.optional(),
  /** Longest thinking that is kept, in tokens; left out, any. Not of a `teacher`, whose tokens are not ours. */
  maxThinkingTokens: count.optional(),
  /** Largest share of lines of a thought that say again what another one said. */
  maxRepetition: share.default(0.2),
  /**
   * Thoughts that are not wholly in the language of their prompt: kept as they are, left out, or turned into it word by
   * word. Of a `teacher` they are kept, where nothing else is said (`withTeacher`).
   */
  language: z.enum(["keep", "filter", "rewrite"]).default("filter"),
  /** Chunks between those of which some answers are written down for reading; 0 for none. */
  rolloutsEvery: whole.default(4),
  rolloutGroups: count.default(4),
});

export const sampleSchema = sampleFields
  .refine(({ from, teacher }) => (from === undefined) !== (teacher === undefined), "needs either from or teacher")
  .refine(({ teacher, maxThinkingTokens }) => teacher === undefined || maxThinkingTokens === undefined, {
    path: ["maxThinkingTokens"],
    error: "counts a model's own tokens, which an API does not say of thoughts: teacher.maxThinking counts characters",
  });

/**
 * A stage as it is written, with the default of `language` that is a teacher's: the rule knows the few words that our models
 * think with, and in a teacher's free prose these stand for something else ("also" is German to it).
 */
export function withTeacher(stage: unknown): unknown {
  if (typeof stage !== "object" || stage === null) return stage;
  const { kind, teacher, language } = stage as Readonly<Record<string, unknown>>;
  return kind === "sample" && teacher !== undefined && language === undefined ? { ...stage, language: "keep" } : stage;
}

export type DataPlace = z.output<typeof dataSchema>;
export type DataSource = z.output<typeof sourceSchema>;
export type SampleStage = z.output<typeof sampleSchema>;
