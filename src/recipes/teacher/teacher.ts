/** What a teacher is to those who ask it, wherever it answers. */
import type { ChatFinish, ChatUsage } from "../../client/index.ts";
import type { AnswerKey, Question } from "../../runs/answer-log.ts";
import type { Problem } from "../../tasks/index.ts";

/** An answer as it came: a line of `answers.jsonl`. */
export interface TeacherAnswer extends AnswerKey {
  readonly thinking: string;
  /** What was said beside the thinking. */
  readonly content: string;
  readonly finish: ChatFinish;
  readonly usage?: ChatUsage;
  /** The model that answered, in the endpoint's words. */
  readonly model: string;
  /** Requests that were sent for it. */
  readonly attempts: number;
  readonly seconds: number;
  /** Of a model of our own: in what it broke the strict format. */
  readonly malformed?: string;
}

/** What is to be asked. */
export interface Asking {
  readonly problems: readonly Problem[];
  /** Answers to each. */
  readonly samples: number;
  /** Whether an answer is there already. */
  known(problem: Problem, sample: number): boolean;
  /** Makes an answer safe. */
  take(answer: TeacherAnswer): void;
  /** Whether to ask no more; what is under way is waited for, since it is paid. */
  stopped(): boolean;
}

/** A question without an answer; a later run asks it again. */
export interface Unanswered extends AnswerKey {
  readonly code: string;
  readonly message: string;
}

export interface Teacher {
  /** For the traces' `source`. */
  readonly name: string;
  /** All that decides over its answers beside the problem. */
  readonly question: Question;
  /** Money for a million tokens, where the endpoint does not say what it takes. */
  readonly price?: { readonly prompt: number; readonly completion: number; readonly currency: string } | undefined;
  /** Operations of sampling so many tokens, where it is a model of ours. */
  flops?(sampled: number): number;
  /** What to be told before anything is asked. */
  readonly warnings: readonly string[];
  /**
   * Asks whatever is not known yet.
   * @returns what stayed without an answer
   * @throws ReckonError when asking on would not help: a wrong key, an empty account, failure after failure
   */
  ask(asking: Asking): Promise<Unanswered[]>;
  close(): Promise<void>;
}
