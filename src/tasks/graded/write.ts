/** How a chain is first written: carefully, with slips that are believed, with slips that are caught, or an answer at once. */
import type { Random } from "../../util/random.ts";
import { type CorpusMix, DEFAULT_MIX } from "../corpus/mix.ts";
import { writerOf } from "../corpus/writers.ts";
import { getTask } from "../registry.ts";
import type { Language, Problem } from "../task.ts";
import { Pen, type Tongue } from "../trace/pen.ts";
import { means } from "../trace/words.ts";

export type Hand = "careful" | "slip" | "caught" | "direct";

/** A line and whether it holds: false where the hand slipped. */
export interface DraftLine {
  readonly text: string;
  readonly right: boolean;
}

export interface Draft {
  readonly hand: Hand;
  readonly tongue: Tongue;
  readonly lines: readonly DraftLine[];
  readonly answer: string;
  /** The writer stopped and guessed. */
  readonly gaveUp: boolean;
}

/** Shares of the hands, and of the tongues that are not the prompt's. */
const HANDS: Readonly<Record<Hand, number>> = { careful: 0.45, slip: 0.32, caught: 0.11, direct: 0.12 };
const MIXED = 0.14;
const FOREIGN = 0.08;
/** Share of answers at once that are right. */
const LUCKY = 0.35;
/** Times that a hand tries to write what it is meant to: some problems leave no room for a slip. */
const TRIES = 24;

const careful: CorpusMix = {
  ...DEFAULT_MIX,
  care: { slip: 0, stumble: 0, stumbleSlip: 0, recheck: 0.15, catch: 0, again: 0, waitWord: 0.5, doubt: 0 },
  search: {
    ...DEFAULT_MIX.search,
    hint: 0.3,
    branchHint: 0.6,
    giveUp: 0,
    slip: 0,
    misjudge: 0,
    recheck: 0.15,
    again: 0,
  },
  musing: { muse: 0, museRight: 1, plainRight: 1 },
};
const slipping: CorpusMix = {
  ...careful,
  care: { ...careful.care, stumble: 1, stumbleSlip: 0.25, recheck: 0 },
  search: { ...careful.search, slip: 0.15, giveUp: 0.08, recheck: 0, catch: 0 },
  musing: { muse: 0.5, museRight: 0, plainRight: 0 },
};
const catching: CorpusMix = {
  ...careful,
  care: { ...careful.care, stumble: 1, stumbleSlip: 0.25, catch: 1 },
  search: { ...careful.search, slip: 0.15, catch: 1 },
  musing: { muse: 1, museRight: 1, plainRight: 1 },
};

/** Writes a chain on a problem; if a hand cannot do what it is meant to, it writes carefully. */
export function writeDraft(problem: Problem, random: Random): Draft {
  const hands = Object.keys(HANDS) as Hand[];
  const hand = random.weighted(hands, Object.values(HANDS));
  return writeBy(hand, problem, drawTongue(problem.language, random), random);
}

/** The same by a given hand, in a given tongue. */
export function writeBy(hand: Hand, problem: Problem, tongue: Tongue, random: Random): Draft {
  const task = getTask(problem.family);
  const right = (answer: string): boolean => task.verify(problem.facts, answer).score === 1;
  if (hand === "direct") {
    const answer = random.chance(LUCKY) ? task.gold(problem.facts) : writerOf(task).guess(problem.facts, random);
    return { hand, tongue, lines: [], answer, gaveUp: false };
  }
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const draft = think(problem, hand, tongue, random);
    const slipped = draft.lines.some((line) => !line.right);
    if (hand === "careful" && right(draft.answer) && !slipped) return draft;
    if (hand === "slip" && !right(draft.answer)) return draft;
    if (hand === "caught" && right(draft.answer) && slipped) return draft;
  }
  // Not right within so many tries, or no slip: the clean solution, which always is.
  const pen = new Pen(random, tongue, 0);
  const { thinking, answer } = writerOf(task).clean(problem.facts, random, problem.language, {});
  for (const text of thinking.split("\n")) pen.line(text);
  return { hand: "careful", tongue: problem.language, lines: linesOf(pen), answer, gaveUp: false };
}

function think(problem: Problem, hand: Exclude<Hand, "direct">, tongue: Tongue, random: Random): Draft {
  const pen = new Pen(random, tongue, 0);
  const mix = { careful, slip: slipping, caught: catching }[hand];
  const answer = writerOf(getTask(problem.family)).think(problem.facts, pen, mix);
  const lines = linesOf(pen);
  const last = lines.at(-1)?.text.split(" ")[0] ?? "";
  const gaveUp = means(last, "guess");
  const wrong = getTask(problem.family).verify(problem.facts, answer).score < 1;
  // Where no value was changed on the way, what is wrong is the conclusion.
  const blamed =
    wrong && !pen.slips.length
      ? lines.map((line, i) => (i < lines.length - 1 ? line : { ...line, right: false }))
      : lines;
  return { hand, tongue, lines: blamed, answer, gaveUp };
}

function linesOf(pen: Pen): DraftLine[] {
  const slips = new Set(pen.slips);
  return pen.text === "" ? [] : pen.text.split("\n").map((text, i) => ({ text, right: !slips.has(i) }));
}

function drawTongue(language: Language, random: Random): Tongue {
  const u = random.next();
  if (u < MIXED) return "mixed";
  if (u < MIXED + FOREIGN) return language === "en" ? "de" : "en";
  return language;
}
