/**
 * Languages mixed in one thought, and what is done about it: R1-Zero with and without the reward for one language, and the
 * cold start alone (DeepSeek-R1, arXiv 2501.12948, §2.3 and §3.2.1), told apart from what the base brings with it.
 */
import { READ } from "../../recipes/estimate.ts";
import { RECIPES, type RecipeInput } from "../../recipes/index.ts";
import type { Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import type { Collection, Model } from "./collection.ts";
import { rate } from "./figures.ts";
import { markdown, percent } from "./markdown.ts";
import type { DataRecord, Measurement } from "./record.ts";
import {
  type Difference,
  difference,
  language,
  meanValue,
  operations,
  pointsWithInterval,
  type Value,
} from "./stage-figures.ts";
import { measureStage, r1Stages, type StageSettings } from "./stage-set.ts";

/** Weight of the reward for one language; accuracy has 1 and must weigh more than all shaping. */
export const LANGUAGE_WEIGHT = 0.3;

const ROWS = ["base", "waiting", "zero", "rewarded", "start"] as const;
type Row = (typeof ROWS)[number];

const NAMES: Readonly<Record<Row, string>> = {
  base: "base",
  waiting: "zero, as it ships",
  zero: "zero without waits",
  rewarded: "the same with the reward",
  start: "cold start alone",
};

export interface MixingSeed {
  readonly seed: number;
  readonly rows: Readonly<Record<Row, Measurement>>;
  /** The answers of the zero that ships from which the cold start learns. */
  readonly cold: DataRecord;
}

export interface Mixing {
  readonly settings: StageSettings;
  readonly seeds: readonly MixingSeed[];
}

export async function collectMixing(collection: Collection, settings: StageSettings): Promise<Mixing> {
  const { scale, problems } = settings;
  const seeds: MixingSeed[] = [];
  for (const seed of settings.seeds) {
    const { base, zero, stages } = await r1Stages(collection, scale, seed);
    const recipe = withoutWaits(RECIPES["r1-zero"]![scale]);
    const reinforced = (name: string, set: readonly string[]): Promise<Model> =>
      collection.trained(`mixing-${name}-${scale}-${seed}`, "r1-zero", { scale, seed, from: base, recipe, set });
    const plain = await reinforced("plain", []);
    const rewarded = await reinforced("rewarded", [`rewards.language=${LANGUAGE_WEIGHT}`]);
    const measure = (name: string, model: Model): Promise<Measurement> =>
      measureStage(collection, { scale, seed, name, model }, problems);
    const rows: Record<Row, Measurement> = {
      base: await measureStage(collection, { scale, name: "base", model: base }, problems),
      waiting: await measureStage(collection, { scale, name: "zero", model: zero }, problems),
      zero: await measure("plain", plain),
      rewarded: await measure("rewarded", rewarded),
      start: await measure("start", stages.model("start")),
    };
    seeds.push({ seed, rows, cold: await stages.data("cold") });
  }
  return { settings, seeds };
}

/** A "wait" that is forced is an English word in a German thought too: a cause of its own, which is not looked at here. */
function withoutWaits(recipe: RecipeInput): RecipeInput {
  const stages = recipe.stages.map((stage) => {
    if (stage.kind !== "reinforce") return stage;
    const { waits: _, ...rest } = stage;
    return rest;
  });
  return { ...recipe, stages };
}

export function mixingSection(mixing: Mixing): string {
  const { settings } = mixing;
  const { problems } = settings;
  return `## Languages mixed in one thought

At the scale \`${settings.scale}\`, seeds ${settings.seeds.join(", ")}, ${problems.length} held-out problems in two languages, one answer at temperature 1. "One
language" is the share of the prompt's language among the known words of a thought; "wholly" the share of thoughts that hold no other. The
reward has the weight ${LANGUAGE_WEIGHT} beside accuracy's 1. Both reinforcements are those of zero but for the forced "wait", which is an English word in
a German thought as well; zero as it ships had it, in one seed. The cold start is fine-tuned on right answers of the zero that ships, their words turned
into the prompt's language; its operations are those of that zero, of sampling these answers, and its own.

${markdown(
  ["model", "right", "one language", "English", "German", "wholly", "each seed", "operations beyond the base"],
  ROWS.map((row) => rowOf(mixing, row)),
)}

${causesTable(mixing)}

${tradeWords(mixing)}
`;
}

function rowOf({ settings: { problems }, seeds }: Mixing, row: Row): string[] {
  const over = (of: (m: Measurement) => number): string => percent(mean(seeds.map(({ rows }) => of(rows[row]))));
  const places = (of: Problem["language"]): number[] =>
    problems.flatMap((problem, i) => (problem.language === of ? [i] : []));
  const flops = seeds.map((seed) => operationsOf(seed, row));
  return [
    NAMES[row],
    over((m) => m.summary.pass_at_1),
    over((m) => meanValue(m, language)),
    over((m) => meanValue(m, language, places("en"))),
    over((m) => meanValue(m, language, places("de"))),
    over((m) => meanValue(m, wholly)),
    seeds.map(({ rows }) => percent(meanValue(rows[row], language))).join(", "),
    operations(mean(flops)),
  ];
}

/** Of all that a row needs beyond the base. */
function operationsOf({ rows, cold }: MixingSeed, row: Row): number {
  const trained = (of: Row): number => rows[of].training?.flops ?? Number.NaN;
  switch (row) {
    case "base":
      return 0;
    case "waiting":
    case "zero":
    case "rewarded":
      return trained(row);
    case "start":
      return trained("waiting") + READ * rows.waiting.parameters * cold.sampledTokens + trained("start");
    default:
      row satisfies never;
      throw new Error("internal: unknown row");
  }
}

const wholly: Value = (m, problem) => {
  const share = language(m, problem);
  return share === null ? null : share === 1 ? 1 : 0;
};

interface Cause {
  readonly what: string;
  readonly from: Row;
  readonly to: Row;
}

const CAUSES: readonly Cause[] = [
  { what: "reinforcement by accuracy and format alone", from: "base", to: "zero" },
  { what: "the reward for one language", from: "zero", to: "rewarded" },
  { what: "the cold start, against zero", from: "zero", to: "start" },
  { what: "the cold start, against the base", from: "base", to: "start" },
];

function pairsOf({ seeds }: Mixing, { from, to }: Pick<Cause, "from" | "to">): (readonly [Measurement, Measurement])[] {
  return seeds.map(({ rows }) => [rows[to], rows[from]] as const);
}

function changed(mixing: Mixing, step: Pick<Cause, "from" | "to">, value: Value): Difference {
  return difference(pairsOf(mixing, step), value, `mixing ${step.from} ${step.to}`);
}

function causesTable(mixing: Mixing): string {
  return `What each of them changes, in points, paired by problem (of language: those on which both think), 95 % intervals by bootstrap over seeds and problems:

${markdown(
  ["cause", "step", "one language", "right"],
  CAUSES.map((cause) => [
    cause.what,
    `${NAMES[cause.from]} → ${NAMES[cause.to]}`,
    pointsWithInterval(changed(mixing, cause, language)),
    pointsWithInterval(changed(mixing, cause, rate)),
  ]),
)}`;
}

/** DeepSeek-R1 tells of a slight loss by the reward. */
function tradeWords(mixing: Mixing): string {
  const found = changed(mixing, { from: "zero", to: "rewarded" }, rate);
  const said =
    found.high < 0
      ? "costs right answers, as DeepSeek-R1 found"
      : found.low > 0
        ? "brings right answers, other than DeepSeek-R1 found"
        : "makes no difference in right answers that shows; DeepSeek-R1 found a slight loss";
  return `The reward ${said}: ${percent(found.a)} against ${percent(found.b)}, ${pointsWithInterval(found)} points.`;
}
