/**
 * A curriculum for reinforcement: rungs (a family at a level) are drawn the more often, the more their groups teach.
 *
 * A group of answers teaches by the differences among its rewards: with a share p of them right, by p(1-p). So each rung
 * keeps two figures that fade with time: its solve rate, and the mean of p(1-p) over its groups. The second steers and
 * not the first, because a rung of which half the problems are always solved and half never teaches nothing at a rate of
 * one half. What fades is evidence: a rung that was not met for long is thought of as an unknown one again.
 *
 * The figures change between steps only, and the problems of a step are drawn by those at its start; so what is drawn is
 * a function of (seed, index, state at the step's start), and the state is plain JSON that the checkpoint keeps.
 * Related: the sampling of prompts by pass rate in Kimi k1.5 (arXiv 2501.12599); DAPO (arXiv 2503.14476, §3.2)
 * throws dead groups away after they were paid for (`resample`), which goes with this.
 */
import type { Problem } from "../tasks/index.ts";
import { mean } from "../util/statistics.ts";
import type { Judgement } from "./rollout.ts";

export interface CurriculumSettings {
  /** Steps after which evidence counts half. */
  readonly halfLife: number;
  /** Least factor on a rung's weight, 0..1, so that none starves; the largest is 1. */
  readonly floor: number;
  /** Groups that an unknown rung's most hopeful figures count as. */
  readonly prior: number;
}

/** Faded sums over the groups of a rung. */
export interface RungRecord {
  /** Groups. */
  readonly groups: number;
  /** Their shares of right answers. */
  readonly solved: number;
  /** Their 4p(1-p), unbiased: 0 teaches nothing, 1 most. */
  readonly spread: number;
}

/** By `family/level`; plain JSON. */
export type CurriculumState = Readonly<Record<string, RungRecord>>;

/** The factor on a rung's weight. */
export type Odds = (family: string, level: number) => number;

/** What a curriculum looks at of a group. */
export interface JudgedGroup {
  readonly problem: Pick<Problem, "family" | "level">;
  readonly judgements: readonly Pick<Judgement, "score">[];
}

/** A group is mixed from the first to the second of these mean scores, both included: neither too hard nor too easy. */
const MIXED = [0.05, 0.95] as const;

/** Less evidence than this is none. */
const FORGOTTEN = 1e-3;

const keyOf = (family: string, level: number): string => `${family}/${level}`;

/** The factors by which rungs' weights are to be multiplied: from `floor` to 1. */
export function curriculumOdds(settings: CurriculumSettings, state: CurriculumState): Odds {
  const { floor, prior } = settings;
  return (family, level) => {
    const { groups, spread } = state[keyOf(family, level)] ?? { groups: 0, spread: 0 };
    // The unknown rung is hoped to teach most, so that it is tried.
    return Math.max(floor, Math.min(1, (spread + prior) / (groups + prior)));
  };
}

/** The state after a step. @param groups all of the step that were judged, those drawn again too */
export function advanceCurriculum(
  settings: CurriculumSettings,
  state: CurriculumState,
  groups: readonly JudgedGroup[],
): CurriculumState {
  const keep = 0.5 ** (1 / settings.halfLife);
  const next = new Map<string, RungRecord>();
  for (const [key, { groups: n, solved, spread }] of Object.entries(state)) {
    if (keep * n < FORGOTTEN) continue;
    next.set(key, { groups: keep * n, solved: keep * solved, spread: keep * spread });
  }
  for (const { problem, judgements } of groups) {
    const key = keyOf(problem.family, problem.level);
    const before = next.get(key) ?? { groups: 0, solved: 0, spread: 0 };
    const share = mean(judgements.map(({ score }) => (score === 1 ? 1 : 0)));
    const n = judgements.length;
    const spread = n < 2 ? 0 : (4 * share * (1 - share) * n) / (n - 1);
    next.set(key, { groups: before.groups + 1, solved: before.solved + share, spread: before.spread + spread });
  }
  return Object.fromEntries(next);
}

/** Share of groups whose mean score lies in `MIXED`: what a curriculum is there to keep high, measured with or without one. */
export function mixedShare(groups: readonly JudgedGroup[]): number {
  const [least, most] = MIXED;
  const rates = groups.map(({ judgements }) => mean(judgements.map(({ score }) => score)));
  return mean(rates.map((rate) => (rate >= least && rate <= most ? 1 : 0)));
}

/** Solve rates and factors by rung, as metrics. */
export function curriculumMetrics(settings: CurriculumSettings, state: CurriculumState): Record<string, number> {
  const odds = curriculumOdds(settings, state);
  const metrics: Record<string, number> = {};
  for (const [key, { groups, solved }] of Object.entries(state)) {
    const slash = key.lastIndexOf("/");
    metrics[`curriculum/${key}`] = solved / groups;
    metrics[`curriculum_odds/${key}`] = odds(key.slice(0, slash), Number(key.slice(slash + 1)));
  }
  return metrics;
}
