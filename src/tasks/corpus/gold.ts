/**
 * Clean worked solutions: no slips, true verdicts, one language, a right end. For supervised controls and cold starts.
 */
import { hashString, Random } from "../../util/random.ts";
import { asInstruction } from "../instructions/index.ts";
import { getTask } from "../registry.ts";
import type { Language } from "../task.ts";
import type { GoldOptions, GoldTrace } from "./writer.ts";
import { writerOf } from "./writers.ts";

export type { GoldOptions, GoldTrace } from "./writer.ts";

/** A clean worked solution of a problem of a built-in family; the same for the same problem. */
export function goldTrace(
  problem: { readonly family: string; readonly facts: unknown },
  language: Language,
  options: GoldOptions = {},
): GoldTrace {
  const task = getTask(problem.family);
  const { facts } = problem;
  const instruction = asInstruction(task);
  if (instruction !== undefined) return instruction.trace({ facts, language }, goldTrace);
  const random = Random.of(hashString(task.canonical(facts)), "gold", task.name);
  return writerOf(task).clean(facts, random, language, options);
}
