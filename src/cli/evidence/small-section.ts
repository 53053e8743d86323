/** The words and tables of R1-Zero at the scale `small`. */
import { RECIPES } from "../../recipes/index.ts";
import { mean, rankCorrelation } from "../../util/statistics.ts";
import { beyondWords, confirmed, secondLook } from "./coverage.ts";
import {
  CHANCE_LIMIT,
  coverage,
  type FamilyLength,
  familiesOf,
  lengthByLevel,
  macroInterval,
  overRung,
  type Rung,
  rate,
  rungsOf,
} from "./figures.ts";
import { answerTable, coverageTable } from "./growth.ts";
import {
  atLeast,
  COUNTS,
  type Floor,
  figure,
  floorTable,
  markdown,
  POINTS,
  percent,
  shareFloor,
  TIMES,
  type Why,
  withInterval,
} from "./markdown.ts";
import { minutesFloor, minutesOf, operationsOf } from "./minutes.ts";
import type { Measurement } from "./record.ts";
import type { SeedRows, Small } from "./small.ts";
import { difference, operations, pointsWithInterval } from "./stage-figures.ts";

export function smallSection(small: Small, why: Why): string {
  const { settings, problems, seeds } = small;
  const families = familiesOf(rungsOf(problems), true);
  const first = seeds[0]!;
  const again = secondLook(small.again);
  return `## R1-Zero at the scale \`small\`

${seeds.length} bases of ${(first.zero.measurement.parameters / 1e6).toFixed(1)} million parameters, each pretrained and reinforced with a seed of its own (${settings.seeds.join(", ")}). The families and rungs
stand in [bench/heldout.json](../bench/heldout.json), written before any reinforcement; the problems were drawn anew after the last change of
corpus and recipe, since others of the same rungs had been looked at while these were made. ${families.length} families, ${rungsOf(problems).length} rungs, ${problems.length} held-out problems,
${settings.problems} a rung; ${fewWords(small)}. Every one of these rungs counts alike, and all of them are printed below. The families' ladders have
${small.ladders} rungs; the ${small.ladders - rungsOf(problems).length} hardest stand neither here nor in the corpus nor in reinforcement, so nothing is said of problems that are harder than those
of training. Percentages over all rungs; ± is one standard error over problems.

![Right answers by family, before and after reinforcement](evidence/families.svg)

${answerTable(seeds.flatMap((seed) => [...seed.bases, seed.zero, seed.cooler, seed.tuned]))}

${waitShare()}"sft" is the same base fine-tuned on clean worked solutions with as many floating-point operations as its reinforcement took.

${macroTable(small)}

${timeTable(seeds)}

${mixedWords(seeds)}

### Coverage: pass@k of ${settings.samples} answers to ${small.first.problems.length} of the problems

${coverageTable(
  seeds.flatMap(({ baseCoverage, coverage: zero }) => [baseCoverage, zero]),
  settings.samples,
)}

${beyondWords(small.first, again, settings.samples)}

### Every rung

Means over the seeds, and what each of them has after reinforcement. Chance is that of a random legal answer; "constant" is what the answer that is
most common among a rung's training problems gets right, without reading the question. "@${settings.samples}" is pass@${settings.samples}; tokens are an answer's mean.

${everyRung(small)}

${apartWords(small)}

${constantWords(small)}

### Length

${lengthWords(small)}

### Floors

${floorTable(floorsOf(small, confirmed(again)), why)}
`;
}

/** Rungs of which all held-out problems are here, whatever seed draws them. */
function fewWords({ problems, settings }: Small): string {
  const few = rungsOf(problems).filter(({ at }) => at.length < settings.problems);
  if (few.length === 0) return "no rung has fewer";
  return `${few.map(({ family, level, at }) => `${family} ${level} (${at.length})`).join(", ")} have no more, so these are the problems that had been looked at`;
}

/** What reinforcement does to its answers that evaluations do not. */
function waitShare(): string {
  const [stage] = RECIPES["r1-zero"]!.small.stages;
  const share = stage?.kind === "reinforce" ? (stage.waits?.share ?? 0) : 0;
  if (share === 0) return "";
  return `While it was reinforced, the end of thinking was put off once, by "wait", in ${percent(share)} of the answers; in what is measured
here it is not.
`;
}

function macro(small: Small, of: (seed: SeedRows) => Measurement): ReturnType<typeof macroInterval> {
  const values = small.seeds.map((seed) => {
    const measurement = of(seed);
    return (problem: number) => rate(measurement, problem);
  });
  return macroInterval(small.problems, values, of(small.seeds[0]!).name);
}

/** The base's row at its best temperature. */
function bestBase(seed: SeedRows): Measurement {
  return [...seed.bases].sort((a, b) => b.measurement.summary.pass_at_1 - a.measurement.summary.pass_at_1)[0]!
    .measurement;
}

function macroTable(small: Small): string {
  const rows: [string, (seed: SeedRows) => Measurement][] = [
    ["base", (seed) => seed.bases.at(-1)!.measurement],
    ["base at its best temperature", bestBase],
    ["zero", (seed) => seed.zero.measurement],
    ["zero T 0.6", (seed) => seed.cooler.measurement],
    ["sft", (seed) => seed.tuned.measurement],
  ];
  const counted = familiesOf(rungsOf(small.problems)).length;
  return `Macro-mean over the ${counted} families whose chance level is under ${percent(CHANCE_LIMIT)} (mean over families of the mean over rungs), with 95 %
intervals by bootstrap over seeds and problems:

${markdown(
  ["model", "macro-mean"],
  rows.map(([name, of]) => {
    const { value, interval } = macro(small, of);
    return [name, withInterval(value, interval)];
  }),
)}

Paired by seed and problem, in points with 95 % intervals, over all ${small.problems.length} problems: reinforcement over the base ${overAll(small, (seed) => [seed.zero.measurement, seed.bases.at(-1)!.measurement])}, over the base at
its best temperature ${overAll(small, (seed) => [seed.cooler.measurement, bestBase(seed)])} (reinforced: at 0.6), fine-tuning over
reinforcement ${overAll(small, (seed) => [seed.tuned.measurement, seed.zero.measurement])}.`;
}

function overAll(small: Small, pair: (seed: SeedRows) => readonly [better: Measurement, than: Measurement]): string {
  return pointsWithInterval(difference(small.seeds.map(pair), rate, "small"));
}

function timeTable(seeds: readonly SeedRows[]): string {
  const minutes = (value: number): string => `${figure(value, 1)} min`;
  return markdown(
    ["seed", "pretraining", "reinforcement", "together", "operations: pretraining", "reinforcement", "sft"],
    seeds.map(({ seed, bases, zero, tuned }) => {
      const [base, grown] = [bases[0]!.measurement, zero.measurement];
      return [
        String(seed),
        minutes(minutesOf(base)),
        minutes(minutesOf(grown)),
        minutes(minutesOf(base) + minutesOf(grown)),
        ...[base, grown, tuned.measurement].map((measurement) => operations(operationsOf(measurement))),
      ];
    }),
  );
}

/** How often the curriculum posed what could be learnt from; of older records it is not known. */
function mixedWords(seeds: readonly SeedRows[]): string {
  const shares = seeds.flatMap(({ seed, zero }) => {
    const mixed = zero.measurement.training?.mixed;
    return mixed === undefined ? [] : [`${percent(mixed)} (seed ${seed})`];
  });
  return shares.length === 0
    ? ""
    : `Groups of answers of which 5 to 95 % were right, mean over the steps of reinforcement: ${shares.join(", ")}.`;
}

/** What a guesser gets who knows how answers are distributed, and the score over families where that is next to nothing. */
function constantWords({ problems, constants, seeds }: Small): string {
  const rungs = rungsOf(problems);
  const guessed = familiesOf(rungs, true).map(({ family, rungs: own }) => ({
    family,
    share: mean(own.map((rung) => constants[rungs.indexOf(rung)]!)),
    right: mean(seeds.map(({ zero }) => mean(own.map((rung) => ofRung(rung, zero.measurement))))),
  }));
  const easy = guessed.filter(({ share }) => share >= CHANCE_LIMIT);
  const hard = guessed.filter(({ share }) => share < CHANCE_LIMIT);
  return `Constant answers are right ${percent(mean(guessed.map(({ share }) => share)))} of the time over all families; at ${percent(CHANCE_LIMIT)} or more of ${easy.map(({ family, share }) => `${family} (${percent(share)})`).join(", ") || "none"}.
Over the ${hard.length} families where they are right less often zero's mean is ${percent(mean(hard.map(({ right }) => right)))}.`;
}

function everyRung({ problems, first, constants, seeds, settings }: Small): string {
  const covered = rungsOf(first.problems);
  return markdown(
    [
      "rung",
      "problems",
      "chance",
      "constant",
      "base",
      `base @${settings.samples}`,
      "zero",
      "each seed",
      `zero @${settings.samples}`,
      "sft",
      "tokens base",
      "tokens zero",
    ],
    rungsOf(problems).map((rung, i) => {
      const few = covered.find((r) => r.family === rung.family && r.level === rung.level)!;
      const right = (of: (seed: SeedRows) => Measurement): string =>
        percent(mean(seeds.map((seed) => ofRung(rung, of(seed)))));
      const passes = (of: (seed: SeedRows) => Measurement): string =>
        percent(mean(seeds.map((seed) => overRung(few, coverage(of(seed))))));
      const tokens = (of: (seed: SeedRows) => Measurement): string =>
        mean(seeds.map((seed) => overRung(rung, (problem) => of(seed).tokens[problem]!))).toFixed(0);
      const base = (seed: SeedRows): Measurement => seed.bases.at(-1)!.measurement;
      const zero = (seed: SeedRows): Measurement => seed.zero.measurement;
      return [
        `${rung.family} ${rung.level}`,
        String(rung.at.length),
        percent(rung.chance),
        percent(constants[i]!),
        right(base),
        passes((seed) => seed.baseCoverage.measurement),
        right(zero),
        seeds.map((seed) => Math.round(100 * ofRung(rung, zero(seed)))).join(", "),
        passes((seed) => seed.coverage.measurement),
        right((seed) => seed.tuned.measurement),
        tokens(base),
        tokens(zero),
      ];
    }),
  );
}

function ofRung(rung: Rung, measurement: Measurement): number {
  return overRung(rung, (problem) => rate(measurement, problem));
}

/** Points between the best and the worst seed from which on a family's mean says little. */
const APART = 0.2;

/** Families of which a mean over seeds hides that one seed has learnt what another has not. */
function apartWords({ problems, seeds }: Small): string {
  const apart = familiesOf(rungsOf(problems), true).flatMap(({ family, rungs }) => {
    const each = seeds.map(({ zero }) => mean(rungs.map((rung) => ofRung(rung, zero.measurement))));
    return Math.max(...each) - Math.min(...each) > APART ? [`${family} (${each.map(percent).join(", ")})`] : [];
  });
  return `Families in which seeds are more than ${100 * APART} points apart after reinforcement: ${apart.join(", ") || "none"}.`;
}

/** Rank correlations of level and length, of means over seeds. */
function lengths({ problems, seeds }: Pick<Small, "problems" | "seeds">): FamilyLength[] {
  return lengthByLevel(rungsOf(problems), (problem) =>
    mean(seeds.map(({ zero }) => zero.measurement.tokens[problem]!)),
  );
}

const meanCorrelation = (list: readonly FamilyLength[]): number => mean(list.map(({ correlation }) => correlation));

function lengthWords(small: Small): string {
  const list = lengths(small);
  const { levels, right, tokens } = allRungs(small);
  const curves = small.seeds.map(({ seed, zero }) => {
    const curve = zero.measurement.training?.curve ?? [];
    const points = curve.filter(
      (_, i) => i % Math.max(1, Math.floor(curve.length / 8)) === 0 || i === curve.length - 1,
    );
    const say = ({ step, tokens }: (typeof curve)[number]): string => `${tokens.toFixed(0)} (${step})`;
    const most = curve.reduce((a, b) => (b.tokens > a.tokens ? b : a), curve[0] ?? { step: 0, accuracy: 0, tokens: 0 });
    return [`seed ${seed}`, points.map(say).join(", "), say(most)];
  });
  const each = small.seeds.map((seed) => meanCorrelation(lengths({ ...small, seeds: [seed] })).toFixed(2));
  // Of n ranks in random order the correlation has the variance 1 / (n − 1).
  const noise = Math.sqrt(mean(list.map(({ rungs }) => 1 / (rungs - 1))) / list.length);
  return `Rank correlation of a rung's level and its mean tokens, within each family of three rungs or more: mean ${meanCorrelation(list).toFixed(2)}
(each seed ${each.join(", ")}; of rungs in random order 0 ± ${noise.toFixed(2)}; ${list.map((f) => `${f.family} ${f.correlation.toFixed(2)}`).join(", ")}).
Levels of two families are not on one scale; over the ${levels.length} rungs of all families together the correlation of level and tokens is
${figure(rankCorrelation(levels, tokens), 2)}, of the share of wrong answers and tokens ${figure(-rankCorrelation(right, tokens), 2)}.

Mean tokens of an answer to held-out problems through reinforcement (after which step), and where they were most:

${markdown(["run", "tokens (step)", "most"], curves)}

${courseWords(small)}`;
}

/** Of all rungs, means over the seeds after reinforcement. */
function allRungs({ problems, seeds }: Small): Readonly<Record<"levels" | "right" | "tokens", readonly number[]>> {
  const rungs = rungsOf(problems);
  return {
    levels: rungs.map(({ level }) => level),
    right: rungs.map((rung) => mean(seeds.map(({ zero }) => ofRung(rung, zero.measurement)))),
    tokens: rungs.map((rung) => overRung(rung, (i) => mean(seeds.map(({ zero }) => zero.measurement.tokens[i]!)))),
  };
}

/** Whether answers grew to the end; one sentence on all seeds. */
function courseWords({ seeds }: Small): string {
  const ends = seeds.flatMap(({ zero }) => {
    const curve = zero.measurement.training?.curve ?? [];
    const [first, last] = [curve[0], curve.at(-1)];
    if (!first || !last) return [];
    return [{ first, last, most: curve.reduce((a, b) => (b.tokens > a.tokens ? b : a), first) }];
  });
  if (ends.length === 0) return "";
  const list = (of: (end: (typeof ends)[number]) => number): string => ends.map((end) => of(end).toFixed(0)).join(", ");
  if (ends.some(({ most, last }) => most.step === last.step)) return "In some seeds answers are longest at the end.";
  return `They grow at first and not to the end: from ${list(({ first }) => first.tokens)} tokens to ${list(({ most }) => most.tokens)} after step ${list(({ most }) => most.step)}, then down to
${list(({ last }) => last.tokens)}${ends.every(({ most, last }) => last.accuracy > most.accuracy) ? ", while right answers still rise" : ""}.`;
}

function floorsOf(small: Small, past: readonly string[]): Floor[] {
  const { value } = macro(small, (seed) => seed.zero.measurement);
  const rises = small.seeds.map(
    ({ bases, zero }) =>
      zero.measurement.summary.accuracy_given_format - bases.at(-1)!.measurement.summary.accuracy_given_format,
  );
  const correlation = meanCorrelation(lengths(small));
  const grown = small.seeds.map(({ bases, zero }) => {
    return zero.measurement.summary.tokens_mean / bases.at(-1)!.measurement.summary.tokens_mean;
  });
  const minutes = small.seeds.map(({ bases, zero }) => minutesOf(bases[0]!.measurement) + minutesOf(zero.measurement));
  return [
    atLeast("seeds", 3, [small.seeds.length], COUNTS),
    shareFloor("macro-mean at temperature 1", 0.65, [value]),
    atLeast("right given format rises, each seed", 0.25, rises, POINTS),
    atLeast("length grows with difficulty, rank correlation", 0.8, [correlation], {
      say: (x) => figure(x, 2),
      gap: (x) => figure(x, 2),
    }),
    // What stays as long as it was has not grown.
    {
      ...atLeast("length grows through training, each seed", 1, grown, TIMES),
      ...{ wanted: `> ${TIMES.say(1)}`, met: Math.min(...grown) > 1 },
    },
    {
      ...atLeast(
        `families whose pass@${small.settings.samples} is beyond the base's, on problems that did not choose them`,
        1,
        [past.length],
        COUNTS,
      ),
      got: [String(past.length), past.join(", ")].filter((part) => part !== "").join(": "),
    },
    minutesFloor(minutes),
  ];
}
