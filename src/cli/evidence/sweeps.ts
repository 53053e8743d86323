/**
 * What changes when one setting of reinforcement changes: runs at the scale `tiny` from the shipped base, the same number of
 * answers a step in each, in several seeds, on the problems of the growth.
 */
import { CURRICULUM } from "../../recipes/r1-zero.ts";
import { mean } from "../../util/statistics.ts";
import { heldOutProblems } from "../evaluation.ts";
import type { Collection } from "./collection.ts";
import { rate } from "./figures.ts";
import { figure, markdown, percent } from "./markdown.ts";
import type { Measurement } from "./record.ts";
import { difference, points, pointsWithInterval, signed, type Value } from "./stage-figures.ts";

export interface SweepSettings {
  readonly base: string;
  readonly seeds: readonly number[];
  readonly problems: number;
}

interface Variant {
  readonly name: string;
  readonly set: readonly string[];
}

/** The first is what the recipe does: token-level normalisation (DAPO's), four updates a rollout, no KL, 16 prompts × 16. */
export const VARIANTS: readonly Variant[] = [
  { name: "as shipped (dapo)", set: [] },
  { name: "GRPO's normalisation", set: ["normalisation=grpo"] },
  { name: "Dr. GRPO", set: ["normalisation=dr_grpo", "rewardScale=none"] },
  { name: "one update a rollout", set: ["miniBatches=1"] },
  { name: "KL .02 to the base", set: ["klWeight=0.02"] },
  { name: "a curriculum", set: [`curriculum=${JSON.stringify(CURRICULUM)}`] },
  { name: "groups of 8", set: ["promptsPerStep=32", "samplesPerPrompt=8"] },
  { name: "groups of 4", set: ["promptsPerStep=64", "samplesPerPrompt=4"] },
];

export interface Sweeps {
  readonly settings: SweepSettings;
  readonly rows: readonly { readonly variant: Variant; readonly measurements: readonly Measurement[] }[];
}

export async function collectSweeps(collection: Collection, settings: SweepSettings): Promise<Sweeps> {
  const base = await collection.shipped(settings.base);
  const problems = heldOutProblems(settings.problems);
  const rows: { variant: Variant; measurements: Measurement[] }[] = VARIANTS.map((variant) => ({
    variant,
    measurements: [],
  }));
  // Seed by seed, so that an interrupted sweep is whole for its first seeds.
  for (const seed of settings.seeds) {
    for (const { variant, measurements } of rows) {
      const slug = variant.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
      const run = variant.set.length === 0 ? `growth-zero-${seed}` : `sweep-${slug}-${seed}`;
      const model = await collection.trained(run, "r1-zero", { scale: "tiny", seed, from: base, set: variant.set });
      measurements.push(
        await collection.measure(`sweep ${slug} ${seed}`, model, problems, { temperature: 1, samples: 1 }),
      );
    }
  }
  return { settings, rows };
}

export function sweepSection({ settings, rows }: Sweeps): string {
  const shipped = rows[0]!.measurements;
  return `## What single settings change

Reinforcement of the shipped base at the scale \`tiny\`, 256 answers a step in every row, ${settings.seeds.length} seeds (${settings.seeds.join(", ")}), ${settings.problems} held-out problems at
temperature 1. The difference from what is shipped is paired by seed and problem, with its 95 % interval by bootstrap over both. So few seeds
say little about other seeds: where the seeds disagree, nothing is settled.

${markdown(
  [
    "setting",
    "right",
    "difference in points",
    "each seed",
    "right on the way",
    "mixed groups",
    "format",
    "tokens of right answers",
    "of wrong ones",
    "minutes",
  ],
  rows.map(({ variant, measurements }, i) => {
    const over = (of: (m: Measurement) => number): number => mean(measurements.map(of));
    const gaps = measurements.map((m, n) => m.summary.pass_at_1 - shipped[n]!.summary.pass_at_1);
    const pairs = measurements.map((m, n) => [m, shipped[n]!] as const);
    return [
      variant.name,
      percent(over((m) => m.summary.pass_at_1)),
      i === 0 ? "" : pointsWithInterval(difference(pairs, rate, variant.name)),
      i === 0 ? measurements.map((m) => percent(m.summary.pass_at_1)).join(", ") : gaps.map(points).join(", "),
      percent(over(onTheWay)),
      percent(over((m) => m.training?.mixed ?? Number.NaN)),
      percent(over((m) => m.summary.format)),
      over((m) => m.summary.tokens_right).toFixed(1),
      over((m) => m.summary.tokens_wrong).toFixed(1),
      figure(over((m) => m.training?.seconds ?? Number.NaN) / 60, 1),
    ];
  }),
)}

"On the way" is the mean of the evaluations before the last one: who rises sooner has more of it. Mixed groups are those of a mean score
from 5 to 95 %, of which something can be learnt; a curriculum is to keep many of them.

${lengthWords(rows)}
`;
}

/** Mean share right of the evaluations during training, those of the base and of the end left out. */
function onTheWay({ training }: Measurement): number {
  const between = (training?.curve ?? []).slice(1, -1);
  return between.length === 0 ? Number.NaN : mean(between.map(({ accuracy }) => accuracy));
}

/**
 * The lengths of GRPO's answers beside Dr. GRPO's (Liu et al. 2025, arXiv 2503.20783), which is said to keep wrong answers
 * shorter: on the same problems, since which ones are right differs too.
 */
function lengthWords(rows: Sweeps["rows"]): string {
  const of = (name: string) => rows.find(({ variant }) => variant.name === name)!.measurements;
  const [grpo, doctor] = [of("GRPO's normalisation"), of("Dr. GRPO")];
  const apart = (right: number): string => {
    const pairs = doctor.map((m, seed) => [m, grpo[seed]!] as const);
    const tokens: Value = (m, problem) => (m.right[problem] === right ? m.tokens[problem]! : null);
    const { a, b, low, high } = difference(pairs, tokens, `length ${right}`);
    return Number.isFinite(a) ? `${signed(a - b)} (${signed(low)} to ${signed(high)})` : "none such";
  };
  return `Dr. GRPO's answers against GRPO's, in tokens, on problems that both have right in every seed: ${apart(1)}; on those that both have wrong: ${apart(0)}.`;
}
