/** Figures over rungs and families, with their intervals, from records alone. */
import { passAtK } from "../../generate/index.ts";
import type { Problem } from "../../tasks/index.ts";
import { Random } from "../../util/random.ts";
import { bootstrap, type Interval, mean, rankCorrelation } from "../../util/statistics.ts";
import type { Measurement } from "./record.ts";

/** Families that a random answer solves less often than this are the ones whose mean is reported. */
export const CHANCE_LIMIT = 0.05;

export interface Rung {
  readonly family: string;
  readonly level: number;
  /** Mean over its problems. */
  readonly chance: number;
  /** Numbers of its problems in the list. */
  readonly at: readonly number[];
}

/** The rungs of a list of problems, in the order of their first problems. */
export function rungsOf(problems: readonly Problem[]): Rung[] {
  const groups = new Map<string, number[]>();
  for (const [i, { family, level }] of problems.entries()) {
    const key = `${family}/${level}`;
    const list = groups.get(key);
    if (list) list.push(i);
    else groups.set(key, [i]);
  }
  return [...groups.values()].map((at) => {
    const { family, level } = problems[at[0]!]!;
    return { family, level, chance: mean(at.map((i) => problems[i]!.chance)), at };
  });
}

/** The families with their rungs; those whose mean chance is under {@link CHANCE_LIMIT}, or all. */
export function familiesOf(
  rungs: readonly Rung[],
  all = false,
): { readonly family: string; readonly rungs: readonly Rung[] }[] {
  return [...Map.groupBy(rungs, (rung) => rung.family)]
    .map(([family, list]) => ({ family, rungs: list }))
    .filter(({ rungs: list }) => all || mean(list.map((rung) => rung.chance)) < CHANCE_LIMIT);
}

/** Share of right answers to a problem. */
export function rate(measurement: Measurement, problem: number): number {
  return measurement.right[problem]! / measurement.sampling.samples;
}

/** Mean over a rung's problems. */
export function overRung(rung: Rung, value: (problem: number) => number): number {
  return mean(rung.at.map(value));
}

/** Macro-mean: over the families of a small chance level, of the mean over a family's rungs, of the mean over problems. */
export function macroMean(rungs: readonly Rung[], value: (problem: number) => number): number {
  return mean(familiesOf(rungs).map((family) => mean(family.rungs.map((rung) => overRung(rung, value)))));
}

/** The macro-mean over seeds, with an interval by bootstrap over seeds and, within each rung, over problems, the same for all seeds. */
export function macroInterval(
  problems: readonly Problem[],
  seeds: readonly ((problem: number) => number)[],
  key: string,
): { readonly value: number; readonly interval: Interval } {
  const rungs = rungsOf(problems);
  const random = Random.of(0, "bootstrap", key);
  const families = familiesOf(rungs);
  const resampled = bootstrap(
    seeds.map(() => problems.length),
    (groups) =>
      mean(
        groups.map(({ group, units }) => {
          // Stratified: drawn numbers choose among each rung's own problems, so that every rung keeps its size.
          let next = 0;
          return mean(
            families.map((family) =>
              mean(family.rungs.map(({ at }) => mean(at.map(() => seeds[group]!(at[units[next++]! % at.length]!))))),
            ),
          );
        }),
      ),
    random,
    { shared: true },
  );
  return { value: mean(seeds.map((value) => macroMean(rungs, value))), interval: resampled };
}

/** Two values of each problem, of one seed. */
export interface Pair {
  readonly a: (problem: number) => number;
  readonly b: (problem: number) => number;
}

/** How the means of two values differ: paired by problem, means over seeds, bootstrap over seeds and problems. */
export function pairedDifference(
  at: readonly number[],
  seeds: readonly Pair[],
  key: string,
  options: { readonly level?: number; readonly resamples?: number } = {},
): { readonly a: number; readonly b: number; readonly interval: Interval } {
  const differences = seeds.map(({ a, b }) => at.map((problem) => a(problem) - b(problem)));
  const interval = bootstrap(
    seeds.map(() => at.length),
    (groups) => mean(groups.map(({ group, units }) => mean(Array.from(units, (u) => differences[group]![u]!)))),
    Random.of(0, "bootstrap", key),
    { shared: true, ...options },
  );
  const over = (value: "a" | "b"): number => mean(seeds.map((seed) => mean(at.map(seed[value]))));
  return { a: over("a"), b: over("b"), interval };
}

/** How a family's mean differs between two values of the same problems, with the 95 % interval of the difference. */
export interface FamilyDifference extends Interval {
  readonly family: string;
  readonly problems: number;
  readonly a: number;
  readonly b: number;
  /**
   * Whether the difference is still beyond its interval when all families are judged at once (Bonferroni): of forty that
   * do not differ, two are beyond their own intervals.
   */
  readonly sure: boolean;
}

/** Of all families that a list of problems has. */
export function familyDifferences(problems: readonly Problem[], seeds: readonly Pair[]): FamilyDifference[] {
  const families = Map.groupBy(problems.keys(), (problem) => problems[problem]!.family);
  return [...families].map(([family, at]) => {
    const { a, b, interval } = pairedDifference(at, seeds, family);
    const all = pairedDifference(at, seeds, family, { level: 1 - 0.05 / families.size, resamples: 4000 }).interval;
    return { family, problems: at.length, a, b, ...interval, sure: all.low > 0 || all.high < 0 };
  });
}

/** What {@link sureMark} means, for a text beside such lists. */
export const SURE_WORDS =
  "† marks what holds for all families at once (Bonferroni); of those that do not differ, one in twenty is told apart without it.";

/** After a family's name. */
export function sureMark({ sure }: Pick<FamilyDifference, "sure">): string {
  return sure ? "†" : "";
}

/** pass@k of a problem, k all of its samples. */
export function coverage({ right, sampling: { samples } }: Measurement): (problem: number) => number {
  return (problem) => passAtK(samples, right[problem]!, samples);
}

/** How far an answer's length follows the level in a family. */
export interface FamilyLength {
  readonly family: string;
  readonly rungs: number;
  readonly correlation: number;
}

/** Per family: rank correlation of level and mean tokens; families of less than three rungs have none. */
export function lengthByLevel(rungs: readonly Rung[], tokens: (problem: number) => number): FamilyLength[] {
  return familiesOf(rungs, true)
    .filter((family) => family.rungs.length >= 3)
    .map(({ family, rungs: list }) => ({
      family,
      rungs: list.length,
      correlation: rankCorrelation(
        list.map((rung) => rung.level),
        list.map((rung) => overRung(rung, tokens)),
      ),
    }));
}
