/** What a run writes of an evaluation. */
import type { EvaluationSummary } from "../train/evaluate.ts";

/** An evaluation as metrics of a run. */
export function evaluationMetrics(summary: EvaluationSummary): Record<string, number> {
  const families = new Map<string, { right: number; n: number }>();
  for (const rung of summary.by_family_level) {
    const before = families.get(rung.family) ?? { right: 0, n: 0 };
    families.set(rung.family, { right: before.right + rung.accuracy * rung.n, n: before.n + rung.n });
  }
  return {
    "eval/accuracy": summary.pass_at_1,
    "eval/chance": summary.chance,
    "eval/format": summary.format,
    "eval/accuracy_given_format": summary.accuracy_given_format,
    "eval/mean_length": summary.tokens_mean,
    "eval/recheck_share": summary.recheck_share,
    // Of no answers there is no share.
    ...(summary.went_on_share === 0 ? {} : { "eval/recovered": summary.recovered }),
    ...Object.fromEntries([...families].map(([family, { right, n }]) => [`eval/${family}/accuracy`, right / n])),
  };
}
