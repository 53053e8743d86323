/**
 * A rollout: one conversation with a problem, from the prompt to the model's last token, as a list of segments, so that
 * tool results and further turns have their place. Only what the model itself wrote is trainable.
 */
import type { Completion, ForcedRange } from "../generate/index.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { type ParsedCompletion, type Problem, parseCompletion } from "../tasks/index.ts";
import type { Advantage } from "./advantages.ts";
import type { Sequence } from "./batch.ts";
import type { ForcedText } from "./run-store.ts";

export interface Segment {
  readonly role: "user" | "assistant" | "tool";
  readonly tokens: readonly number[];
  readonly trainable: boolean;
  /** Of trainable tokens: log-probabilities when they were sampled. */
  readonly logprobs?: Float32Array;
  /** Tokens among them that were put there and not drawn: nothing is learnt from having written them. */
  readonly forced?: readonly ForcedRange[];
}

export interface Rollout {
  readonly problem: Problem;
  readonly segments: readonly Segment[];
  /** What the model wrote, special tokens included. */
  readonly text: string;
  readonly parsed: ParsedCompletion;
  readonly finish: "stop" | "length";
  /** Tokens that the model wrote. */
  readonly length: number;
  /** Parts of `text` that were put there and not drawn; absent where there are none. */
  readonly forcedText?: readonly ForcedText[];
}

/** What was made of a rollout. */
export interface Judgement {
  /** Raw correctness, 0..1: for filters and evaluation. */
  readonly score: number;
  readonly reason: string;
  /** Shaped: for the gradient. */
  readonly reward: number;
  /** Its parts before weighting; null where a reward does not apply or failed. */
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Name and message of each reward that failed on this rollout. */
  readonly failures?: readonly { readonly name: string; readonly message: string }[];
}

/** A single-turn rollout from a completion. */
export function rolloutOf(
  problem: Problem,
  prompt: readonly number[],
  completion: Completion,
  tokenizer: Tokenizer,
): Rollout {
  const text = tokenizer.decode(completion.tokens, { keepSpecial: true });
  return {
    problem,
    segments: [
      { role: "user", tokens: prompt, trainable: false },
      {
        role: "assistant",
        tokens: completion.tokens,
        trainable: true,
        logprobs: completion.logprobs,
        ...(completion.forced ? { forced: completion.forced } : {}),
      },
    ],
    text,
    parsed: parseCompletion(text),
    finish: completion.finish,
    length: completion.tokens.length,
    ...(completion.forced ? { forcedText: forcedText(completion.tokens, completion.forced, tokenizer) } : {}),
  };
}

/** Where forced tokens stand in the text of all. */
function forcedText(tokens: readonly number[], forced: readonly ForcedRange[], tokenizer: Tokenizer): ForcedText[] {
  const lengthOf = (count: number): number => tokenizer.decode(tokens.slice(0, count), { keepSpecial: true }).length;
  return forced.map(({ from, count }) => {
    const start = lengthOf(from);
    return { from: start, count: lengthOf(from + count) - start };
  });
}

/** Tokens of a rollout before its last segment: what the answer was given to. */
export function contextLength({ segments }: Rollout): number {
  return segments.slice(0, -1).reduce((n, segment) => n + segment.tokens.length, 0);
}

/** How surprising its own tokens were to the sampler: the sum of their −log p, in nats. */
export function surprisalOf({ segments }: Rollout): number {
  return segments.reduce((total, { logprobs, forced = [] }) => {
    if (logprobs === undefined) return total;
    const put = (i: number): boolean => forced.some(({ from, count }) => i >= from && i < from + count);
    return logprobs.reduce((sum, logprob, i) => (put(i) ? sum : sum - logprob), total);
  }, 0);
}

/** The training sequence of a rollout whose last segment is the only trainable one. */
export function sequenceOf(
  rollout: Rollout,
  weight: number,
  advantage: Advantage,
  reference: Float32Array | undefined,
): Sequence {
  const last = rollout.segments.at(-1)!;
  const context = rollout.segments.slice(0, -1);
  if (!last.trainable || context.some((segment) => segment.trainable)) {
    throw new Error("internal: only a rollout's last segment may be trainable so far");
  }
  return {
    tokens: rollout.segments.flatMap((segment) => [...segment.tokens]),
    from: contextLength(rollout),
    weight,
    advantage: last.forced === undefined ? advantage : ofDrawn(last.tokens.length, advantage, last.forced),
    ...(last.logprobs ? { old: last.logprobs } : {}),
    ...(reference ? { reference } : {}),
  };
}

/** An advantage for every token, none for those that were put there. A KL term and the ratio of a whole answer see them still. */
function ofDrawn(length: number, advantage: Advantage, forced: readonly ForcedRange[]): Float32Array {
  const out = typeof advantage === "number" ? new Float32Array(length).fill(advantage) : advantage.slice();
  for (const { from, count } of forced) out.fill(0, from, from + count);
  return out;
}
