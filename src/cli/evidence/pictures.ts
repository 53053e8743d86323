/**
 * Pictures of the evidence, as SVG beside the report: what reinforcement gives family by family, and what compute at test
 * time gives. Drawn from the same records as the tables; each says what it shows, so that it can stand alone.
 */
import type { Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import { escaped, FAINT, INK, svg } from "../svg.ts";
import { coverage, familiesOf, overRung, rate, rungsOf } from "./figures.ts";
import { type R1, R1_NAMES, R1_ROWS, type StageAnswers } from "./r1.ts";
import type { Measurement } from "./record.ts";
import type { SeedRows, Small } from "./small.ts";
import { followed, language, meanValue } from "./stage-figures.ts";
import { naturalShares, type TestTime } from "./test-time.ts";

const BASE = "#8c959f";
const ZERO = "#0969da";
const REACH = "#bc4c00";

/** One row a family: the base, the base's best of its tries, and the reinforced model; means over seeds and rungs. */
export function familyPicture(small: Small): string {
  const { problems, first, seeds, settings } = small;
  const over = (list: readonly Problem[], family: string, value: (seed: SeedRows) => (problem: number) => number) => {
    const { rungs } = familiesOf(rungsOf(list), true).find((one) => one.family === family)!;
    return mean(seeds.map((seed) => mean(rungs.map((rung) => overRung(rung, value(seed))))));
  };
  const rated = (m: Measurement) => (problem: number) => rate(m, problem);
  const rows = familiesOf(rungsOf(problems), true)
    .map(({ family, rungs }) => ({
      family,
      chance: mean(rungs.map((rung) => rung.chance)),
      base: over(problems, family, (seed) => rated(seed.bases.at(-1)!.measurement)),
      zero: over(problems, family, (seed) => rated(seed.zero.measurement)),
      reach: over(first.problems, family, (seed) => coverage(seed.baseCoverage.measurement)),
    }))
    .sort((a, b) => b.zero - a.zero);
  const [left, right, top, step] = [110, 640, 62, 18];
  const x = (share: number): string => (left + share * (right - left)).toFixed(1);
  const bottom = top + step * rows.length;
  const dot = (share: number, y: number, color: string, hollow = false): string =>
    `<circle cx="${x(share)}" cy="${y}" r="4.5" fill="${hollow ? "#ffffff" : color}" stroke="${color}" stroke-width="1.5"/>`;
  const legend: readonly (readonly [label: string, color: string, hollow: boolean])[] = [
    ["base", BASE, false],
    ["after reinforcement", ZERO, false],
    [`best of the base's ${settings.samples}`, REACH, true],
  ];
  const title = "Right answers by family, before and after reinforcement";
  return svg({ title, width: right + 20, height: bottom + 34, fontSize: 12 }, [
    text(12, 18, "Right answers by family, one try at temperature 1", 'font-weight="600"'),
    ...legend.flatMap(([label, color, hollow], i) => {
      const at = left + 150 * i;
      return [
        `<circle cx="${at}" cy="38" r="4.5" fill="${hollow ? "#ffffff" : color}" stroke="${color}" stroke-width="1.5"/>`,
        text(at + 10, 42, label),
      ];
    }),
    `<line x1="${left + 450}" y1="32" x2="${left + 450}" y2="44" stroke="${INK}" stroke-width="1.5"/>`,
    text(left + 458, 42, "chance"),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `<line x1="${x(share)}" y1="${top - 8}" x2="${x(share)}" y2="${bottom}" stroke="${FAINT}" stroke-width="0.7"/>`,
      text(Number(x(share)), bottom + 16, `${100 * share} %`, 'text-anchor="middle"'),
    ]),
    ...rows.flatMap(({ family, chance, base, zero, reach }, i) => {
      const y = top + step * i + 2;
      return [
        text(left - 12, y + 4, family, 'text-anchor="end"'),
        `<line x1="${x(base)}" y1="${y}" x2="${x(zero)}" y2="${y}" stroke="${ZERO}" stroke-width="2" opacity="0.35"/>`,
        `<line x1="${x(chance)}" y1="${y - 5}" x2="${x(chance)}" y2="${y + 5}" stroke="${INK}" stroke-width="1.5"/>`,
        dot(reach, y, REACH, true),
        dot(base, y, BASE),
        dot(zero, y, ZERO),
      ];
    }),
  ]);
}

interface Line {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
}

/** Three panels: against the thinking budget, against votes, against forced waits; means over seeds. */
export function testTimePicture(testTime: TestTime): string {
  const { seeds } = testTime;
  const first = seeds[0]!;
  const over = (of: (seed: TestTime["seeds"][number]) => number): number => mean(seeds.map(of));
  const shares = naturalShares(testTime);
  const votes = Object.keys(first.votes);
  const panels: readonly {
    readonly title: string;
    readonly marks: readonly string[];
    readonly lines: readonly Line[];
  }[] = [
    {
      title: "Thinking allowed, times its natural length",
      marks: [...first.budgets.map(({ share }) => String(share)), "free"],
      lines: [
        { label: "all families", color: ZERO, values: shares.all },
        { label: "searches", color: REACH, values: shares.searches },
      ],
    },
    {
      title: "Votes",
      marks: votes,
      lines: [{ label: "all families", color: ZERO, values: votes.map((k) => over((seed) => seed.votes[k]!)) }],
    },
    {
      title: "Times that it had to go on",
      marks: first.waits.map(({ waits }) => String(waits)),
      lines: [
        {
          label: "all families",
          color: ZERO,
          values: first.waits.map((_, i) => over((seed) => seed.waits[i]!.measurement.summary.pass_at_1)),
        },
      ],
    },
  ];
  const [width, height] = [300, 230];
  const title = "Right answers against the thinking budget, votes and waits";
  return svg(
    { title, width: width * panels.length, height, fontSize: 12 },
    panels.map((panel, i) => `<g transform="translate(${width * i},0)">${drawn(panel, width, height)}</g>`),
  );
}

/** Line by line, stage by stage: right answers, thoughts in one language, instructions followed; means over seeds. */
export function stagePicture({ settings, seeds }: R1): string {
  const over = (of: (answers: StageAnswers) => number): number[] =>
    R1_ROWS.map((row) => mean(seeds.map(({ rows }) => of(rows[row]))));
  const lines: readonly Line[] = [
    { label: "right answers", color: ZERO, values: over(({ problems }) => problems.summary.pass_at_1) },
    { label: "one language", color: BASE, values: over(({ problems }) => meanValue(problems, language)) },
    {
      ...{ label: "instructions followed", color: REACH },
      values: over(({ instructions }) => meanValue(instructions, followed)),
    },
  ];
  const marks = R1_ROWS.map((row) => (row === "tune" ? "SFT anew" : R1_NAMES[row]));
  const [width, height] = [620, 260];
  const title = `What each stage of R1 gives, scale ${settings.scale}`;
  return svg({ title, width, height, fontSize: 12 }, [drawn({ title, marks, lines }, width, height, 130)]);
}

function drawn(
  { title, marks, lines }: { title: string; marks: readonly string[]; lines: readonly Line[] },
  width: number,
  height: number,
  /** Of a label in the legend. */
  room = 95,
): string {
  const [left, right, top, bottom] = [48, width - 26, 54, height - 30];
  const x = (i: number): string => (left + (i / Math.max(1, marks.length - 1)) * (right - left)).toFixed(1);
  const y = (share: number): string => (bottom - share * (bottom - top)).toFixed(1);
  return [
    text(left, 18, title, 'font-weight="600"'),
    ...lines.map(({ label, color }, i) => text(left + room * i, 38, label, `fill="${color}"`)),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      `<line x1="${left}" y1="${y(share)}" x2="${right}" y2="${y(share)}" stroke="${FAINT}" stroke-width="0.7"/>`,
      text(left - 6, Number(y(share)) + 4, `${100 * share} %`, 'text-anchor="end"'),
    ]),
    ...marks.map((mark, i) => text(Number(x(i)), bottom + 17, mark, 'text-anchor="middle"')),
    ...lines.flatMap(({ color, values }) => [
      `<polyline points="${values.map((share, i) => `${x(i)},${y(share)}`).join(" ")}" fill="none" stroke="${color}" stroke-width="1.8"/>`,
      ...values.map((share, i) => `<circle cx="${x(i)}" cy="${y(share)}" r="3" fill="${color}"/>`),
    ]),
  ].join("\n");
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${x}" y="${y}"${more === "" ? "" : ` ${more}`}>${escaped(words)}</text>`;
}
