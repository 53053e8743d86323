/**
 * A family from a file: any data set of questions and answers in JSON lines becomes a task that can be trained on,
 * sampled, verified and evaluated. Text in, family out; reading the file is the caller's.
 *
 * Verified by final answers (../final). Held out is what the file's own `split` names, else 1 in 8 by the hash of the
 * family's name and the question, as for other tasks: a family that is to keep its split keeps its name.
 * Chance is 0: nobody knows what a random legal answer to free text would be. For yes-or-no questions that is too low.
 */
import { ReckonError } from "../../util/errors.ts";
import { finalAnswer, verifyFinal } from "../final/index.ts";
import { defineTask, type Language, type Split, type Task } from "../task.ts";
import { canonicalQuestion, type Row, type RowFault, type RowFields, readRows } from "./rows.ts";

export type { Row, RowFault, RowFields } from "./rows.ts";

export interface FileFacts {
  readonly question: string;
  /** The final answer. */
  readonly gold: string;
  /** Where the file names one. */
  readonly split?: Split;
}

export interface FileFamilyOptions {
  /** The family's name. */
  readonly name: string;
  readonly fields?: RowFields | undefined;
  /** What becomes of a file with broken rows: it is refused, or they are left out. Default "refuse". */
  readonly broken?: "refuse" | "skip" | undefined;
  /** Default "en". */
  readonly language?: Language | undefined;
}

export interface FileFamily extends Task<FileFacts> {
  readonly rows: readonly Row[];
  /** Rows that were left out, in the order of their lines. */
  readonly faults: readonly RowFault[];
  /** All of the file's answer to a question, where there is more to it than the final answer. */
  solution(facts: FileFacts): string | undefined;
}

/** More values than these are no levels. */
const MOST_LEVELS = 100;
/** Broken rows that an error names. */
const NAMED_FAULTS = 5;

/**
 * A family of the rows of a JSON-lines text.
 * @throws ReckonError TASK_FILE_ROWS for broken rows (unless they are skipped), no row at all, or more than 100 levels;
 * TASK_INVALID for an unusable name
 */
export function fileFamily(text: string, options: FileFamilyOptions): FileFamily {
  const { name } = options;
  const { rows, faults } = readRows(text, options.fields);
  if (rows.length === 0 || (faults.length > 0 && options.broken !== "skip")) throw brokenRows(name, rows, faults);
  const names = levelNames(rows);
  if (names.length > MOST_LEVELS) {
    throw new ReckonError("TASK_FILE_ROWS", `The rows of ${name} have too many levels.`, {
      expected: `at most ${MOST_LEVELS} different values of level`,
      got: `${names.length}`,
      help: "Name another field as the level, or sort them into fewer.",
    });
  }
  const rungs = names.map((level) => {
    const all = rows.filter((row) => row.level === level);
    // Rows that name their split are known by it: of 5 test rows among 10,000 a draw of any would hardly find one.
    const of = (split: Split): readonly Row[] => all.filter((row) => row.split === null || row.split === split);
    return { all, train: of("train"), heldout: of("heldout") };
  });
  const byQuestion = new Map(rows.map((row) => [canonicalQuestion(row.question), row]));
  const task = defineTask<FileFacts>({
    name,
    ladder: names[0] === null ? {} : { level: names as (string | number)[] },
    levels: names.length,
    language: options.language ?? "en",
    sample(random, level, split) {
      const { all, ...own } = rungs[level]!;
      const wanted = split === undefined ? all : own[split];
      return factsOf(random.pick(wanted.length === 0 ? all : wanted));
    },
    prompt: ({ question }) => question,
    verify: ({ gold }, answer) => verifyFinal(finalOf(gold), answer),
    gold: ({ gold }) => gold,
    canonical: ({ question }) => canonicalQuestion(question),
    heldOut: ({ split }) => (split === undefined ? null : split === "heldout"),
  });
  return {
    ...task,
    rows,
    faults,
    solution(facts) {
      const row = byQuestion.get(canonicalQuestion(facts.question));
      return row === undefined || row.solution.trim() === row.gold ? undefined : row.solution;
    },
  };
}

/** What a row asks, and the split that it names. */
export function factsOf({ question, gold, split }: Pick<Row, "question" | "gold" | "split">): FileFacts {
  return split === null ? { question, gold } : { question, gold, split };
}

/** Facts come from files too, written by anybody. @throws where they hold no final answer */
function finalOf(gold: unknown): string {
  const final = typeof gold === "string" ? finalAnswer(gold) : null;
  if (final !== null) return final;
  throw new ReckonError("TASK_FACTS", "`gold` is no final answer", { got: String(JSON.stringify(gold)).slice(0, 60) });
}

/** The different levels from easy to hard: by the last number in them, then by their text; `[null]` without levels. */
function levelNames(rows: readonly Row[]): Row["level"][] {
  const rank = (level: Row["level"]): number =>
    typeof level === "number" ? level : Number(String(level).match(/\d+/g)?.at(-1) ?? Number.MAX_SAFE_INTEGER);
  return [...new Set(rows.map((row) => row.level))].sort(
    (a, b) => rank(a) - rank(b) || (String(a) < String(b) ? -1 : 1),
  );
}

function brokenRows(name: string, rows: readonly Row[], faults: readonly RowFault[]): ReckonError {
  const named = faults.slice(0, NAMED_FAULTS).map(({ line, reason }) => `line ${line}: ${reason}`);
  const more = faults.length > NAMED_FAULTS ? `; and ${faults.length - NAMED_FAULTS} more` : "";
  const what = faults.length === 0 ? "no rows" : `${faults.length} of ${rows.length + faults.length} rows broken`;
  return new ReckonError("TASK_FILE_ROWS", `The rows of ${name} cannot be used: ${what}.`, {
    expected: 'JSON lines such as {"question":"What is 6 times 7?","answer":"42"}',
    got: faults.length === 0 ? "an empty text" : named.join("; ") + more,
    help:
      rows.length === 0
        ? "Name the fields if they are called otherwise."
        : "Mend these rows, or have broken ones skipped.",
  });
}
