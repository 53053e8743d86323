/**
 * Whether reinforcement goes beyond what the base reaches with k tries (pass@k, Chen et al. 2021; the question is that of Yue et al.
 * 2025), family by family. With twenty-five families and a few dozen problems of each, some seem to be beyond it by chance:
 * those that are by the first problems are tried once more on others of their rungs, and judged by these alone.
 */
import type { Problem } from "../../tasks/index.ts";
import { coverage, type FamilyDifference, familyDifferences, rate, SURE_WORDS, sureMark } from "./figures.ts";
import { canonicalKey, type HeldOut, heldOutSet } from "./held-out.ts";
import { percent } from "./markdown.ts";
import type { Measurement } from "./record.ts";

/** k answers of the base and of the reinforced model to each of some problems, seed by seed. */
export interface Covered {
  readonly problems: readonly Problem[];
  readonly seeds: readonly { readonly base: Measurement; readonly zero: Measurement }[];
}

/** The second look: the base also at the temperature at which it wastes fewer tries on answers without the format. */
export interface CoveredAgain {
  readonly problems: readonly Problem[];
  readonly seeds: readonly { readonly base: Measurement; readonly cooler: Measurement; readonly zero: Measurement }[];
}

/** Of the base in the second look. */
export const COOLER = 0.6;

/** Problems a rung of the second look, those of the first left out. */
const AGAIN = 60;
/** With fewer problems of a family in the second look nothing is said of it. */
const ENOUGH = 30;
/** A family that asks for what the corpus states: nothing is to be worked out. */
const MEMORY = "recall";

/** Problems of the second look, at the families that the first one shows beyond the base; none where there are none. */
export function problemsAgain(heldOut: HeldOut, first: Covered): Problem[] {
  const families = beyond(first, "all").flatMap(({ family, low }) => (low > 0 ? [family] : []));
  const seen = new Set(first.problems.map(canonicalKey));
  const rungs = heldOut.rungs.filter(({ family }) => families.includes(family));
  return heldOutSet({ ...heldOut, rungs }, AGAIN).filter((problem) => !seen.has(canonicalKey(problem)));
}

/** One answer of zero, or as many, against all of the base's, family by family, means over seeds, paired by problem. */
function beyond({ problems, seeds }: Covered, answers: "one" | "all"): FamilyDifference[] {
  const pairs = seeds.map(({ base, zero }) => ({
    a: answers === "all" ? coverage(zero) : (problem: number) => rate(zero, problem),
    b: coverage(base),
  }));
  return familyDifferences(problems, pairs);
}

/** What the second look shows, against the base at each of its two temperatures. */
export interface SecondLook {
  readonly alike: readonly FamilyDifference[];
  readonly cooler: readonly FamilyDifference[];
}

export function secondLook(again: CoveredAgain): SecondLook {
  const cooled = again.seeds.map(({ cooler, zero }) => ({ base: cooler, zero }));
  return { alike: beyond(again, "all"), cooler: beyond({ problems: again.problems, seeds: cooled }, "all") };
}

/**
 * Families that the second look shows beyond the base at both of its temperatures, all that it looks at judged at once; one
 * of few problems is none.
 */
export function confirmed({ alike, cooler }: SecondLook): string[] {
  const sure = (list: readonly FamilyDifference[]): string[] =>
    list.flatMap((one) => (one.low > 0 && one.sure && one.problems >= ENOUGH ? [one.family] : []));
  const atBoth = new Set(sure(cooler));
  return sure(alike).filter((family) => atBoth.has(family));
}

export function beyondWords(first: Covered, again: SecondLook, k: number): string {
  return `Pass@${k} after reinforcement against the base's pass@${k}, paired by problem, 95 % intervals over seeds and problems. ${SURE_WORDS}

${lists(beyond(first, "all"))}

${again.alike.length === 0 ? "" : againWords(again, k)}Where it is beyond, problems have come within reach of ${k} tries that were not; with more tries the base might reach them too.
The harder question is whether one answer after reinforcement does what the base needs ${k} for:

${lists(beyond(first, "one"))}

Where one answer stays below the base's ${k}, reinforcement has made what the base could do more likely, not added to it.`;
}

function againWords({ alike, cooler }: SecondLook, k: number): string {
  const sizes = alike.map(({ family, problems }) => `${family} ${problems}`).join(", ");
  const memory = alike.some(({ family }) => family === MEMORY)
    ? `Of these ${MEMORY} asks for facts that the corpus states: what has come within reach there is memory, not reasoning.\n`
    : "";
  return `Those that seem beyond it, once more with other problems of the same rungs (${sizes}), ${k} answers of the same models to each; here † is for all
of these at once:

${listsOfMany(alike)}

Against the base at temperature ${COOLER}, where it wastes fewer tries on answers without the format:

${listsOfMany(cooler)}

${memory}`;
}

function listsOfMany(list: readonly FamilyDifference[]): string {
  const few = list.filter(({ problems }) => problems < ENOUGH);
  return `${lists(list.filter(({ problems }) => problems >= ENOUGH))}${few.length === 0 ? "" : `\n- too few problems to say: ${said(few)}`}`;
}

function lists(list: readonly FamilyDifference[]): string {
  return `- beyond it: ${said(list.filter(({ low }) => low > 0))}
- not to be told apart: ${said(list.filter(({ low, high }) => low <= 0 && high >= 0))}
- below it: ${said(list.filter(({ high }) => high < 0))}`;
}

function said(items: readonly FamilyDifference[]): string {
  return (
    items.map((one) => `${one.family}${sureMark(one)} (${percent(one.a)} against ${percent(one.b)})`).join(", ") ||
    "none"
  );
}
