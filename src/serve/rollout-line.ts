/** One line of `rollouts.jsonl` or `evaluations.jsonl`: what may be missing in it, and how a text is looked for in it. */
import { z } from "zod";
import type { Rollout } from "./wire.ts";

/** Absent and null become `fallback`: runs of other versions and hand-made ones are read as far as they go. */
const numberOr = (fallback: number) =>
  z
    .number()
    .nullish()
    .transform((value) => value ?? fallback);

export const rolloutSchema = z.object({
  step: z.number(),
  group: z.number().default(0),
  index: z.number().default(0),
  family: z.string().default(""),
  level: z.number().default(0),
  language: z.string().default("en"),
  prompt: z.string().default(""),
  completion: z.string().default(""),
  thinking: z
    .string()
    .nullish()
    .transform((text) => text ?? ""),
  answer: z
    .string()
    .nullish()
    .transform((text) => text ?? null),
  finish: z.enum(["stop", "length"]).default("stop"),
  tokens: z.number().default(0),
  score: numberOr(0),
  reason: z.string().default(""),
  reward: numberOr(0),
  rewards: z.record(z.string(), z.number().nullable()).default({}),
  advantage: numberOr(0),
  recheck: z.boolean().default(false),
  forced: z.array(z.object({ from: z.int().min(0), count: z.int().min(0) })).exactOptional(),
});

export type RolloutLine = z.output<typeof rolloutSchema>;

/** A score that counts as right: verifiers give exactly 1 to a right answer. */
export const RIGHT = 0.999;

/** A line as read from the file; null if it no longer parses (the file may have been cut and rewritten since). */
export function parseRollout(text: string, line: number): Rollout | null {
  try {
    return { id: line, ...rolloutSchema.parse(JSON.parse(text)) };
  } catch {
    return null;
  }
}

/**
 * Whether a line's prompt, completion, answer or verdict contains a text.
 * @param needle in lower case
 * @param own leaves out of the completion what was forced into it
 */
export function textMatches(json: string, needle: string, own: boolean): boolean {
  // Most lines fail on the raw JSON already, and then need no parsing. JSON escapes quotes, backslashes and controls.
  if (!/["\\\n\t]/.test(needle) && !json.toLowerCase().includes(needle)) return false;
  const rollout = parseRollout(json, 0);
  if (rollout === null) return false;
  const completion = own ? drawnText(rollout) : rollout.completion;
  return [rollout.prompt, completion, rollout.answer ?? "", rollout.reason].some((text) =>
    text.toLowerCase().includes(needle),
  );
}

/** A completion without what was forced into it; in its place a character that no search holds. */
function drawnText({ completion, forced = [] }: Rollout): string {
  let at = 0;
  const parts = forced.map(({ from, count }) => {
    const part = completion.slice(at, from);
    at = from + count;
    return part;
  });
  return [...parts, completion.slice(at)].join("\0");
}
