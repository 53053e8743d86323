/** Whether what a stage rewards beside accuracy may pay for being wrong. */
import type { ReinforceStage } from "./schema.ts";
import { listOf } from "./stages.ts";

/**
 * In words, that reward models and shaping together weigh as much as accuracy or more; undefined where they do not, and where
 * accuracy weighs nothing, since then a judge is meant to decide. Shaping alone is refused by the schema; opinions may be
 * meant so. Users' rewards, whose size nobody knows, are left out.
 */
export function mayPayForWrong({
  rewards,
  rewardModel,
}: Pick<ReinforceStage, "rewards" | "rewardModel">): string | undefined {
  const { accuracy, format, language = 0, length = 0, repetition = 0, overlong = 0 } = rewards;
  const models = listOf(rewardModel).reduce((sum, { weight }) => sum + weight, 0);
  // A wrong answer can have the strict format too: what both have in common tells them apart in nothing.
  const beside = models + language + length + repetition + overlong;
  if (models === 0 || accuracy === 0 || beside < accuracy) return undefined;
  return `a wrong answer may earn as much as a right one: accuracy weighs ${accuracy}, reward models and shaping beside it (format, ${format}, left out) ${Number(beside.toFixed(6))}`;
}
