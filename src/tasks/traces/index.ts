/**
 * Traces: prompts with a worked chain of thought and its answer, one JSON object a line. What rejection sampling writes,
 * fine-tuning and distillation read, and people bring of their own; with ratings, what reward models learn from.
 *
 * What is wrong with a row is said with its line's number, so that a file can be mended; reading the file is the caller's.
 */
import { SPECIAL_TOKENS } from "../format.ts";
import { numberedLines, readObject } from "../numbered-lines.ts";
import type { Language } from "../task.ts";
import { LANGUAGES } from "../trace/words.ts";

/** What a judge of a whole chain of thought looks at, each rated from 1 (poor) to 5 (excellent). */
export const RATING_ASPECTS = ["correctness", "clarity", "coherence", "completeness", "efficiency"] as const;
export type RatingAspect = (typeof RATING_ASPECTS)[number];

/** Of a thought only: without any there is nothing to read, or to follow. */
const OF_THOUGHTS: readonly RatingAspect[] = ["clarity", "coherence"];

/** The aspects that are to be rated. */
export function aspectsOf(thinking: string): readonly RatingAspect[] {
  return thinking === "" ? RATING_ASPECTS.filter((aspect) => !OF_THOUGHTS.includes(aspect)) : RATING_ASPECTS;
}
export type Ratings = Readonly<Partial<Record<RatingAspect, number>>>;

export interface Trace {
  /** Unique in its file. */
  readonly id: string;
  readonly prompt: string;
  /** What stands between the think tags; "" where the answer is given at once. */
  readonly thinking: string;
  readonly answer: string;
  /** The problem's family, level and facts, where an answer can be verified. */
  readonly family?: string;
  readonly level?: number;
  readonly facts?: unknown;
  /** Language of the prompt. */
  readonly language?: Language;
  /** The verifier's score of the answer, 0..1; of preferences (../preferences) 1 for what is preferred, else 0. */
  readonly score?: number;
  readonly ratings?: Ratings;
  /**
   * Of the first lines of the thinking, in order: 1 for a right one, 0 for a wrong one, or a share between. Given up to the
   * first error (arXiv 2305.20050); nothing is said of the lines after the last one.
   */
  readonly steps?: readonly number[];
  /** Who wrote it: a model's name, `corpus`, a person. */
  readonly source?: string;
}

export interface TraceFault {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

/** Longest prompt, thinking and answer, in UTF-16 code units: far more than any model here can read. */
const LONGEST = { prompt: 10_000, thinking: 200_000, answer: 10_000 } as const;

/** Reads a file's text; empty lines are passed over, broken rows are named. Never throws. */
export function readTraces(text: string): { readonly traces: Trace[]; readonly faults: TraceFault[] } {
  const traces: Trace[] = [];
  const faults: TraceFault[] = [];
  const lines = new Map<string, number>();
  for (const { line, source } of numberedLines(text)) {
    const trace = readTrace(source, line);
    if (typeof trace === "string") faults.push({ line, reason: trace });
    else if (lines.has(trace.id)) faults.push({ line, reason: `the id of line ${lines.get(trace.id)} again` });
    else {
      lines.set(trace.id, line);
      traces.push(trace);
    }
  }
  return { traces, faults };
}

/** The lines of a file, each with its end. */
export function traceLines(traces: readonly Trace[]): string {
  return traces.map((trace) => `${JSON.stringify(trace)}\n`).join("");
}

function readTrace(source: string, line: number): Trace | string {
  const row = readObject(source);
  if (typeof row === "string") return row;
  const { id = `line-${line}`, family, level, language, score, source: writer, ratings, steps } = row;
  if (typeof id !== "string" || id === "") return "id is no text";
  const fault = textFault(row) ?? ratingsFault(ratings) ?? stepsFault(steps, row["thinking"] as string);
  if (fault !== undefined) return fault;
  if (family !== undefined && typeof family !== "string") return "family is no text";
  if (level !== undefined && !(Number.isInteger(level) && (level as number) >= 0)) return "level is no whole number";
  if (language !== undefined && !LANGUAGES.some((known) => known === language)) {
    return `language is none of ${LANGUAGES.join(", ")}`;
  }
  if (score !== undefined && !(typeof score === "number" && score >= 0 && score <= 1))
    return "score is not from 0 to 1";
  if (writer !== undefined && typeof writer !== "string") return "source is no text";
  return { ...row, id } as unknown as Trace;
}

function textFault(row: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ["prompt", "thinking", "answer"] as const) {
    const text = row[name];
    if (typeof text !== "string") return `${name} ${text === undefined ? "is missing" : "is no text"}`;
    if (name !== "thinking" && text.trim() === "") return `${name} is empty`;
    if (text.length > LONGEST[name]) return `${name} is longer than ${LONGEST[name]} characters`;
    const token = SPECIAL_TOKENS.find((special) => text.includes(special));
    if (token !== undefined) return `${name} contains the special token ${token}`;
    if (!text.isWellFormed()) return `half of a surrogate pair in ${name}`;
  }
  return undefined;
}

function ratingsFault(ratings: unknown): string | undefined {
  if (ratings === undefined) return undefined;
  if (typeof ratings !== "object" || ratings === null || Array.isArray(ratings)) return "ratings are no object";
  for (const [aspect, rating] of Object.entries(ratings)) {
    if (!RATING_ASPECTS.some((known) => known === aspect)) {
      return `ratings.${aspect} is none of ${RATING_ASPECTS.join(", ")}`;
    }
    if (!(typeof rating === "number" && rating >= 1 && rating <= 5)) return `ratings.${aspect} is not from 1 to 5`;
  }
  return undefined;
}

function stepsFault(steps: unknown, thinking: string): string | undefined {
  if (steps === undefined) return undefined;
  if (!Array.isArray(steps)) return "steps are no list";
  if (!steps.every((step) => typeof step === "number" && step >= 0 && step <= 1)) return "a step is not from 0 to 1";
  const lines = thinking === "" ? 0 : thinking.split("\n").length;
  return steps.length > lines ? `${steps.length} steps of ${lines} lines of thinking` : undefined;
}
