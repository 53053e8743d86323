/** What is told of a teacher: an endpoint, or the folder of a model; and how its answers are chosen among. */
import { z } from "zod";
import { count, share } from "../schema-parts.ts";

const seconds = z.number().positive().optional();

/** What a general model is told beside a problem. `{prompt}` is the problem. */
export const INSTRUCTION =
  "{prompt}\n\nReason step by step. End with the final answer alone, between <answer> and </answer>, in the form that the problem asks for.";

/** A teacher behind an OpenAI-compatible API. The key itself stands in no setting: only the name of its variable does. */
export const endpointSchema = z.strictObject({
  /** e.g. `https://api.deepseek.com/v1` */
  url: z.string().min(1),
  model: z.string().min(1),
  /** Environment variable that holds the key. In capitals, as they are: what is not is perhaps a key itself. */
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "the name of an environment variable in capitals, never the key itself")
    .optional(),
  /** Default: none, as reasoning models want it. */
  system: z.string().optional(),
  instruction: z
    .string()
    .refine((text) => text.includes("{prompt}"), "{prompt} must stand in it")
    .default(INSTRUCTION),
  topP: z.number().min(0).max(1).optional(),
  /** Further fields of the request, e.g. `{ "reasoning_effort": "high" }`. */
  extra: z.record(z.string(), z.unknown()).default({}),
  /** Send a seed with each sample, which some endpoints refuse. */
  sendSeed: z.boolean().default(true),
  stream: z.boolean().default(true),
  tokenLimitField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
  /** Requests at once. */
  concurrency: count.default(4),
  /** Requests for one answer, the first included. */
  attempts: count.default(6),
  /** In seconds; see src/client/transport.ts. */
  timeouts: z.strictObject({ first: seconds, idle: seconds, total: seconds }).default({}),
  /** Money for a million tokens, to add up what answers cost where the endpoint does not say. */
  price: z
    .strictObject({
      prompt: z.number().min(0),
      completion: z.number().min(0),
      currency: z.string().default("USD"),
    })
    .optional(),
});

/** A teacher as a setting of a stage. */
export const teacherSchema = endpointSchema.extend({
  /** Longest thinking that is kept, in characters: an API's tokens are not ours. */
  maxThinking: count.optional(),
  /**
   * Share of the questions that may stay without an answer: with more the stage is not done, and the same command asks them.
   * Some always fail, such as those whose answers never come to an end.
   */
  missing: share.default(0.02),
});

/** Which answers become traces. */
export const keepSchema = z.strictObject({
  /** Traces of one prompt: those with the fewest repetitions, among these the shortest. */
  perPrompt: count.default(1),
  /** Traces in all, shared as equally among the families as they allow; left out, all. */
  rows: count.optional(),
  /** Largest share of lines that say again what another one said; left out, any. */
  maxRepetition: share.optional(),
  /** Thoughts that are not wholly in the language of their prompt, as in stages of kind `sample`. */
  language: z.enum(["keep", "filter", "rewrite"]).default("keep"),
  /** Longest thinking that is kept, in characters; left out, any. */
  maxThinking: count.optional(),
  /** Keep answers without any thinking. */
  withoutThinking: z.boolean().default(false),
});

export type EndpointSettings = z.output<typeof endpointSchema>;
export type TeacherSettings = z.output<typeof teacherSchema>;

/**
 * What of a teacher's settings decides over its answers. The rest (requests at once, patience, prices, the key's name) may
 * change without another answer being asked for.
 */
export function askedOf({ url, model, system, instruction, topP, extra, sendSeed }: EndpointSettings) {
  return { url, model, system, instruction, topP, extra, sendSeed };
}
export type KeepSettings = z.output<typeof keepSchema>;
