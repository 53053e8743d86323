/**
 * What a judge of chains of thought can tell apart: pairs of graded chains on one held-out problem, by what makes one of them
 * the better, and how sure it was of an order against how often that was right. The chains are drawn anew: those by which
 * its recipe was chosen have no part in it.
 */
import { resolveRecipe, type Scale } from "../../recipes/index.ts";
import { gradedTraces } from "../../tasks/index.ts";
import { type Forecast, type ReliabilityBin, reliability } from "../../train/calibration.ts";
import { rankedPairs } from "../../train/reward-data.ts";
import { sigmoid } from "../../train/reward-model.ts";
import { mean } from "../../util/statistics.ts";
import type { Collection, Model } from "./collection.ts";
import { hash } from "./keys.ts";
import { markdown, percent } from "./markdown.ts";
import { o1Stages } from "./o1-recipe.ts";

/** How many pairs there are, and the share that the judge orders as the ratings do; a tie counts half. */
interface Ordered {
  readonly count: number;
  readonly ordered: number;
}

export interface Pairs {
  readonly prompts: number;
  readonly all: Ordered;
  readonly kinds: Readonly<Record<PairKind, Ordered>>;
  /** Of pairs of the kind `slip`. */
  readonly families: Readonly<Record<string, Ordered>>;
  /** The probability of an order, as Bradley and Terry read the difference of two opinions' log odds, and what came true. */
  readonly reliability: readonly ReliabilityBin[];
  readonly error: number;
}

/** What makes one chain the better. */
const KINDS = {
  slip: "right against one with a slip, nothing else wrong with either",
  verdict: "one right and one wrong, all others",
  right: "both right",
  wrong: "both wrong",
} as const;
type PairKind = keyof typeof KINDS;

/** Of the chains: other than that of evaluations. */
const SEED = 0x9a125;
/** To be raised when the same chains would be told otherwise. */
const FORMAT = 1;

export interface RatedPair {
  readonly family: string;
  readonly kind: PairKind;
  /** Opinions of the better chain and of the worse one, 0 to 1. */
  readonly over: number;
  readonly under: number;
}

/** @param prompts about how many problems; those that are too long for the judge have no part in it */
export function collectPairs(
  collection: Collection,
  name: string,
  judge: Model,
  { scale, prompts }: { readonly scale: Scale; readonly prompts: number },
): Promise<Pairs> {
  return collection.record(name, hash(JSON.stringify([FORMAT, judge.key, SEED, prompts])), async () => {
    const { recipe, judge: stage } = o1Stages(scale);
    const own = resolveRecipe(recipe).stages.find((one) => one.name === stage);
    if (own?.kind !== "reward") throw new Error("internal: the judge's stage makes none");
    const { problems, chains, aspects } = own;
    const groups = Array.from({ length: prompts }, (_, index) =>
      gradedTraces({ seed: SEED, index, split: "heldout", chains, problems }),
    );
    const opinions = await collection.opinions(judge, groups.flat(), own.rowLength);
    let read = 0;
    const pairs = groups.flatMap((group): RatedPair[] => {
      const told = group.map(() => opinions[read++] ?? null);
      return rankedPairs(group, aspects).flatMap(({ better, worse }) => {
        const [over, under] = [told[better] ?? null, told[worse] ?? null];
        if (over === null || under === null) return [];
        return [{ family: group[0]!.family ?? "", kind: kindOf(group[better]!, group[worse]!), over, under }];
      });
    });
    return { prompts, ...condensePairs(pairs) };
  });
}

type Chain = { readonly score?: number; readonly defects: readonly string[] };

export function kindOf(better: Chain, worse: Chain): PairKind {
  const [one, other] = [better.score === 1, worse.score === 1];
  if (one && other) return "right";
  if (!one && !other) return "wrong";
  return one && better.defects.length === 0 && worse.defects.join() === "slip" ? "slip" : "verdict";
}

export function condensePairs(pairs: readonly RatedPair[]): Omit<Pairs, "prompts"> {
  const slips = Map.groupBy(
    pairs.filter(({ kind }) => kind === "slip"),
    ({ family }) => family,
  );
  const { error, bins } = reliability(pairs.map(forecast));
  return {
    all: ordered(pairs),
    kinds: Object.fromEntries(
      Object.keys(KINDS).map((kind) => [kind, ordered(pairs.filter((pair) => pair.kind === kind))]),
    ) as Pairs["kinds"],
    families: Object.fromEntries([...slips].map(([family, own]) => [family, ordered(own)])),
    ...{ reliability: bins, error },
  };
}

const rightness = ({ over, under }: RatedPair): number => (over > under ? 1 : over === under ? 0.5 : 0);

const ordered = (pairs: readonly RatedPair[]): Ordered => ({
  count: pairs.length,
  ordered: mean(pairs.map(rightness)),
});

/** Opinions nearer to 0 or 1 say no more than this. */
const SUREST = 1e-4;

function forecast(pair: RatedPair): Forecast {
  const odds = (opinion: number): number => {
    const held = Math.min(1 - SUREST, Math.max(SUREST, opinion));
    return Math.log(held / (1 - held));
  };
  return { said: sigmoid(Math.abs(odds(pair.over) - odds(pair.under))), was: rightness(pair) };
}

/** Families that are named: those of whose pairs the fewest are in the right order. */
const NAMED = 5;

export function pairsText(seeds: readonly { readonly seed: number; readonly pairs: Pairs }[]): string {
  const cell = ({ count, ordered: share }: Ordered): string => (count === 0 ? "–" : `${percent(share)} of ${count}`);
  const table = markdown(
    ["pairs", ...seeds.map(({ seed }) => `seed ${seed}`)],
    [
      ["all", ...seeds.map(({ pairs }) => cell(pairs.all))],
      ...(Object.keys(KINDS) as PairKind[]).map((kind) => [
        KINDS[kind],
        ...seeds.map(({ pairs }) => cell(pairs.kinds[kind])),
      ]),
    ],
  );
  const worst = seeds.map(({ seed, pairs }) => {
    const list = Object.entries(pairs.families).sort(([, a], [, b]) => a.ordered - b.ordered);
    const told = list.slice(0, NAMED).map(([family, own]) => `${family} ${percent(own.ordered)} of ${own.count}`);
    return `seed ${seed}: ${told.join(", ") || "none"}`;
  });
  const bins = markdown(
    ["seed", "bin", "pairs", "said", "was"],
    seeds.flatMap(({ seed, pairs }) =>
      pairs.reliability.map(({ from, to, count, said, was }) => [
        ...[String(seed), `${from.toFixed(1)}–${to.toFixed(1)}`, String(count), percent(said), percent(was)],
      ]),
    ),
  );
  const errors = seeds.map(({ pairs }) => percent(pairs.error)).join(", ");
  return `Pairs of chains on ${seeds[0]!.pairs.prompts} held-out problems, drawn anew, that the judge orders as their ratings do, by what is better about one of them:

${table}

Of the pairs with a slip alone, the ${NAMED} families with the fewest in the right order are, with their numbers of pairs: ${worst.join("; ")}.

The judge rates each text alone and states no probability of an order. If the difference of its ratings' log odds is taken for the log odds of one, as
Bradley and Terry take scores, this is what it would have said and how often that was right; the calibration error is ${errors}:

${bins}`;
}
