/** What a run writes of an evaluation: numbers into its metrics, and the answers to a few of the problems for reading. */
import type { Evaluated, EvaluationSummary } from "../train/evaluate.ts";
import { evaluationRecords } from "../train/reinforce-metrics.ts";
import type { RolloutRecord } from "../train/run-store.ts";

/**
 * Up to so many rungs, two answers of each are written, beyond it one of each: of their first problems, the same ones at
 * every evaluation. An answer takes half a kilobyte, so the 78 rungs of the scale `small` take 40 kB an evaluation, and
 * more than 50 kB only who trains on more than a hundred.
 */
const RUNGS_WITH_TWO = 48;

/**
 * An evaluation as metrics of a run. Beside each family's accuracy stands that of each of its levels, with the chance of
 * a random legal answer and the number of problems, without which it says little.
 */
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
    ...Object.fromEntries(
      summary.by_family_level.flatMap(({ family, level, accuracy, chance, n }) => [
        [`eval/${family}/${level}/accuracy`, accuracy],
        [`eval/${family}/${level}/chance`, chance],
        [`eval/${family}/${level}/problems`, n / summary.samples],
      ]),
    ),
  };
}

/**
 * The answers of an evaluation that a run writes: those to the first problems of each rung, so that the same problems can
 * be followed through a training. One answer a problem; `group` is the problem's number in the evaluation.
 */
export function evaluationSample(step: number, answers: readonly Evaluated[]): RolloutRecord[] {
  const rungs = Map.groupBy(
    answers.map((answer, index) => ({ ...answer, index })),
    ({ rollout: { problem } }) => `${problem.family}/${problem.level}`,
  );
  const each = rungs.size <= RUNGS_WITH_TWO ? 2 : 1;
  const chosen = [...rungs.values()].flatMap((rung) => rung.slice(0, each));
  return evaluationRecords(
    step,
    chosen.sort((a, b) => a.index - b.index),
  );
}
