/**
 * From traces to what a reward model learns (docs/reward-models.md): what it reads of one, where it scores it, and what the
 * score ought to be.
 *
 * - `pairs`: which of two traces on one prompt is better, by their ratings (Bradley-Terry; InstructGPT's helpfulness).
 * - `binary`: each by itself, right or wrong, safe or unsafe (the point-wise loss of R1's safety model).
 * - `ratings`: five aspects of the whole dialogue, each by itself (the o1-style judge).
 * - `steps`: every line of the thinking, up to the first error (Let's Verify Step by Step, arXiv 2305.20050).
 *
 * What is judged is the whole response or, as R1 judges helpfulness (arXiv 2501.12948, §3.1), the answer without its thinking.
 */
import { promptIds } from "../model/chat-template.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { formatCompletion, RATING_ASPECTS, type RatingAspect, type Ratings, type Trace } from "../tasks/index.ts";
import type { ScoreItem, ScoreText } from "./score-batch.ts";
import type { ScoreObjective } from "./score-objective.ts";

export type RewardKind = "pairs" | "binary" | "ratings" | "steps";

/** How a reward model reads, and how its scores become one number. */
export interface RewardReading {
  readonly kind: RewardKind;
  readonly judges: "response" | "answer";
  /** Weights of the aspects in an overall rating. */
  readonly aspects: Readonly<Record<RatingAspect, number>>;
  /** Of `steps`: the probability that all are right, or that of the weakest. */
  readonly reduce: "product" | "min";
}

/** A right answer counts as much as all that makes it readable. */
export const DEFAULT_ASPECTS: Readonly<Record<RatingAspect, number>> = {
  correctness: 4,
  clarity: 1,
  coherence: 1,
  completeness: 1,
  efficiency: 1,
};

/** Names of the outputs of a model's head. */
export function scoreNames(kind: RewardKind): readonly string[] {
  switch (kind) {
    case "pairs":
      return ["reward"];
    case "binary":
      return ["right"];
    case "ratings":
      return RATING_ASPECTS;
    case "steps":
      return ["step"];
    default:
      kind satisfies never;
      throw new Error("internal: unknown kind of reward");
  }
}

export function rewardObjective(kind: RewardKind): ScoreObjective {
  return { kind: kind === "pairs" ? "pairs" : "binary" };
}

/** The weighted mean of the aspects that are rated, from 1 to 5; undefined where none is, or only such of weight 0. */
export function overallRating(
  ratings: Ratings,
  weights: RewardReading["aspects"] = DEFAULT_ASPECTS,
): number | undefined {
  let [total, sum] = [0, 0];
  for (const aspect of RATING_ASPECTS) {
    const rating = ratings[aspect];
    if (rating === undefined) continue;
    total += weights[aspect];
    sum += weights[aspect] * rating;
  }
  return total > 0 ? sum / total : undefined;
}

/** How good a trace is, from 1 to 5: by its ratings, else by the score of its answer; undefined where neither is known. */
export function worthOf({ ratings, score }: Trace, weights: RewardReading["aspects"]): number | undefined {
  return (ratings && overallRating(ratings, weights)) ?? (score === undefined ? undefined : 1 + 4 * score);
}

/** Overall ratings closer than this are no ground to prefer one: half a point of correctness is one, or two of another aspect. */
const SAME = 0.2;

/** All pairs of traces on one prompt of which one is better: indices into the list. */
export function rankedPairs(
  traces: readonly Trace[],
  weights: RewardReading["aspects"],
): { readonly better: number; readonly worse: number }[] {
  const worth = traces.map((trace) => worthOf(trace, weights));
  return traces.flatMap((_, a) =>
    traces.flatMap((__, b) => {
      const gap = (worth[a] ?? Number.NaN) - (worth[b] ?? Number.NaN);
      return gap > SAME ? [{ better: a, worse: b }] : [];
    }),
  );
}

/** What a model reads of a trace, and the tokens at which it scores it: the end, or the ends of the thinking's lines. */
export function readText(
  tokenizer: Tokenizer,
  { prompt, thinking, answer }: Pick<Trace, "prompt" | "thinking" | "answer">,
  { kind, judges }: Pick<RewardReading, "kind" | "judges">,
): { readonly tokens: readonly number[]; readonly at: readonly number[] } {
  const shown = judges === "answer" ? "" : thinking;
  const before = promptIds(tokenizer, prompt);
  const tokens = [...before, ...tokenizer.encode(`${formatCompletion(shown, answer)}<|end|>`)];
  if (kind !== "steps") return { tokens, at: [tokens.length - 1] };
  return { tokens, at: lineEnds(tokenizer, tokens, before.length, shown) };
}

/**
 * The tokens that end the lines of the thinking; that of no thinking ends with its opening tag.
 * @param from where the response begins in `tokens`
 */
function lineEnds(tokenizer: Tokenizer, tokens: readonly number[], from: number, thinking: string): number[] {
  const size = (text: string): number => new TextEncoder().encode(text).length;
  const places: number[] = [];
  let end = size("<think>");
  let token = from;
  let read = 0;
  for (const [i, line] of thinking.split("\n").entries()) {
    end += size(line) + (i > 0 ? 1 : 0);
    while (token < tokens.length && read + tokenizer.decodeBytes([tokens[token]!]).length < end) {
      read += tokenizer.decodeBytes([tokens[token]!]).length;
      token++;
    }
    places.push(token);
  }
  return places;
}

/**
 * What is learnt from the traces on one prompt; undefined where there is nothing: no pair of which one is better, nothing
 * rated, no steps, or no text of at most `longest` tokens.
 */
export function rewardItem(
  tokenizer: Tokenizer,
  traces: readonly Trace[],
  reading: RewardReading,
  longest: number,
): ScoreItem | undefined {
  const read = traces.map((trace) => ({ trace, text: readText(tokenizer, trace, reading) }));
  const fitting = read.filter(({ text }) => text.tokens.length <= longest);
  if (reading.kind === "pairs") {
    const pairs = rankedPairs(
      fitting.map(({ trace }) => trace),
      reading.aspects,
    );
    if (pairs.length === 0) return undefined;
    // Every prompt counts the same, however many pairs it has (arXiv 2203.02155, eq. 1).
    const weight = 1 / pairs.length;
    return { texts: fitting.map(({ text }) => text), pairs: pairs.map((pair) => ({ ...pair, weight })) };
  }
  const texts = fitting.flatMap(({ trace, text }): ScoreText[] => {
    const wanted = wantedScores(trace, reading);
    if (!wanted) return [];
    const at = text.at.slice(0, wanted.targets.length);
    return [{ tokens: text.tokens, at, ...wanted }];
  });
  return texts.length === 0 ? undefined : { texts };
}

/** For every place one number an output, from 0 to 1, and the weights of these. */
export function wantedScores(
  trace: Trace,
  { kind, judges, aspects }: RewardReading,
): { readonly targets: number[][]; readonly weights: number[][] } | undefined {
  switch (kind) {
    case "binary": {
      const worth = trace.score ?? shareOf(worthOf(trace, aspects));
      return worth === undefined ? undefined : { targets: [[worth]], weights: [[1]] };
    }
    case "ratings": {
      const shares = RATING_ASPECTS.map((aspect) => shareOf(trace.ratings?.[aspect]));
      if (shares.every((share) => share === undefined)) return undefined;
      return {
        targets: [shares.map((share) => share ?? 0)],
        weights: [shares.map((share) => (share === undefined ? 0 : 1))],
      };
    }
    case "steps": {
      const steps = judges === "answer" ? [] : (trace.steps ?? []);
      if (steps.length === 0) return undefined;
      return { targets: steps.map((step) => [step]), weights: steps.map(() => [1 / steps.length]) };
    }
    case "pairs":
      return undefined;
    default:
      kind satisfies never;
      throw new Error("internal: unknown kind of reward");
  }
}

/** A rating's place on its scale, 0 to 1. */
function shareOf(rating: number | undefined): number | undefined {
  return rating === undefined ? undefined : (rating - 1) / 4;
}
