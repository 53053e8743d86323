/** docs/evidence.md, from whatever has been measured. */
import type { Distil } from "./distil.ts";
import { distilSection } from "./distil-section.ts";
import type { Growth } from "./growth.ts";
import { growthSection } from "./growth.ts";
import { missing } from "./markdown.ts";
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
  readonly cpu: string;
}

export function evidenceReport(parts: Parts, { command, cpu }: ReportFacts): string {
  return `# Evidence: what reinforcement learning adds

Made by \`${command}\` on ${cpu}, from the records in [bench/results/evidence](../bench/results/evidence): what has a record is read, what has none is
trained and measured, and \`--fresh\` begins anew. Problems are held out by their canonical form, so none
of them is a training problem in the other language or in another order of what may change places (terms and factors, numbers, statements,
times), a maze mirrored or turned, or, from four people on, knights and liars under other names; with three people, of whom there are too few
problems, such twins may stand in training, and so may the way back of a cipher or of reversed letters, which is another problem.
At most 256 new tokens; what is cut counts as wrong. "Right" is always with the strict format.

${parts.small ? smallSection(parts.small) : `## R1-Zero at the scale \`small\`\n\n${missing("small")}\n`}
${parts["test-time"] ? testTimeSection(parts["test-time"]) : `## Compute at test time\n\n${missing("test-time")}\n`}
${parts.sweeps ? sweepSection(parts.sweeps) : `## What single settings change\n\n${missing("sweeps")}\n`}
${parts.r1 ? r1Section(parts.r1) : `## The stages of R1\n\n${missing("r1")}\n`}
${parts.mixing ? mixingSection(parts.mixing) : `## Languages mixed in one thought\n\n${missing("mixing")}\n`}
${parts.distil ? distilSection(parts.distil) : `## Distillation, and reinforcement of the student itself\n\n${missing("distil")}\n`}
${parts.o1 ? o1Section(parts.o1) : `## o1-style against R1-style\n\n${missing("o1")}\n`}
${parts.thinking ? thinkingSection(parts.thinking) : `## Where thinking hurts\n\n${missing("thinking")}\n`}
${parts.growth ? growthSection(parts.growth) : `## The growth that \`npm start\` shows\n\n${missing("growth")}\n`}`;
}
