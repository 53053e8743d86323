/**
 * Compute at test time, of the reinforced models at the scale `small`: accuracy against a thinking budget, against votes, and
 * when a finished thought is made to go on by "wait" (Muennighoff et al. 2025, "s1").
 */
import type { Problem } from "../../tasks/index.ts";
import { type Collection, MAX_TOKENS } from "./collection.ts";
import {
  type FamilyDifference,
  familyDifferences,
  type Pair,
  pairedDifference,
  rate,
  SURE_WORDS,
  sureMark,
} from "./figures.ts";
import { heldOutOfAll, heldOutSet } from "./held-out.ts";
import { type Floor, floorTable, markdown, percent } from "./markdown.ts";
import type { Measurement } from "./record.ts";
import { type SmallSettings, smallZero } from "./small.ts";
import { points } from "./stage-figures.ts";

/** Shares of the natural length that a budget allows. */
const BUDGETS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2] as const;
const WAITS = [0, 1, 2, 4] as const;
/** Room for a thought that is made to go on: half as much again as reinforcement gives. */
const WAIT_TOKENS = 384;
/** Families that are searched: one attempt after the other. */
const SEARCHES = ["countdown", "puzzle24", "maze", "knights"];

export interface TestTime {
  readonly problems: readonly Problem[];
  readonly waitProblems: readonly Problem[];
  readonly seeds: readonly {
    readonly seed: number;
    /** Mean tokens of an answer without a budget. */
    readonly natural: number;
    readonly free: Measurement;
    readonly budgets: readonly { readonly share: number; readonly tokens: number; readonly measurement: Measurement }[];
    readonly votes: Readonly<Record<string, number>>;
    readonly waits: readonly { readonly waits: number; readonly measurement: Measurement }[];
  }[];
}

/** @param waited problems of the paired comparison of waits, or a few more: as many of each rung that has them */
export async function collectTestTime(
  collection: Collection,
  settings: SmallSettings,
  waited: number,
): Promise<TestTime> {
  const problems = heldOutSet(settings.heldOut, settings.coverageProblems);
  const waitProblems = heldOutOfAll(settings.heldOut, waited);
  const seeds = [];
  for (const seed of settings.seeds) {
    const { zero } = await smallZero(collection, seed);
    const name = (what: string): string => `small zero ${seed} ${what}`;
    const free = await collection.measure(name("free"), zero, problems, { temperature: 1, samples: 1 });
    const natural = free.summary.tokens_mean;
    const budgets = [];
    for (const share of BUDGETS) {
      const tokens = Math.round(share * natural);
      const sampling = { temperature: 1, samples: 1, thinkingBudget: tokens };
      budgets.push({
        share,
        tokens,
        measurement: await collection.measure(name(`budget ${share}`), zero, problems, sampling),
      });
    }
    const many = { temperature: 1, samples: settings.samples };
    const { votes } = await collection.measure(name(`T 1 x${settings.samples}`), zero, problems, many);
    const waits = [];
    for (const count of WAITS) {
      const sampling = { temperature: 1, samples: 1, maxTokens: WAIT_TOKENS, ...(count === 0 ? {} : { waits: count }) };
      waits.push({
        waits: count,
        measurement: await collection.measure(name(`waits ${count}`), zero, waitProblems, sampling),
      });
    }
    seeds.push({ seed, natural, free, budgets, votes: votes!, waits });
  }
  return { problems, waitProblems, seeds };
}

export function testTimeSection(testTime: TestTime): string {
  const { problems, waitProblems, seeds } = testTime;
  const [first] = seeds;
  return `## Compute at test time

The reinforced models at the scale \`small\` at temperature 1, ${problems.length} held-out problems for budgets and votes.

Budgets: thinking is ended after so many tokens and an answer forced; 1 × is a model's own mean length (${seeds.map(({ seed, natural }) => `${natural.toFixed(0)} in seed ${seed}`).join(", ")});
without one, at most ${MAX_TOKENS} new tokens.

${markdown(
  ["budget", ...first!.budgets.map(({ share }) => `${share} ×`), "none"],
  seeds.map(({ seed, budgets, free }) => [
    `right, seed ${seed}`,
    ...[...budgets.map(({ measurement }) => measurement), free].map((m) => percent(m.summary.pass_at_1)),
  ]),
)}

${thinkingWords(testTime)}

Votes: the majority of so many answers.

${markdown(
  ["votes", ...Object.keys(first!.votes)],
  seeds.map(({ seed, votes }) => [`right, seed ${seed}`, ...Object.values(votes).map(percent)]),
)}

Waits: the end of thinking put off so many times by "wait", ${waitProblems.length} held-out problems, the same ones in each column. "Cut" is the share of
answers that were not finished within ${WAIT_TOKENS} new tokens: what waits cost where there is no room for them.

${markdown(
  ["waits", ...first!.waits.map(({ waits }) => String(waits))],
  seeds.flatMap(({ seed, waits }) => [
    [`right, seed ${seed}`, ...waits.map(({ measurement }) => percent(measurement.summary.pass_at_1))],
    [`tokens, seed ${seed}`, ...waits.map(({ measurement }) => measurement.summary.tokens_mean.toFixed(0))],
    [`cut, seed ${seed}`, ...waits.map(({ measurement }) => percent(measurement.summary.cut_share))],
  ]),
)}

${waitWords(testTime)}

${floorTable(floorsOf(testTime))}
`;
}

/** By family: free thinking against none at all; paired by problem, means over seeds. */
function thinkingWords({ problems, seeds }: TestTime): string {
  const pairs = seeds.map(({ free, budgets }): Pair => {
    const none = budgets.find(({ share }) => share === 0)!.measurement;
    return { a: (problem) => rate(free, problem), b: (problem) => rate(none, problem) };
  });
  const list = familyDifferences(problems, pairs);
  const say = (items: readonly FamilyDifference[]): string =>
    items.map((one) => `${one.family}${sureMark(one)} (${percent(one.a)} against ${percent(one.b)})`).join(", ") ||
    "none";
  return `Free thinking against none, by family, beyond the 95 % interval of the paired difference: thinking hurts ${say(list.filter(({ high }) => high < 0))};
makes no difference that shows in ${say(list.filter(({ low, high }) => low <= 0 && high >= 0))}; helps all others. ${SURE_WORDS}`;
}

/** One wait against none. */
function waitPairs({ seeds }: TestTime): Pair[] {
  return seeds.map(({ waits }) => {
    const of = (count: number): Measurement => waits.find((w) => w.waits === count)!.measurement;
    const [one, none] = [of(1), of(0)];
    return { a: (problem) => rate(one, problem), b: (problem) => rate(none, problem) };
  });
}

/** By family, paired by problem, means over seeds. */
function waitDifferences(testTime: TestTime): FamilyDifference[] {
  return familyDifferences(testTime.waitProblems, waitPairs(testTime));
}

/** The difference that one wait makes over all problems. */
function overall(testTime: TestTime): { readonly difference: number; readonly low: number; readonly high: number } {
  const { a, b, interval } = pairedDifference([...testTime.waitProblems.keys()], waitPairs(testTime), "waits");
  return { difference: a - b, ...interval };
}

function waitWords(testTime: TestTime): string {
  const { difference, low, high } = overall(testTime);
  const list = waitDifferences(testTime);
  const say = (items: readonly FamilyDifference[]): string =>
    items.map((one) => `${one.family}${sureMark(one)} ${points(one.a - one.b)}`).join(", ") || "none";
  return `One wait changes the share of right answers by ${points(difference)} points (95 % interval ${points(low)} to ${points(high)}). By family, in points, beyond
their intervals: better ${say(list.filter((f) => f.low > 0))}; worse ${say(list.filter((f) => f.high < 0))}.`;
}

function floorsOf(testTime: TestTime): Floor[] {
  const { difference, high } = overall(testTime);
  const helped = waitDifferences(testTime).filter(({ family, low }) => SEARCHES.includes(family) && low > 0);
  return [
    {
      what: "a forced wait does not hurt (interval of the difference not below 0)",
      wanted: "≥ 0",
      got: `${points(difference)} points`,
      met: high >= 0,
    },
    {
      what: "it helps on at least one searching family",
      wanted: "≥ 1",
      got: helped.map(({ family }) => family).join(", ") || "none",
      met: helped.length > 0,
    },
  ];
}
