/** Tables of reward models: what they are worth on their held-out part, and how well they know it. */
import type { JudgeRecord } from "./course.ts";
import { markdown, percent } from "./markdown.ts";
import { operations } from "./stage-figures.ts";

/** A judge and what it is called in the table. */
export interface Called {
  readonly called: string;
  readonly judge: JudgeRecord;
}

/** Metrics of a reward model that are told, where it has them. */
const TOLD: readonly (readonly [key: string, name: string])[] = [
  ["eval/pair_accuracy", "pairs in the right order"],
  ["eval/best_of_group", "right, of the best-rated of each group"],
  ["eval/mean_of_group", "right, of all"],
];

/** @param what of the first column */
export function judgeTable(what: string, judges: readonly Called[]): string {
  const tellable = TOLD.filter(([key]) => judges.every(({ judge }) => judge.evaluation[key] !== undefined));
  return markdown(
    [what, ...tellable.map(([, name]) => name), "calibration error", "operations"],
    judges.map(({ called, judge }) => [
      called,
      ...tellable.map(([key]) => percent(judge.evaluation[key]!)),
      percent(judge.evaluation["eval/calibration_error"] ?? Number.NaN),
      operations(judge.flops),
    ]),
  );
}

/** What it said of how likely something is against how often that was so. */
export function reliabilityTable(what: string, judges: readonly Called[]): string {
  return markdown(
    [what, "bin", "texts or pairs", "said", "was"],
    judges.flatMap(({ called, judge }) =>
      judge.reliability.map(({ from, to, count, said, was }) => [
        called,
        `${from.toFixed(1)}–${to.toFixed(1)}`,
        String(count),
        percent(said),
        percent(was),
      ]),
    ),
  );
}
