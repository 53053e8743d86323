/** A trained reward model at work: what it says of traces as one number each, and how well it says it on held-out ones. */
import type { Tokenizer } from "../model/tokenizer.ts";
import { RATING_ASPECTS, type Trace } from "../tasks/index.ts";
import { mean } from "../util/statistics.ts";
import { type Forecast, type Reliability, reliability } from "./calibration.ts";
import type { Compute } from "./compute.ts";
import { type RewardReading, rankedPairs, readText, wantedScores, worthOf } from "./reward-data.ts";
import { scoreBatches } from "./score-batch.ts";

type Text = Pick<Trace, "prompt" | "thinking" | "answer">;

/** What a reward model's checkpoint says of it in reckon.json, under `reward`. */
export interface RewardRecord extends RewardReading {
  /** Of `pairs`, whose scores mean something only beside each other: the mean score of held-out traces. */
  readonly centre: number;
}

/** What was said of one text. */
export interface RewardOpinion {
  /**
   * From 0 to 1. `pairs`: the probability that it would be preferred to a text of the centre's score; `binary`: that it is
   * right; `ratings`: the overall rating's place on its scale; `steps`: that all lines are right (or the weakest).
   */
  readonly value: number;
  /** Scores as the head gives them: for every place one an output. */
  readonly scores: readonly (readonly number[])[];
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const MICRO_BATCH_TOKENS = 2048;

/**
 * Reads texts with a reward model.
 * @param compute of a model with a head of scores
 * @returns null for a text that is longer than the computation's positions
 */
export async function readRewards(
  compute: Compute,
  tokenizer: Tokenizer,
  texts: readonly Text[],
  record: RewardRecord,
): Promise<(RewardOpinion | null)[]> {
  const { shards, positions, config } = compute.spec;
  const outputs = config.scores!.length;
  const opinions: (RewardOpinion | null)[] = texts.map(() => null);
  const read = texts.map((text) => readText(tokenizer, text, record));
  const fitting = read.flatMap(({ tokens }, i) => (tokens.length <= positions ? [i] : []));
  const parts = Array.from({ length: shards }, (_, s) => fitting.filter((__, i) => i % shards === s));
  const batches = parts.map((own) =>
    scoreBatches(
      own.map((i) => ({ texts: [read[i]!] })),
      { tokens: MICRO_BATCH_TOKENS, outputs },
    ),
  );
  const results = await compute.readScores(batches);
  batches.forEach((list, s) => {
    list.forEach((batch, b) => {
      const all = results[s]![b]!.scores;
      for (const { item, start, count } of batch.spans) {
        const scores = Array.from({ length: count }, (_, p) => [
          ...all.slice((start + p) * outputs, (start + p + 1) * outputs),
        ]);
        opinions[parts[s]![item]!] = { value: opinionOf(scores, record), scores };
      }
    });
  });
  return opinions;
}

function opinionOf(scores: readonly (readonly number[])[], { kind, aspects, reduce, centre }: RewardRecord): number {
  switch (kind) {
    case "pairs":
      return sigmoid(scores[0]![0]! - centre);
    case "binary":
      return sigmoid(scores[0]![0]!);
    case "ratings": {
      const total = RATING_ASPECTS.reduce((n, aspect) => n + aspects[aspect], 0);
      return RATING_ASPECTS.reduce((n, aspect, k) => n + (aspects[aspect] / total) * sigmoid(scores[0]![k]!), 0);
    }
    case "steps": {
      const right = scores.map(([score]) => sigmoid(score!));
      return reduce === "min" ? Math.min(...right) : right.reduce((a, b) => a * b, 1);
    }
    default:
      kind satisfies never;
      throw new Error("internal: unknown kind of reward");
  }
}

export interface RewardEvaluation {
  readonly metrics: Readonly<Record<string, number>>;
  readonly reliability: Reliability;
  /** The mean score of all texts at their last places, of the first output. */
  readonly centre: number;
}

/**
 * Compares a reward model with what is known of held-out traces.
 * @param groups the traces on one prompt each
 */
export async function evaluateReward(
  compute: Compute,
  tokenizer: Tokenizer,
  groups: readonly (readonly Trace[])[],
  reading: RewardReading,
): Promise<RewardEvaluation> {
  const flat = groups.flat();
  const raw = await readRewards(compute, tokenizer, flat, { ...reading, centre: 0 });
  const centre = mean(raw.flatMap((opinion) => opinion?.scores.at(-1)?.[0] ?? []));
  let n = 0;
  const read = groups.map((group) =>
    group.flatMap((trace) => {
      const opinion = raw[n++];
      return opinion ? [{ trace, opinion }] : [];
    }),
  );
  const pairs = read.flatMap((group) =>
    rankedPairs(
      group.map(({ trace }) => trace),
      reading.aspects,
    ).map(({ better, worse }) => {
      const [over, under] = [group[better]!.opinion, group[worse]!.opinion];
      return { gap: over.value - under.value, scores: over.scores[0]![0]! - under.scores[0]![0]! };
    }),
  );
  const forecasts = reading.kind === "pairs" ? pairForecasts(pairs) : placeForecasts(read.flat(), reading);
  const calibrated = reliability(forecasts);
  return {
    centre,
    reliability: calibrated,
    metrics: {
      ...(pairs.length > 0 ? { "eval/pair_accuracy": mean(pairs.map(({ gap }) => rightness(gap))) } : {}),
      "eval/calibration_error": calibrated.error,
      ...(reading.kind === "ratings" ? aspectErrors(read.flat()) : {}),
      ...(reading.kind === "steps" ? { "eval/step_accuracy": mean(forecasts.map(agrees)) } : {}),
      ...bestOfGroups(read),
    },
  };
}

type Read = { readonly trace: Trace; readonly opinion: RewardOpinion };

/** 1 for the right order, a half for a tie. */
function rightness(gap: number): number {
  return gap > 0 ? 1 : gap === 0 ? 0.5 : 0;
}

/** How sure it was of the order that it gave, and whether that was right. */
function pairForecasts(pairs: readonly { readonly scores: number }[]): Forecast[] {
  return pairs.map(({ scores }) => ({ said: sigmoid(Math.abs(scores)), was: rightness(scores) }));
}

/** What each place was given against what is known; of ratings the overall one, which its value is. */
function placeForecasts(read: readonly Read[], reading: RewardReading): Forecast[] {
  return read.flatMap(({ trace, opinion }): Forecast[] => {
    if (reading.kind === "ratings") {
      const worth = trace.ratings && worthOf(trace, reading.aspects);
      return worth === undefined ? [] : [{ said: opinion.value, was: (worth - 1) / 4 }];
    }
    const wanted = wantedScores(trace, reading)?.targets ?? [];
    return wanted.map(([was], place) => ({ said: sigmoid(opinion.scores[place]![0]!), was: was! }));
  });
}

function agrees({ said, was }: Forecast): number {
  return said > 0.5 === was > 0.5 ? 1 : 0;
}

/** Mean distance from the given ratings, in points of their scale. */
function aspectErrors(read: readonly Read[]): Record<string, number> {
  return Object.fromEntries(
    RATING_ASPECTS.flatMap((aspect, k) => {
      const errors = read.flatMap(({ trace, opinion }) => {
        const rating = trace.ratings?.[aspect];
        return rating === undefined ? [] : [Math.abs(1 + 4 * sigmoid(opinion.scores[0]![k]!) - rating)];
      });
      return errors.length === 0 ? [] : [[`eval/${aspect}/error`, mean(errors)]];
    }),
  );
}

/** Re-ranking: how often the trace that is given most is right, beside how often any is. */
function bestOfGroups(read: readonly (readonly Read[])[]): Record<string, number> {
  const known = read.filter((group) => group.length > 1 && group.every(({ trace }) => trace.score !== undefined));
  if (known.length === 0) return {};
  const best = known.map((group) => group.reduce((a, b) => (b.opinion.value > a.opinion.value ? b : a)));
  return {
    "eval/best_of_group": mean(best.map(({ trace }) => trace.score!)),
    "eval/mean_of_group": mean(known.flat().map(({ trace }) => trace.score!)),
  };
}
