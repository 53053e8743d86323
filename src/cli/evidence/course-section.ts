/** How the stages of R1 went: their minutes, their judges, and what these gave while the policy was reinforced. */
import type { Scale } from "../../recipes/index.ts";
import { inParts, mean } from "../../util/statistics.ts";
import type { StageCourse } from "./course.ts";
import { judgeTable, reliabilityTable } from "./judge-tables.ts";
import { atMost, type Floor, figure, markdown, percent } from "./markdown.ts";
import type { R1, R1Seed } from "./r1.ts";
import type { OpinionStep } from "./record.ts";

/** Most minutes that the whole recipe may take, from the shipped base and R1-Zero. */
const MINUTES: Readonly<Record<Scale, number>> = { tiny: 6, small: 120 };

const minutes = (course: readonly StageCourse[]): number => course.reduce((sum, { seconds }) => sum + seconds, 0) / 60;

export function courseFloors({ settings: { scale }, seeds, tiny }: R1): Floor[] {
  const floor = (of: Scale, what: string, courses: readonly (readonly StageCourse[])[]): Floor =>
    atMost(`R1 at the scale ${of}: minutes of the whole recipe${what}`, MINUTES[of], courses.map(minutes), {
      say: (x) => figure(x, 1),
      gap: (x) => `${figure(x, 1)} minutes`,
    });
  const looked = seeds.map(({ course }) => course);
  return [floor(scale, ", each seed", looked), ...(tiny === undefined ? [] : [floor("tiny", "", [tiny])])];
}

export function courseWords({ seeds }: R1): string {
  const judges = seeds.flatMap(({ seed, course }) =>
    course.flatMap(({ stage, judge }) => (judge === undefined ? [] : [{ called: `${stage}, seed ${seed}`, judge }])),
  );
  return `### Minutes and judges

Wall-clock minutes of each stage on this machine, evaluations as it went included:

${minutesTable(seeds)}

The two judges of taste on their held-out part, made by rule as their training data are:

${judgeTable("judge", judges)}

${reliabilityTable("judge", judges)}

R1 was not trained without these judges, so what they bring by themselves is not known. Below are their ratings from the step on at which they count, beside the
share of all answers that the verifiers find right; did it fall while the ratings rise, the judges would be played:

${opinionTable(seeds)}`;
}

function minutesTable(seeds: readonly R1Seed[]): string {
  const stages = seeds[0]!.course.map(({ stage }) => stage);
  return markdown(
    ["seed", ...stages, "together"],
    seeds.map(({ seed, course }) => [
      String(seed),
      ...stages.map((name) => figure(minutes(course.filter(({ stage }) => stage === name)), 1)),
      figure(minutes(course), 1),
    ]),
  );
}

/** Stretches of a run that are told. */
const STRETCHES = 3;

function opinionTable(seeds: readonly R1Seed[]): string {
  const rows = seeds.flatMap(({ seed, course }) =>
    course.flatMap(({ opinions = [] }) => inParts(opinions, STRETCHES).map((steps) => ({ seed, steps }))),
  );
  const names = [...new Set(rows.flatMap(({ steps }) => steps.flatMap(({ opinions }) => Object.keys(opinions))))];
  const over = (steps: readonly OpinionStep[], of: (step: OpinionStep) => number | undefined): number => {
    const known = steps.flatMap((step) => of(step) ?? []);
    return known.length === 0 ? Number.NaN : mean(known);
  };
  return markdown(
    ["seed", "steps", ...names, "right"],
    rows.map(({ seed, steps }) => [
      String(seed),
      `${steps[0]!.step}–${steps.at(-1)!.step}`,
      ...names.map((name) =>
        figure(
          over(steps, ({ opinions }) => opinions[name]),
          3,
        ),
      ),
      percent(over(steps, ({ accuracy }) => accuracy)),
    ]),
  );
}
