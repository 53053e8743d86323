/**
 * Rows of a data set in JSON lines, one object with a question and its answer a line: GSM8K's `question` and `answer`,
 * MATH's `problem` and `solution`, or fields by other names. What is wrong with a row is said with its line's number.
 */

import { finalAnswer, verifyFinal } from "../final/index.ts";
import { SPECIAL_TOKENS } from "../format.ts";
import { numberedLines, readObject } from "../numbered-lines.ts";
import type { Split } from "../task.ts";

/** Names of the fields; where one is not given, the first of the usual names that a row has. */
export interface RowFields {
  /** Default: `question`, `problem` or `prompt`. */
  readonly question?: string | undefined;
  /** Default: `answer`, `gold` or `solution`. Its final answer counts: after `####`, in the last box, or all of it. */
  readonly answer?: string | undefined;
  /** Default: `level`. A number or a text such as "Level 3"; its values become the ladder, easy to hard. */
  readonly level?: string | undefined;
  /** Default: `split`. `train`, or one of `heldout`, `test`, `validation`, `valid`, `val`, `eval`, `dev`. */
  readonly split?: string | undefined;
}

export interface Row {
  /** Counted from 1. */
  readonly line: number;
  readonly question: string;
  /** The final answer. */
  readonly gold: string;
  /** All of the answer, as the file has it. */
  readonly solution: string;
  readonly level: string | number | null;
  /** Null where the file does not say. */
  readonly split: Split | null;
}

export interface RowFault {
  readonly line: number;
  readonly reason: string;
}

const QUESTIONS = ["question", "problem", "prompt"];
const ANSWERS = ["answer", "gold", "solution"];
const HELD_OUT = new Set(["heldout", "test", "validation", "valid", "val", "eval", "dev"]);

/** Longest question, in UTF-16 code units: as for users' tasks. */
const LONGEST_QUESTION = 10_000;

/** Reads a file's text; empty lines are passed over. Never throws. */
export function readRows(text: string, fields: RowFields = {}): { readonly rows: Row[]; readonly faults: RowFault[] } {
  const rows: Row[] = [];
  const faults: RowFault[] = [];
  const lines = new Map<string, number>();
  for (const { line, source } of numberedLines(text)) {
    const row = readRow(source, line, fields);
    if (typeof row === "string") {
      faults.push({ line, reason: row });
      continue;
    }
    const question = canonicalQuestion(row.question);
    const first = lines.get(question);
    if (first !== undefined) faults.push({ line, reason: `the question of line ${first} again` });
    else {
      lines.set(question, line);
      rows.push(row);
    }
  }
  // Decided by the whole file: a level that most rows name must not be missing from others.
  const levelled = rows.some((row) => row.level !== null);
  const kept = rows.filter((row) => !levelled || row.level !== null);
  for (const row of rows) {
    if (levelled && row.level === null) faults.push({ line: row.line, reason: "no level, where other rows have one" });
  }
  return { rows: kept, faults: faults.sort((a, b) => a.line - b.line) };
}

/** A question's identity: case, white space and how characters are composed do not count. */
export function canonicalQuestion(question: string): string {
  return question.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

function readRow(source: string, line: number, fields: RowFields): Row | string {
  const row = readObject(source);
  if (typeof row === "string") return row;
  const get = (name: string | undefined, usual: readonly string[]): readonly [string, unknown] => {
    const key = name ?? usual.find((candidate) => Object.hasOwn(row, candidate)) ?? usual.join(" or ");
    return [key, Object.hasOwn(row, key) ? row[key] : undefined];
  };

  const [questionName, question] = get(fields.question, QUESTIONS);
  if (typeof question !== "string") return `${questionName} ${question === undefined ? "is missing" : "is no text"}`;
  if (question.trim() === "") return `${questionName} is empty`;
  if (question.length > LONGEST_QUESTION) return `${questionName} is longer than ${LONGEST_QUESTION} characters`;
  const token = SPECIAL_TOKENS.find((special) => question.includes(special));
  if (token !== undefined) return `${questionName} contains the special token ${token}`;

  const [answerName, answer] = get(fields.answer, ANSWERS);
  if (typeof answer !== "string" && typeof answer !== "number") {
    return `${answerName} ${answer === undefined ? "is missing" : "is neither text nor number"}`;
  }
  const gold = finalAnswer(String(answer));
  if (gold === null) return `${answerName} has no final answer: nothing after ####, no closed box, or too long`;
  // A model has to be able to write it, and the verifier to accept it.
  if (SPECIAL_TOKENS.some((special) => gold.includes(special)) || verifyFinal(gold, gold).score !== 1) {
    return `${answerName} has a final answer that cannot be verified`;
  }
  if (!(question + gold).isWellFormed()) return "half of a surrogate pair in the text";

  const level = get(fields.level, ["level"])[1] ?? null;
  if (level !== null && !(typeof level === "string" && level.trim() !== "") && !Number.isFinite(level)) {
    return "level is neither text nor number";
  }
  const split = readSplit(get(fields.split, ["split"])[1]);
  if (split === undefined) return `split is neither train nor ${[...HELD_OUT].join(", ")}`;
  return { line, question, gold, solution: String(answer), level: level as string | number | null, split };
}

function readSplit(value: unknown): Row["split"] | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") return undefined;
  return value === "train" ? "train" : HELD_OUT.has(value) ? "heldout" : undefined;
}
