/** The words and tables of distillation against reinforcement. */
import { computeRatio } from "../../recipes/distil-control.ts";
import { READ } from "../../recipes/estimate.ts";
import type { Scale } from "../../recipes/index.ts";
import { mean, meanError } from "../../util/statistics.ts";
import { type Distil, type DistilSeed, isEqual, MOST } from "./distil.ts";
import { rate } from "./figures.ts";
import {
  extentFloor,
  type Floor,
  figure,
  floorTable,
  markdown,
  percent,
  pointsFrom,
  shareFloor,
  type Why,
} from "./markdown.ts";
import type { Measurement } from "./record.ts";
import { difference, format, meanValue, operations, points, pointsWithInterval } from "./stage-figures.ts";

export function distilSection(distil: Distil, why: Why): string {
  const { settings, teacher, seeds } = distil;
  const size = (m: Measurement): string => `${(m.parameters / 1e6).toFixed(2)} million`;
  return `## Distillation, and reinforcement of the student itself

At the scale \`${settings.scale}\`, seeds ${settings.seeds.join(", ")}, ${settings.problems.length} held-out problems, one answer at temperature 1. The teacher, the shipped zero,
has ${size(teacher)} parameters, the student ${size(seeds[0]!.student)}. In each seed one student base is fine-tuned on the teacher's right
answers to training problems, and reinforced with rule rewards for as many operations; ± is one standard error over seeds.${CHOSEN[settings.scale]}

${markdown(
  ["model", "right", "each seed", "format", "tokens of an answer", "right / wrong"],
  [
    row(
      "student base",
      seeds.map(({ base }) => base),
    ),
    row(
      "distilled student",
      seeds.map(({ student }) => student),
    ),
    row(
      "reinforced student",
      seeds.map(({ reinforced }) => reinforced),
    ),
    row("teacher", [teacher]),
  ],
)}

${advantageWords(distil)}

### What it took

Operations by 6 a parameter and trained token, 2 a sampled one. What is equal is what the student and its reinforcement take beyond their base, which
is the same for both. Teacher and bases stand beside it: whoever has no teacher yet pays for it, too.

${computeTable(distil)}

### Floors

${floorTable(floorsOf(distil), why)}
`;
}

/** How settings were chosen. */
const CHOSEN: Readonly<Record<Scale, string>> = {
  tiny: "",
  small: `
Optimiser and rate of either were looked for with seed 0, on problems of which some are among these
([decision 008](decisions/008-distillation.md)); the other seeds had no part in it.`,
};

function row(name: string, list: readonly Measurement[]): string[] {
  const shares = list.map(({ summary }) => summary.pass_at_1);
  const { mean: share, error } = meanError(shares);
  const over = (of: (m: Measurement) => number): number => mean(list.map(of));
  return [
    name,
    Number.isFinite(error) ? `${percent(share)} ± ${percent(error)}` : percent(share),
    shares.map(percent).join(", "),
    percent(over((m) => meanValue(m, format))),
    figure(
      over((m) => m.summary.tokens_mean),
      1,
    ),
    `${figure(
      over((m) => m.summary.tokens_right),
      1,
    )} / ${figure(
      over((m) => m.summary.tokens_wrong),
      1,
    )}`,
  ];
}

/** How much more the distilled student gets right, seed by seed. */
function gains(seeds: readonly DistilSeed[]): number[] {
  return seeds.map(({ student, reinforced }) => student.summary.pass_at_1 - reinforced.summary.pass_at_1);
}

/** Both of problems, by the bootstrap, and of seeds, by two standard errors of so few of them, must say so. */
function advantageWords({ seeds, teacher }: Distil): string {
  const found = difference(
    seeds.map(({ student, reinforced }) => [student, reinforced] as const),
    rate,
    "distil",
  );
  const { mean: gain, error } = meanError(gains(seeds));
  const sure = Math.abs(gain) > 2 * error;
  const said = !Number.isFinite(error)
    ? "One seed cannot tell distillation from the student's own reinforcement in other seeds; in this one the difference is"
    : sure && found.low > 0
      ? "Distillation gives more than the student's own reinforcement, as in DeepSeek-R1:"
      : sure && found.high < 0
        ? "**The student's own reinforcement gives more than distillation**, other than in DeepSeek-R1:"
        : "Distillation and the student's own reinforcement cannot be told apart by this:";
  const behind = difference(
    seeds.map(({ student }) => [student, teacher] as const),
    rate,
    "distil teacher",
  );
  return `${said} ${pointsWithInterval(found)} points, 95 % interval by bootstrap over seeds and problems, paired by problem. From the
teacher to the distilled student it is ${pointsWithInterval(behind)} points.`;
}

function computeTable({ seeds, teacher, teacherBase }: Distil): string {
  return markdown(
    [
      "seed",
      "traces",
      "student",
      "its reinforcement",
      "reinforcement / student",
      "base of both",
      "teacher's sampling",
      "teacher's reinforcement",
      "teacher's base",
    ],
    seeds.map(({ seed, base, student, reinforced, data }) => [
      String(seed),
      `${data.counts.kept} of ${data.counts.sampled} answers`,
      operations(student.training?.flops ?? Number.NaN),
      operations(reinforced.training?.flops ?? Number.NaN),
      `${figure(ratio({ student, reinforced }), 2)} ×`,
      operations(base.training?.flops ?? Number.NaN),
      operations(READ * teacher.parameters * data.sampledTokens),
      operations(teacher.training?.flops ?? Number.NaN),
      operations(teacherBase.flops),
    ]),
  );
}

function ratio({ student, reinforced }: Pick<DistilSeed, "student" | "reinforced">): number {
  return computeRatio(reinforced.training!, student.training!);
}

function floorsOf({ settings: { scale, problems }, seeds, teacher }: Distil): Floor[] {
  const kept = seeds.map(({ data }) => data.counts.kept);
  const shares = seeds.map(({ student }) => student.summary.pass_at_1 / teacher.summary.pass_at_1);
  const { mean: gain, error } = meanError(gains(seeds));
  const ratios = seeds.map(ratio);
  return [
    extentFloor(scale, problems.length),
    { what: "seeds", wanted: "3", got: String(seeds.length), met: seeds.length >= 3 },
    { what: "traces, each seed", wanted: "≥ 10000", got: kept.join(", "), met: Math.min(...kept) >= 10_000 },
    shareFloor("distilled student over teacher, right answers, each seed", 0.85, shares),
    {
      what: "above the reinforced student by more than two standard errors over seeds",
      wanted: Number.isFinite(error) ? `> ${points(2 * error)} points` : "> 2 errors, of which one seed has none",
      got: `${points(gain)} points`,
      met: gain > 2 * error,
      ...pointsFrom(gain - 2 * error),
    },
    {
      what: "the control's operations over the student's, each seed",
      wanted: `1 to ${MOST}`,
      got: ratios.map((x) => figure(x, 2)).join(", "),
      met: ratios.every(isEqual),
    },
  ];
}
