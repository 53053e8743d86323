/**
 * Asking a teacher for worked solutions of training problems, in a folder: `answers.jsonl`, every answer as it came;
 * `traces.jsonl`, what is worth learning from; `teacher.json`, what it took. Run again, it asks only what is missing.
 *
 * A stage of a recipe and `reckon sample` call this in the same way. Tokens and money of the teacher are counted apart from
 * what a student costs.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ANSWERS, type AnswerKey, AnswerLog, promptHash } from "../../runs/answer-log.ts";
import { isMissing } from "../../runs/disk.ts";
import { type Problem, traceLines } from "../../tasks/index.ts";
import type { Judge } from "../../train/judge.ts";
import { ReckonError } from "../../util/errors.ts";
import type { DataFile } from "../data-files.ts";
import { recordsOf, TRACES } from "../data-lineage.ts";
import type { KeepSettings } from "./settings.ts";
import type { Teacher, TeacherAnswer, Unanswered } from "./teacher.ts";
import { type AnswerCounts, tracesOf } from "./traces.ts";

export const TEACHER_RECORD = "teacher.json";

/** `teacher.json`: what the answers in a folder took. A function of the answers. */
export interface TeacherRecord {
  readonly teacher: string;
  /** Models that answered, in the endpoint's words. */
  readonly models: readonly string[];
  readonly problems: number;
  readonly samples: number;
  /** Requests that were sent, those that were sent again among them. */
  readonly requests: number;
  readonly promptTokens: number;
  /** Thinking included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly cachedTokens: number;
  /** Answers whose tokens the endpoint did not count: they are in no sum. */
  readonly uncounted: number;
  /** Money, by the endpoint's own word (in its own currency) or by the price that was given; null where neither is there. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
  /** Operations, of a model of ours. */
  readonly flops: number | null;
  readonly counts: AnswerCounts;
  /** SHA-256 of traces.jsonl. */
  readonly hash: string;
}

export interface AskOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** Of the training split, each once. */
  readonly problems: readonly Problem[];
  /** Answers to each. */
  readonly samples: number;
  readonly judge: Judge;
  readonly keep: KeepSettings;
  /** Whether to ask no more; answers under way are waited for. */
  readonly stopped?: () => boolean;
  /** Called after each answer with how many there are. */
  readonly onAnswer?: (answers: number) => void;
}

export interface Asked {
  readonly record: TeacherRecord;
  /** False when it was ended before every question had been put. */
  readonly complete: boolean;
  /** Questions that stayed without an answer. */
  readonly unanswered: readonly Unanswered[];
  /** Answers that were there before. */
  readonly before: number;
  /** What traces.jsonl holds. */
  readonly traces: string;
}

/**
 * Asks for what is missing, then writes the traces of all answers.
 * @throws ReckonError what the log and the teacher throw; the answers that came by then are safe, and their traces written
 */
export async function askTeacher(teacher: Teacher, options: AskOptions): Promise<Asked> {
  const { folder, problems, samples, stopped = () => false, onAnswer } = options;
  if (problems.length === 0) throw new ReckonError("TEACHER_NO_PROBLEMS", "There are no problems to ask.");
  const log = AnswerLog.open<TeacherAnswer>(folder, teacher.question);
  try {
    const before = answersTo(problems, samples, log).length;
    let count = before;
    const prompts = new Map(problems.map((problem) => [problem.id, promptHash(problem.prompt)]));
    const known = (problem: Problem, sample: number): boolean => log.get(keyOf(problem, sample)) !== undefined;
    let unanswered: readonly Unanswered[] = [];
    let failure: unknown;
    try {
      unanswered = await teacher.ask({
        problems,
        samples,
        known,
        stopped: () => stopped() || log.full,
        take(answer) {
          log.add({ ...answer, prompt: prompts.get(answer.problem) });
          onAnswer?.(++count);
        },
      });
    } catch (error) {
      failure = error;
    }
    log.check();
    // Also of an asking that failed: what came is paid, and of use.
    const answered = answersTo(problems, samples, log);
    const { traces, counts } = await tracesOf(answered, options.judge, options.keep, teacher.name);
    const text = traceLines(traces);
    const record = recordOf(teacher, options, answered, counts, createHash("sha256").update(text).digest("hex"));
    log.write(TRACES, text);
    log.write(TEACHER_RECORD, `${JSON.stringify(record, null, 2)}\n`);
    if (failure !== undefined) throw failure;
    const complete = answered.length + unanswered.length === problems.length * samples;
    return { record, complete, unanswered, before, traces: text };
  } finally {
    log.close();
  }
}

/** What was asked of whom in a folder; undefined where nobody was. For the lineage of what learns from it. */
export function readTeacherRecord(folder: string): TeacherRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, TEACHER_RECORD), "utf8")) as TeacherRecord;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ReckonError("TEACHER_RECORD", `${join(folder, TEACHER_RECORD)} cannot be read.`, {
      got: error instanceof Error ? error.message : String(error),
      help: `Run the asking again: it makes this file anew from ${ANSWERS}, and asks nothing twice.`,
      cause: error,
    });
  }
}

/** The same beside each file of traces that was made by asking. */
export function teachersOf(files: readonly DataFile[]): TeacherRecord[] {
  return recordsOf(files, readTeacherRecord);
}

const keyOf = ({ id, prompt }: Problem, sample: number): AnswerKey => ({
  ...{ problem: id, sample, prompt: promptHash(prompt) },
});

function answersTo(problems: readonly Problem[], samples: number, log: AnswerLog<TeacherAnswer>) {
  return problems.flatMap((problem) =>
    Array.from({ length: samples }, (_, sample) => log.get(keyOf(problem, sample))).flatMap((said) =>
      said === undefined ? [] : [{ problem, said }],
    ),
  );
}

function recordOf(
  teacher: Teacher,
  { problems, samples }: AskOptions,
  answered: readonly { readonly said: TeacherAnswer }[],
  counts: AnswerCounts,
  hash: string,
): TeacherRecord {
  const said = answered.map((one) => one.said);
  const sum = (of: (answer: TeacherAnswer) => number | undefined): number =>
    said.reduce((total, answer) => total + (of(answer) ?? 0), 0);
  const promptTokens = sum(({ usage }) => usage?.promptTokens);
  const completionTokens = sum(({ usage }) => usage?.completionTokens);
  return {
    teacher: teacher.name,
    models: [...new Set(said.map(({ model }) => model))].sort(),
    problems: problems.length,
    samples,
    requests: sum(({ attempts }) => attempts),
    ...{ promptTokens, completionTokens },
    reasoningTokens: sum(({ usage }) => usage?.reasoningTokens),
    cachedTokens: sum(({ usage }) => usage?.cachedTokens),
    uncounted: sum(({ usage }) => (usage === undefined ? 1 : 0)),
    cost: costOf(teacher, said, promptTokens, completionTokens),
    flops: teacher.flops?.(completionTokens) ?? null,
    counts,
    hash,
  };
}

function costOf(
  { price }: Teacher,
  said: readonly TeacherAnswer[],
  promptTokens: number,
  completionTokens: number,
): TeacherRecord["cost"] {
  if (said.length > 0 && said.every(({ usage }) => usage?.cost !== undefined)) {
    return { amount: said.reduce((total, { usage }) => total + usage!.cost!, 0), currency: "as the endpoint bills" };
  }
  if (price === undefined) return null;
  const amount = (promptTokens * price.prompt + completionTokens * price.completion) / 1e6;
  return { amount, currency: price.currency };
}
