/** docs/evidence.md, from whatever has been measured. */
import { checkReasons, type Reasons } from "../bench/reasons.ts";
import type { Distil } from "./distil.ts";
import { distilSection } from "./distil-section.ts";
import type { Growth } from "./growth.ts";
import { growthSection } from "./growth.ts";
import type { Why } from "./markdown.ts";
import { type Mixing, mixingSection } from "./mixing.ts";
import type { O1 } from "./o1.ts";
import { o1Section } from "./o1-section.ts";
import type { R1 } from "./r1.ts";
import { r1Section } from "./r1-section.ts";
import type { Small } from "./small.ts";
import { smallSection } from "./small-section.ts";
import { type Sweeps, sweepSection } from "./sweeps.ts";
import { type TestTime, testTimeSection } from "./test-time.ts";
import { type Thinking, thinkingSection } from "./thinking.ts";

export interface Parts {
  readonly growth: Growth | undefined;
  readonly small: Small | undefined;
  readonly "test-time": TestTime | undefined;
  readonly sweeps: Sweeps | undefined;
  readonly r1: R1 | undefined;
  readonly mixing: Mixing | undefined;
  readonly distil: Distil | undefined;
  readonly o1: O1 | undefined;
  readonly thinking: Thinking | undefined;
}

export interface ReportFacts {
  readonly command: string;
  /** Commits and machines of the measurements, in words. */
  readonly measured: readonly string[];
  /** Why floors are missed, by their names. */
  readonly reasons: Reasons;
}

/**
 * What has been measured, part by part, and in one line what has not.
 * @throws ReckonError BENCH_REASONS where a reason stands beside no floor, once all floors are known
 */
export function evidenceReport(parts: Parts, { command, measured, reasons }: ReportFacts): string {
  const floors = new Set<string>();
  const why: Why = (floor) => {
    floors.add(floor);
    return reasons[floor];
  };
  const sections: Readonly<Record<keyof Parts, string | undefined>> = {
    small: parts.small && smallSection(parts.small, why),
    "test-time": parts["test-time"] && testTimeSection(parts["test-time"], why),
    sweeps: parts.sweeps && sweepSection(parts.sweeps),
    r1: parts.r1 && r1Section(parts.r1, why, parts.o1),
    mixing: parts.mixing && mixingSection(parts.mixing),
    distil: parts.distil && distilSection(parts.distil, why),
    o1: parts.o1 && o1Section(parts.o1, why),
    thinking: parts.thinking && thinkingSection(parts.thinking),
    growth: parts.growth && growthSection(parts.growth, why),
  };
  const missing = Object.entries(sections).flatMap(([name, section]) => (section === undefined ? [name] : []));
  if (missing.length === 0) checkReasons(reasons, [...floors]);
  return `# Evidence: what each way of training gives

Written by \`${command}\` from the records in [bench/results/evidence](../bench/results/evidence), measured with ${measured.join("; ") || "nothing yet"}.
What has a record is read, what has none is trained and measured; \`--fresh\` measures again. Problems are held out by their canonical form, so none
of them is a training problem in the other language or in another order of what may change places (terms and factors, numbers, statements,
times), a maze mirrored or turned, or, from four people on, knights and liars under other names; with three people, of whom there are too few
problems, such twins may stand in training, and so may the way back of a cipher or of reversed letters, which is another problem.
At most 256 new tokens; what is cut counts as wrong. "Right" is always with the strict format. [Words](README.md#words) explains the terms.

${contents(Object.values(sections).flatMap((section) => section ?? []))}

${[...Object.values(sections).flatMap((section) => section ?? []), ...notMeasured(missing)].join("\n")}`;
}

/** The sections, with links. */
function contents(sections: readonly string[]): string {
  return sections
    .flatMap((section) => /^## (.+)$/m.exec(section)?.[1] ?? [])
    .map((heading) => `- [${heading.replaceAll("`", "")}](#${anchor(heading)})`)
    .join("\n");
}

/** As GitHub makes them of headings. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

/** Headings of sections that an older report has and a newer one has not: their records are gone, or of another making. */
export function lostSections(before: string, now: string): string[] {
  const headings = (text: string): string[] => [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);
  const kept = new Set(headings(now));
  return headings(before).filter((heading) => !kept.has(heading) && heading !== NOT_MEASURED);
}

const NOT_MEASURED = "Not measured yet";

function notMeasured(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`## ${NOT_MEASURED}\n\n${names.join(", ")}: \`npm run reckon -- evidence --parts ${names.join(",")}\`.\n`];
}
