/** What may be done to a chain once it is written, with a record of how much of it was left. */
import type { Random } from "../../util/random.ts";
import { writerOf } from "../corpus/writers.ts";
import { getTask } from "../registry.ts";
import type { Problem } from "../task.ts";
import type { Draft, DraftLine } from "./write.ts";

export type Defect =
  | "slip"
  | "caught"
  | "direct"
  | "mixed"
  | "foreign"
  | "gaps"
  | "repeats"
  | "disorder"
  | "jump"
  | "gave-up";

export interface Spoilt {
  readonly lines: readonly DraftLine[];
  readonly answer: string;
  readonly defects: readonly Defect[];
  /** Share of the lines that were kept. */
  readonly kept: number;
  /** Share of the lines that follow the one that they should. */
  readonly ordered: number;
  /** Lines that were needed over lines that stand there. */
  readonly needed: number;
}

/** Share of chains that each is done to, where there are lines enough. */
const GAPS = 0.16;
const DISORDER = 0.13;
const REPEATS = 0.16;
const JUMP = 0.05;
/** Least lines of a chain that can be left out, or put out of order. */
const ENOUGH = 3;

export function spoil(draft: Draft, problem: Problem, random: Random): Spoilt {
  const defects: Defect[] = [];
  if (draft.gaveUp) defects.push("gave-up");
  else if (draft.hand !== "careful") defects.push(draft.hand);
  if (draft.lines.length > 0 && draft.tongue === "mixed") defects.push("mixed");
  else if (draft.lines.length > 0 && draft.tongue !== problem.language) defects.push("foreign");
  const written = draft.lines.map((line, place) => ({ ...line, place }));
  let lines = written;
  if (lines.length >= ENOUGH && random.chance(GAPS)) {
    defects.push("gaps");
    const whole = lines;
    lines = leaveOut(lines, random);
    // The line that was wrong may be gone; then what rests on it is wrong, the conclusion at the latest.
    const hidden = draft.hand === "slip" && whole.some((line) => !line.right) && lines.every((line) => line.right);
    if (hidden) lines = lines.map((line, i) => (i < lines.length - 1 ? line : { ...line, right: false }));
  }
  const kept = lines.length;
  let ordered = 1;
  if (lines.length >= ENOUGH && random.chance(DISORDER)) {
    const before = lines;
    lines = random.shuffle(before);
    const next = new Map(before.map((line, i) => [line, before[i + 1]]));
    const follows = lines.filter((line, i) => i > 0 && next.get(lines[i - 1]!) === line).length;
    ordered = follows / (lines.length - 1);
    if (ordered < 1) defects.push("disorder");
  }
  if (lines.length > 0 && random.chance(REPEATS)) {
    defects.push("repeats");
    lines = sayAgain(lines, random);
  }
  let { answer } = draft;
  if (lines.length > 0 && random.chance(JUMP)) {
    const guess = writerOf(getTask(problem.family)).guess(problem.facts, random);
    if (guess !== answer) defects.push("jump");
    answer = guess;
  }
  return {
    lines: lines.map(({ text, right }) => ({ text, right })),
    answer,
    defects,
    kept: written.length === 0 ? 0 : kept / written.length,
    ordered,
    needed: lines.length === 0 ? 1 : kept / lines.length,
  };
}

/** Leaves a third to two thirds of the lines out, never the last. */
function leaveOut<T>(lines: readonly T[], random: Random): T[] {
  const less = Math.max(1, Math.round((lines.length - 1) * (1 / 3 + random.next() / 3)));
  const gone = new Set(random.shuffle(lines.slice(0, -1)).slice(0, less));
  return lines.filter((line) => !gone.has(line));
}

/** Says a stretch of the lines again, once or up to three times, right after it. */
export function sayAgain<T>(lines: readonly T[], random: Random): T[] {
  const length = random.int(Math.ceil(lines.length / 3), lines.length);
  const from = random.int(0, lines.length - length);
  const stretch = lines.slice(from, from + length);
  const times = random.int(1, length < 3 ? 3 : 2);
  return [
    ...lines.slice(0, from + length),
    ...Array.from({ length: times }, () => stretch).flat(),
    ...lines.slice(from + length),
  ];
}
