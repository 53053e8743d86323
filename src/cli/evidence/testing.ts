/** Measurements with chosen answers, for tests of the sections that are made of them. */
import { NO_SKILLS, type Problem } from "../../tasks/index.ts";
import type { EvaluationSummary } from "../../train/evaluate.ts";
import { mean } from "../../util/statistics.ts";
import type { Measurement, TrainingRecord, Traits } from "./record.ts";

export interface Chosen {
  readonly right: readonly number[];
  readonly tokens?: number;
  readonly format?: number;
  readonly language?: readonly (number | null)[];
  readonly followed?: number;
  readonly training?: Partial<TrainingRecord>;
  readonly parameters?: number;
}

/** A measurement of one answer to each problem. */
export function chosen({ right, tokens = 20, format = 1, language, followed = 0, ...rest }: Chosen): Measurement {
  const { parameters = 1, training } = rest;
  const share = mean(right);
  const traits: Traits = {
    language: language ?? right.map(() => 1),
    thinking: right.map(() => tokens - 6),
    format: right.map(() => format),
    followed: shares(right.length, followed),
    instructions: {
      ...{ n: right.length, followed, right: share, format, language: 1 },
      kinds: { direct: { n: right.length, followed, right: share } },
    },
  };
  const summary: EvaluationSummary = {
    ...{ n: right.length, samples: 1, pass_at_1: share, pass_at_k: { "1": share }, se: 0.01, chance: 0.01 },
    ...{
      format,
      accuracy_given_format: share / format,
      recheck_share: 0,
      recovered: 0,
      went_on_share: 0,
      cut_share: 0,
    },
    ...{ tokens_mean: tokens, tokens_right: tokens, tokens_wrong: tokens, by_family_level: [] },
  };
  return {
    ...{ name: "chosen", key: "", weights: "", commit: "", parameters },
    ...{ sampling: { temperature: 1, samples: 1 }, summary, skills: NO_SKILLS },
    ...{ right, tokens: right.map(() => tokens), traits },
    ...(training ? { training: { steps: 1, seconds: 1, flops: 1, curve: [], ...training } } : {}),
  };
}

/** `count` problems of each family, or of each of its levels. */
export function problemsOf(families: readonly string[], count: number, levels = 1): Problem[] {
  return families.flatMap((family) =>
    Array.from({ length: levels * count }, (_, i) => ({
      ...{ id: `${family}/${i}`, family, level: Math.floor(i / count), prompt: "?", facts: i, chance: 0.01 },
      language: i % 2 === 0 ? ("en" as const) : ("de" as const),
    })),
  );
}

/** The first of `count` answers right, so that their share is about what is wanted. */
export function shares(count: number, share: number): number[] {
  return Array.from({ length: count }, (_, i) => (i < Math.round(share * count) ? 1 : 0));
}
