/**
 * The growth that `npm start` shows, as evidence: the shipped base, its reinforcement at the tiny scale in several seeds, and
 * the controls: the base's best temperature and its coverage, and the same base fine-tuned on clean solutions.
 */
import type { Problem } from "../../tasks/index.ts";
import { heldOutProblems } from "../evaluation.ts";
import type { Collection, Model } from "./collection.ts";
import { atLeast, type Floor, floorTable, markdown, POINTS, percent, shareFloor, TIMES, type Why } from "./markdown.ts";
import type { Measurement, Sampling } from "./record.ts";

export interface GrowthSettings {
  readonly base: string;
  readonly seeds: readonly number[];
  readonly problems: number;
  readonly samples: number;
}

export interface Row {
  readonly name: string;
  readonly measurement: Measurement;
}

export interface Growth {
  readonly settings: GrowthSettings;
  /** At each temperature; the last one is 1. */
  readonly bases: readonly Row[];
  readonly baseCoverage: Row;
  readonly zeros: readonly { readonly seed: number; readonly at1: Row; readonly cooler: Row; readonly coverage: Row }[];
  readonly tuned: readonly Row[];
}

export const TEMPERATURES = [0, 0.3, 0.6, 1] as const;

export async function collectGrowth(collection: Collection, settings: GrowthSettings): Promise<Growth> {
  const problems = heldOutProblems(settings.problems);
  const half = problems.slice(0, Math.ceil(problems.length / 2)); // Many answers a problem: fewer problems will do.
  const base = await collection.shipped(settings.base);
  const many: Sampling = { temperature: 1, samples: settings.samples };
  const one = (temperature: number): Sampling => ({ temperature, samples: 1 });
  const row = async (name: string, model: Model, list: readonly Problem[], sampling: Sampling): Promise<Row> => ({
    name,
    measurement: await collection.measure(`growth ${name}`, model, list, sampling),
  });
  const bases: Row[] = [];
  for (const t of TEMPERATURES) bases.push(await row(t === 1 ? "base" : `base T ${t}`, base, problems, one(t)));
  const baseCoverage = await row("base coverage", base, half, many);
  const zeros = [];
  for (const seed of settings.seeds) {
    const zero = await collection.trained(`growth-zero-${seed}`, "r1-zero", { scale: "tiny", seed, from: base });
    zeros.push({
      seed,
      at1: await row(`zero seed ${seed}`, zero, problems, one(1)),
      cooler: await row(`zero seed ${seed} T 0.6`, zero, problems, one(0.6)),
      coverage: await row(`zero seed ${seed} coverage`, zero, half, many),
    });
  }
  const tuned: Row[] = [];
  for (const seed of settings.seeds) {
    const sft = await collection.trained(`growth-sft-${seed}`, "sft", { scale: "tiny", seed, from: base });
    tuned.push(await row(`sft seed ${seed}`, sft, problems, one(1)));
  }
  return { settings, bases, baseCoverage, zeros, tuned };
}

export function growthSection({ settings, bases, baseCoverage, zeros, tuned }: Growth, why: Why): string {
  const base = bases.at(-1)!.measurement;
  const best = [...bases].sort((a, b) => b.measurement.summary.pass_at_1 - a.measurement.summary.pass_at_1)[0]!;
  const minutes = zeros.map(
    ({ seed, at1 }) => `${((at1.measurement.training?.seconds ?? 0) / 60).toFixed(1)} (seed ${seed})`,
  );
  return `## The growth that \`npm start\` shows

The shipped base, reinforced for minutes at the scale \`tiny\`; ${settings.problems} held-out problems of its mixture, one answer to each at
temperature 1 unless said. ± is one standard error over problems. Training took ${minutes.join(", ")} minutes, evaluation as it ran included.

${answerTable([...bases, ...zeros.flatMap(({ at1, cooler }) => [at1, cooler]), ...tuned])}

A random legal answer is right ${percent(base.summary.chance)} of the time. The base is at its best at temperature ${best.measurement.sampling.temperature}:
${percent(best.measurement.summary.pass_at_1)}. "sft" is the same base fine-tuned on clean worked solutions of training problems (\`reckon train sft\`): what one
gets who already has the solutions. "First try", "retry" and "re-check" are read off the thinking by arithmetic, not by its own verdicts.

Coverage, pass@k, of ${settings.samples} answers to each of the first ${Math.ceil(settings.problems / 2)} problems:

${coverageTable([{ ...baseCoverage, name: "base" }, ...zeros.map(({ seed, coverage }) => ({ ...coverage, name: `zero seed ${seed}` }))], settings.samples)}

${rungTable(
  bases.at(-1)!,
  zeros.map(({ at1 }) => at1),
)}

Elementary skills inside countdown searches:

${skillTable([bases.at(-1)!, ...zeros.map(({ at1 }) => at1)])}

${floorTable([baseFloor(base), ...zeros.flatMap(({ seed, at1 }) => floorsOf(seed, base, at1.measurement))], why)}
`;
}

function baseFloor({ summary }: Measurement): Floor {
  return shareFloor("base: strict format", 0.6, [summary.format]);
}

function floorsOf(seed: number, base: Measurement, zero: Measurement): Floor[] {
  const [b, z] = [base.summary, zero.summary];
  const times = (of: (s: typeof z) => number): number[] => [of(z) / of(b)];
  const of = (what: string): string => `seed ${seed}: ${what}`;
  return [
    atLeast(of("right given format rises"), 0.15, [z.accuracy_given_format - b.accuracy_given_format], POINTS),
    atLeast(
      of("share right over the base's"),
      2,
      times((s) => s.pass_at_1),
      TIMES,
    ),
    atLeast(
      of("mean tokens over the base's"),
      1.6,
      times((s) => s.tokens_mean),
      TIMES,
    ),
    shareFloor(of("answers with a retry or re-check"), 0.3, [z.recheck_share]),
    shareFloor(of("right after a wrong first try"), 1 / 3, [z.recovered]),
    shareFloor(of("strict format"), 0.95, [z.format]),
  ];
}

/** What answers are like, a model a row. */
export function answerTable(rows: readonly Row[]): string {
  return markdown(
    [
      "model",
      "right",
      "format",
      "right given format",
      "tokens (right / wrong)",
      "retry or re-check",
      "went on after a wrong first try",
      "of these right",
    ],
    rows.map(({ name, measurement: { summary: s } }) => [
      name,
      `${percent(s.pass_at_1)} ± ${percent(s.se)}`,
      percent(s.format),
      percent(s.accuracy_given_format),
      `${s.tokens_mean.toFixed(1)} (${s.tokens_right.toFixed(1)} / ${s.tokens_wrong.toFixed(1)})`,
      percent(s.recheck_share),
      percent(s.went_on_share),
      percent(s.recovered),
    ]),
  );
}

export function coverageTable(rows: readonly Row[], samples: number): string {
  const ks = Array.from({ length: Math.floor(Math.log2(samples)) + 1 }, (_, i) => String(2 ** i));
  return markdown(
    ["model", ...ks.map((k) => `@${k}`)],
    rows.map(({ name, measurement }) => [
      name,
      ...ks.map((k) => percent(measurement.summary.pass_at_k[k] ?? Number.NaN)),
    ]),
  );
}

function rungTable(base: Row, others: readonly Row[]): string {
  return markdown(
    ["family and level", "problems", "chance", ...[base, ...others].map(({ name }) => `${name}: right (tokens)`)],
    base.measurement.summary.by_family_level.map((rung) => [
      `${rung.family} ${rung.level}`,
      String(rung.n),
      percent(rung.chance),
      ...[base, ...others].map(({ measurement }) => {
        const same = measurement.summary.by_family_level.find(
          (r) => r.family === rung.family && r.level === rung.level,
        );
        return same ? `${percent(same.accuracy)} (${same.tokens_mean.toFixed(0)})` : "–";
      }),
    ]),
  );
}

function skillTable(rows: readonly Row[]): string {
  return markdown(
    ["model", "attempts", "equation right", "numbers legal", "verdict right", "“yes”", "false among “yes”", "repeats"],
    rows.map(({ name, measurement: { skills } }) => {
      const share = (x: number, of = skills.attempts): string => (of === 0 ? "–" : percent(x / of));
      return [
        name,
        String(skills.attempts),
        share(skills.equationRight),
        share(skills.numbersLegal),
        share(skills.verdictRight),
        share(skills.yes),
        share(skills.falseYes, skills.yes),
        share(skills.repeats),
      ];
    }),
  );
}
