/**
 * `algorithm: NAME` of a reinforcement stage: the settings of an algorithm (train/algorithms/) in front of the recipe's
 * defaults and behind what the recipe says itself. The resolved recipe holds them all, the name beside them.
 */
import { ALGORITHMS, type AlgorithmSettings } from "../train/algorithms/index.ts";

/** A stage as it is written, with the settings of its algorithm filled in; anything else comes back as it is. */
export function withAlgorithm(stage: unknown): unknown {
  if (typeof stage !== "object" || stage === null) return stage;
  const given = stage as Readonly<Record<string, unknown>>;
  const name = given["algorithm"];
  if (given["kind"] !== "reinforce" || typeof name !== "string" || !Object.hasOwn(ALGORITHMS, name)) return stage;
  const { rewards, ...settings }: AlgorithmSettings = ALGORITHMS[name as keyof typeof ALGORITHMS];
  const own = given["rewards"];
  return {
    ...settings,
    ...given,
    ...(rewards && (own === undefined || (typeof own === "object" && own !== null))
      ? { rewards: { ...rewards, ...own } }
      : {}),
  };
}
