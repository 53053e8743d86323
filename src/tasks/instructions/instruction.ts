/**
 * Instructions: what one asks of an assistant beside the right answer, and by rule can tell whether it did. Each kind is a
 * family of problems with two more faces: whether an answer does as it was told, and how it is answered well.
 *
 * After the non-reasoning part of DeepSeek-R1's data (arXiv 2501.12948, §3.3) and IF-Eval's verifiable instructions.
 * Left out: writing, self-description and translation, which no rule can judge.
 */
import { isHeldOut, type Language, type Task, type Verdict } from "../task.ts";

/** What a family is posed by; the language is that of the prompt. */
export interface Told<F> {
  readonly facts: F;
  readonly language: Language;
}

/** Thinking and answer. */
export interface Reply {
  readonly thinking: string;
  readonly answer: string;
}

/** A clean solution of a problem of another family. */
export type Solve = (problem: { readonly family: string; readonly facts: unknown }, language: Language) => Reply;

/** A family of instructions. A right answer that is not given as it was asked for is right, but not followed. */
export interface Instruction<F = unknown> extends Task<F> {
  /** Whether the answer does as it was told, right or wrong. Never throws, never hangs, whatever the texts. */
  follows(told: Told<F>, thinking: string, answer: string): Verdict;
  /** How it is answered well: right, and as it was told. */
  trace(told: Told<F>, solve: Solve): Reply;
}

/** A problem of another family, asked for in a manner. */
export interface Wrapped {
  /** The family. */
  readonly of: string;
  readonly facts: unknown;
  /** Which wording, or which form, is asked for. */
  readonly manner: number;
}

/** A rung of another family. */
export type Rung = readonly [family: string, level: number];

/** A rung with its share, as mixes have it. */
export interface WeightedRung {
  readonly family: string;
  readonly level: number;
  readonly weight: number;
}

export type FindTask = (name: string) => Task;

/** Identity and split are those of the problem inside: what one family holds out no wording may give away. */
export function wrappedIdentity(find: FindTask): {
  canonical(facts: Wrapped): string;
  heldOut(facts: Wrapped): boolean;
} {
  return {
    canonical: ({ of, facts }) => `${of}\n${find(of).canonical(facts)}`,
    heldOut: ({ of, facts }) => isHeldOut(find(of), facts),
  };
}

/** The family of instructions that a task is; undefined for any other. */
export function asInstruction(task: Task): Instruction | undefined {
  return "follows" in task ? (task as Instruction) : undefined;
}

/** The family whose problem is solved: of an instruction the one inside. */
export function solvedFamily({ family, facts }: { readonly family: string; readonly facts?: unknown }): string {
  if (!family.startsWith(PREFIX) || typeof facts !== "object" || facts === null || !("of" in facts)) return family;
  return String(facts.of);
}

/** What the names of these families begin with. */
export const PREFIX = "instruct-";

export const FOLLOWED: Verdict = { score: 1, reason: "as it was told" };
