/**
 * Where thinking hurts: families on which a thinking model is worse, or no better, than the same model that answers at
 * once, and how many more tokens it spends there. Two ways of not thinking: its thinking is ended before it began (a budget
 * of 0), or it is asked to answer at once. Such a model has never learnt to do without; so beside it stands one that has learnt
 * nothing else: the base, fine-tuned on answers alone.
 */
import { TRAINED } from "../../recipes/estimate.ts";
import { RECIPES, type RecipeInput, type Scale } from "../../recipes/index.ts";
import { getTask, type Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import type { Collection, Model } from "./collection.ts";
import { type FamilyDifference, familyDifferences, type Pair, rate, SURE_WORDS, sureMark } from "./figures.ts";
import { figure, markdown, percent } from "./markdown.ts";
import type { Measurement } from "./record.ts";
import { meanValue, operations, pointsWithInterval, spent } from "./stage-figures.ts";
import { measureStage, ONE, r1Stages, type StageSettings, stageInstructions } from "./stage-set.ts";

/** Answers of a model in one seed. */
interface Free {
  readonly free: Measurement;
  readonly direct: Measurement;
}

export interface Thinking {
  readonly settings: StageSettings;
  /** Problems that are asked for at once, in place of the instructions that ask so. */
  readonly plain: readonly Problem[];
  readonly seeds: readonly {
    readonly seed: number;
    readonly zero: Free;
    readonly r1: Free;
    /** R1 on {@link Thinking.plain}, and on the same problems when it is told to answer at once. */
    readonly told: Free;
    /** Zero, and the base that was taught to answer at once, for as many operations as zero's reinforcement took. */
    readonly taught: Free;
  }[];
}

export async function collectThinking(collection: Collection, settings: StageSettings): Promise<Thinking> {
  const { scale, problems } = settings;
  // One kind of instruction in five.
  const requests = stageInstructions(scale, settings.requests).filter(({ family }) => family === "instruct-direct");
  const plain = requests.map(unwrapped);
  const seeds: Thinking["seeds"][number][] = [];
  for (const seed of settings.seeds) {
    const { base, zero, stages } = await r1Stages(collection, scale, seed);
    const name = (what: string): string => `thinking ${scale} ${seed} ${what}`;
    const direct = (what: string, model: Model): Promise<Measurement> =>
      collection.measure(what, model, problems, { ...ONE, thinkingBudget: 0 });
    const r1 = stages.model("rl");
    const zeroFree = await measureStage(collection, { scale, name: "zero", model: zero }, problems);
    const r1Free = await measureStage(collection, { scale, seed, name: "rl", model: r1 }, problems);
    const taught = await collection.trained(`direct-${scale}-${seed}`, "direct", {
      ...{ scale, seed, from: base, recipe: answersOnly(scale), set: [`steps=${equalSteps(zeroFree)}`] },
    });
    seeds.push({
      seed,
      zero: { free: zeroFree, direct: await direct(`thinking ${scale} zero direct`, zero) },
      r1: { free: r1Free, direct: await direct(name("rl direct"), r1) },
      told: {
        free: await collection.measure(name("r1 plain"), r1, plain, ONE),
        direct: await collection.measure(name("r1 told"), r1, requests, ONE),
      },
      taught: { free: zeroFree, direct: await collection.measure(name("taught"), taught, problems, ONE) },
    });
  }
  return { settings, plain, seeds };
}

/** Tokens of a step, and problems with answers that are learnt from. */
const [STEP_TOKENS, ROWS] = [8192, 100_000] as const;

/** The base fine-tuned on answers without thinking, with the rate and the optimiser that `o1` learns worked solutions with. */
function answersOnly(scale: Scale): RecipeInput {
  const tune = RECIPES["o1"]![scale].stages.find((stage) => stage.kind === "supervise")!;
  const { name: _, epochs: __, ...rest } = tune;
  const data = [{ data: "corpus:answers", rows: ROWS }];
  const stage = { ...rest, from: "models/base", data, steps: 1, tokensPerStep: STEP_TOKENS };
  return { name: `direct-${scale}`, description: "Answers alone.", seed: 0, shards: 2, stages: [stage] };
}

/** Steps that take the operations of a training; at least 1. */
function equalSteps({ parameters, training }: Measurement): number {
  return Math.max(1, Math.round(training!.flops / (TRAINED * parameters * STEP_TOKENS)));
}

/** The problem that is asked for at once, as it is posed otherwise: the same facts in the same language. */
function unwrapped({ id, language, facts }: Problem): Problem {
  const { of, facts: inner } = facts as { readonly of: string; readonly facts: unknown };
  const task = getTask(of);
  // Each family is asked for at one level, which only the family of requests knows; nothing here depends on it.
  const level = 0;
  return {
    id,
    family: of,
    level,
    language,
    prompt: task.prompt(inner, language),
    facts: inner,
    chance: task.chance(inner),
  };
}

export function thinkingSection(thinking: Thinking): string {
  const { settings, plain, seeds } = thinking;
  const { problems } = settings;
  const list = settings.seeds.join(", ");
  const of = (who: "zero" | "r1" | "told" | "taught"): Free[] => seeds.map((seed) => seed[who]);
  return `## Where thinking hurts

At the scale \`${settings.scale}\`, ${seeds.length === 1 ? "seed" : "seeds"} ${list}, temperature 1. "At once": the same model, its thinking ended before it began. Differences in points,
thinking against none, paired by problem, 95 % intervals by bootstrap over ${seeds.length === 1 ? "problems" : "seeds and problems"}; families from the worst to the best.
${SURE_WORDS}

### R1, ${problems.length} held-out problems

${familyTable(problems, of("r1"))}

${summary(problems, of("r1"))}

### Zero, the same problems

One model, the one that ships: its intervals are over problems.

${familyTable(problems, of("zero").slice(0, 1))}

${summary(problems, of("zero").slice(0, 1))}

### R1, told to answer at once

${plain.length} held-out problems, posed as they are and with the request to answer at once. What thinks all the same counts as wrong.

${familyTable(plain, of("told"))}

${summary(plain, of("told"))}

### Zero, and the base taught to answer at once

The models above have learnt to think, not to do without it. Here "at once" is another model: the base, fine-tuned on ${ROWS.toLocaleString("en")} problems with
their answers and nothing else, for as many operations as zero's reinforcement took (${operations(mean(of("taught").map(({ direct }) => direct.training?.flops ?? Number.NaN)))}). What
the same base reaches by each way: all in all ${percent(mean(of("taught").map(({ free }) => free.summary.pass_at_1)))} of the ${problems.length} problems with thinking, ${percent(mean(of("taught").map(({ direct }) => direct.summary.pass_at_1)))} at once.

${familyTable(problems, of("taught"))}

${summary(problems, of("taught"))}
`;
}

interface FamilyRow {
  readonly found: FamilyDifference;
  readonly n: number;
  /** Mean tokens of an answer. */
  readonly tokens: readonly [free: number, direct: number];
}

function rowsOf(problems: readonly Problem[], seeds: readonly Free[]): FamilyRow[] {
  const tokens = (of: (seed: Free) => Measurement, at: readonly number[]): number =>
    mean(seeds.map((seed) => meanValue(of(seed), spent, at)));
  const pairs = seeds.map(
    ({ free, direct }): Pair => ({ a: (problem) => rate(free, problem), b: (problem) => rate(direct, problem) }),
  );
  const rows = familyDifferences(problems, pairs).map((found): FamilyRow => {
    const at = problems.flatMap(({ family }, i) => (family === found.family ? [i] : []));
    return { found, n: at.length, tokens: [tokens(({ free }) => free, at), tokens(({ direct }) => direct, at)] };
  });
  return rows.sort((x, y) => x.found.a - x.found.b - (y.found.a - y.found.b));
}

/** A gain that thinking has to have to be called better at all; what might be more is left open. */
const GAIN = 0.05;

/** What an interval of thinking against none says. */
type Verdict = "**hurts**" | "no better" | "helps" | "not to be told apart";

function verdict({ low, high }: FamilyDifference): Verdict {
  if (high < 0) return "**hurts**";
  if (low > 0) return "helps";
  return high <= GAIN ? "no better" : "not to be told apart";
}

function familyTable(problems: readonly Problem[], seeds: readonly Free[]): string {
  return markdown(
    [
      "family",
      "problems",
      "right, thinking",
      "right at once",
      "difference",
      "tokens, thinking",
      "tokens at once",
      "times",
      "verdict",
    ],
    rowsOf(problems, seeds).map(({ n, found, tokens: [free, direct] }) => [
      found.family,
      String(n),
      percent(found.a),
      percent(found.b),
      pointsWithInterval(found),
      figure(free, 1),
      figure(direct, 1),
      `${figure(free / direct, 1)} ×`,
      verdict(found) + sureMark(found),
    ]),
  );
}

function summary(problems: readonly Problem[], seeds: readonly Free[]): string {
  const rows = rowsOf(problems, seeds);
  const say = (word: Verdict): string =>
    rows
      .filter(({ found }) => verdict(found) === word)
      .map(
        ({ found, tokens: [free, direct] }) =>
          `${found.family}${sureMark(found)} (${figure(free - direct, 0)} more tokens)`,
      )
      .join(", ") || "none";
  return `Thinking hurts ${say("**hurts**")}; is no better, by less than ${100 * GAIN} points if at all, in ${say("no better")}; is not to be told apart
from none in ${say("not to be told apart")}; helps all others.`;
}
