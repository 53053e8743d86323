/**
 * Compute at test time, of the reinforced models at the scale `small`: accuracy against a thinking budget, against votes, and
 * when a finished thought is made to go on by "wait" (Muennighoff et al. 2025, "s1").
 */
import type { Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import { type Collection, MAX_TOKENS } from "./collection.ts";
import {
  type FamilyDifference,
  familyDifferences,
  type Pair,
  pairedDifference,
  rate,
  rungsOf,
  SURE_WORDS,
  sureMark,
} from "./figures.ts";
import { heldOutOfAll, heldOutSet } from "./held-out.ts";
import { atLeast, type Floor, floorTable, markdown, POINTS, percent, type Why } from "./markdown.ts";
import type { Measurement } from "./record.ts";
import { type SmallSettings, smallZero } from "./small.ts";
import { meanValue, points, thinking } from "./stage-figures.ts";
import { ONE } from "./stage-set.ts";

/** Shares of the natural length of a rung's thinking that a budget allows. */
const BUDGETS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2] as const;
const WAITS = [0, 1, 2] as const;
/** Answers to each problem, with a wait and without, of families on which something is expected: they have few problems. */
const AGAIN_SAMPLES = 4;
/** Room for a thought that is made to go on: half as much again as reinforcement gives. */
const WAIT_TOKENS = 384;
/** Points that a wait may cost before it is said to hurt. */
const MARGIN = 0.01;
/** Families that are searched: one attempt after the other. */
const SEARCHES = ["countdown", "puzzle24", "maze", "knights"];
/** Families that ask for nothing to be worked out: a fact, or one look at a list. */
const GLANCES = ["recall", "max"];

export interface TestTime {
  readonly problems: readonly Problem[];
  readonly waitProblems: readonly Problem[];
  readonly seeds: readonly {
    readonly seed: number;
    /** Mean tokens of thinking without a budget. */
    readonly natural: number;
    readonly free: Measurement;
    readonly budgets: readonly { readonly share: number; readonly measurement: Measurement }[];
    readonly votes: Readonly<Record<string, number>>;
    readonly waits: readonly Waited[];
    /** One wait and none, on searches and glances alone. */
    readonly again: readonly Waited[];
  }[];
}

interface Waited {
  readonly waits: number;
  readonly measurement: Measurement;
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
    const free = await collection.measure(name("free"), zero, problems, ONE, { traits: true });
    const lengths = naturalLengths(problems, free);
    const budgets = [];
    for (const share of BUDGETS) {
      const sampling = { ...ONE, thinkingBudgets: lengths.map((tokens) => Math.round(share * tokens)) };
      budgets.push({ share, measurement: await collection.measure(name(`budget ${share}`), zero, problems, sampling) });
    }
    const many = { temperature: 1, samples: settings.samples };
    const { votes } = await collection.measure(name(`T 1 x${settings.samples}`), zero, problems, many);
    const wait = async (what: string, count: number, of: readonly Problem[], samples: number): Promise<Waited> => {
      const sampling = { ...ONE, samples, maxTokens: WAIT_TOKENS, ...(count === 0 ? {} : { waits: count }) };
      return { waits: count, measurement: await collection.measure(name(`${what} ${count}`), zero, of, sampling) };
    };
    const waits = [];
    for (const count of WAITS) waits.push(await wait("waits", count, waitProblems, 1));
    const again = [];
    for (const count of [0, 1]) again.push(await wait("waits again", count, lookedAt(waitProblems), AGAIN_SAMPLES));
    seeds.push({ seed, natural: meanValue(free, thinking), free, budgets, votes: votes!, waits, again });
  }
  return { problems, waitProblems, seeds };
}

/** Those of which more answers are asked for. */
function lookedAt(problems: readonly Problem[]): Problem[] {
  return problems.filter(({ family }) => [...SEARCHES, ...GLANCES].includes(family));
}

/** For each problem the mean tokens of thinking in its rung, rounded. */
function naturalLengths(problems: readonly Problem[], free: Measurement): number[] {
  const lengths: number[] = [];
  for (const { at } of rungsOf(problems)) {
    const tokens = Math.round(meanValue(free, thinking, at));
    for (const problem of at) lengths[problem] = tokens;
  }
  return lengths;
}

export function testTimeSection(testTime: TestTime, why: Why): string {
  const { problems, waitProblems, seeds } = testTime;
  const [first] = seeds;
  const judged = { whole: overall(testTime), again: againDifferences(testTime) };
  return `## Compute at test time

The reinforced models at the scale \`small\` at temperature 1, ${problems.length} held-out problems for budgets and votes: of a
share of these one standard error is ${percent(0.5 / Math.sqrt(problems.length))} at most.

![Right answers against the thinking budget, votes and waits](evidence/test-time.svg)

Budgets: thinking is ended after so many tokens and an answer forced; 1 × is the mean length of the model's own thinking on that family and
level (over all ${seeds.map(({ seed, natural }) => `${natural.toFixed(0)} tokens in seed ${seed}`).join(", ")}); without a budget, at most ${MAX_TOKENS} new tokens. "Searches" are ${SEARCHES.join(", ")}.

${budgetTable(testTime)}

${thinkingWords(testTime)}

Votes: the majority of so many answers; answers are the same where their texts are, blanks aside, so that a search's right answers may split.

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

${waitWords(testTime, judged)}

${floorTable(floorsOf(judged), why)}
`;
}

/** Right answers under each budget and free, of one seed; over all problems, and over the searches alone. */
function sharesOf(
  { problems }: TestTime,
  { budgets, free }: TestTime["seeds"][number],
): { readonly all: readonly number[]; readonly searches: readonly number[] } {
  const all = [...problems.keys()];
  const searches = all.filter((problem) => SEARCHES.includes(problems[problem]!.family));
  const columns = [...budgets.map(({ measurement }) => measurement), free];
  const right = (at: readonly number[]) => columns.map((m) => mean(at.map((problem) => rate(m, problem))));
  return { all: right(all), searches: right(searches) };
}

/** The same, means over seeds. */
export function naturalShares(testTime: TestTime): ReturnType<typeof sharesOf> {
  const list = testTime.seeds.map((seed) => sharesOf(testTime, seed));
  const over = (of: (shares: ReturnType<typeof sharesOf>) => readonly number[]): number[] =>
    of(list[0]!).map((_, i) => mean(list.map((shares) => of(shares)[i]!)));
  return { all: over(({ all }) => all), searches: over(({ searches }) => searches) };
}

function budgetTable(testTime: TestTime): string {
  return markdown(
    ["thinking", ...testTime.seeds[0]!.budgets.map(({ share }) => `${share} ×`), "free"],
    testTime.seeds.flatMap((one) => {
      const { all, searches } = sharesOf(testTime, one);
      return [
        [`right, seed ${one.seed}`, ...all.map(percent)],
        [`… of searches, seed ${one.seed}`, ...searches.map(percent)],
      ];
    }),
  );
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

/** What one wait changes: over all problems, and of searches and glances family by family. */
interface Judged {
  readonly whole: { readonly difference: number; readonly low: number; readonly high: number };
  readonly again: readonly FamilyDifference[];
}

/** One wait against none. */
function waitPair(waits: readonly Waited[]): Pair {
  const of = (count: number): Measurement => waits.find((w) => w.waits === count)!.measurement;
  const [one, none] = [of(1), of(0)];
  return { a: (problem) => rate(one, problem), b: (problem) => rate(none, problem) };
}

function waitPairs({ seeds }: TestTime): Pair[] {
  return seeds.map(({ waits }) => waitPair(waits));
}

/** By family, paired by problem, means over seeds. */
function waitDifferences(testTime: TestTime): FamilyDifference[] {
  return familyDifferences(testTime.waitProblems, waitPairs(testTime));
}

/** The difference that one wait makes over all problems. */
function overall(testTime: TestTime): Judged["whole"] {
  const { a, b, interval } = pairedDifference([...testTime.waitProblems.keys()], waitPairs(testTime), "waits");
  return { difference: a - b, ...interval };
}

/** The same where more answers were asked for. */
function againDifferences({ waitProblems, seeds }: TestTime): FamilyDifference[] {
  return familyDifferences(
    lookedAt(waitProblems),
    seeds.map(({ again }) => waitPair(again)),
  );
}

function waitWords(testTime: TestTime, { whole: { difference, low, high }, again }: Judged): string {
  const each = testTime.seeds.map(({ seed, waits }) => {
    const { a, b, interval } = pairedDifference([...testTime.waitProblems.keys()], [waitPair(waits)], `waits ${seed}`);
    return `seed ${seed} ${points(a - b)} (${points(interval.low)} to ${points(interval.high)})`;
  });
  const list = waitDifferences(testTime);
  const say = (items: readonly FamilyDifference[]): string =>
    items.map((one) => `${one.family}${sureMark(one)} ${points(one.a - one.b)}`).join(", ") || "none";
  const bySearch = again.map(
    (one) => `${one.family}${sureMark(one)} ${points(one.a - one.b)} (${points(one.low)} to ${points(one.high)})`,
  );
  return `One wait changes the share of right answers by ${points(difference)} points (95 % interval over seeds and problems ${points(low)} to ${points(high)};
over problems alone: ${each.join(", ")}). By family, in points, beyond
their intervals: better ${say(list.filter((f) => f.low > 0))}; worse ${say(list.filter((f) => f.high < 0))}.

Searches once more, and families that ask for nothing to be worked out (${GLANCES.join(", ")}), ${AGAIN_SAMPLES} answers to each of their problems: one wait changes
${bySearch.join(", ")}.`;
}

function floorsOf({ whole: { low }, again }: Judged): Floor[] {
  const of = (families: readonly string[]): FamilyDifference[] =>
    again.filter(({ family }) => families.includes(family));
  const [searches, glances] = [of(SEARCHES), of(GLANCES)];
  const floor = (what: string, among: readonly FamilyDifference[], found: readonly FamilyDifference[]): Floor => ({
    ...{ what, wanted: "≥ 1", met: found.length > 0 },
    got:
      found.map(({ family }) => family).join(", ") ||
      `none (${among.map((one) => `${one.family} ${points(one.a - one.b)}`).join(", ")})`,
  });
  return [
    atLeast("a forced wait does not hurt: the least that its 95 % interval allows", -MARGIN, [low], POINTS),
    floor(
      "searching families that it helps, for all of these at once",
      searches,
      searches.filter(({ sure, low }) => sure && low > 0),
    ),
    floor(
      "families on which thinking longer hurts, for all of these at once",
      glances,
      glances.filter(({ sure, high }) => sure && high < 0),
    ),
  ];
}
