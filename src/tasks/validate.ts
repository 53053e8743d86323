/**
 * A task checked without any model: that its gold answers are right, its draws repeatable, its facts plain JSON, its
 * chance levels probabilities, and that hostile answers earn nothing.
 */
import { hostileAnswers } from "./hostile.ts";
import { type Problem, sampleProblem, type Task } from "./task.ts";

export interface ValidationOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Problems of each level and split. Default 20. */
  readonly count?: number;
  /** Levels. Default: all. */
  readonly levels?: readonly number[];
  /**
   * Makes a wrong answer of the right kind. Given, one problem of each level also meets the hostile answers, all of which
   * have to score 0 with a reason; a verifier that forgives, for instance, a full stop need not pass that.
   */
  readonly wrongAnswer?: (facts: unknown) => string;
}

/** Faults of a task, as sentences; empty for a sound one. */
export function validateTask(task: Task, options: ValidationOptions = {}): string[] {
  const { seed = 0, count = 20 } = options;
  const levels = options.levels ?? Array.from({ length: task.levels }, (_, level) => level);
  const faults: string[] = [];
  for (const level of levels) {
    for (const split of ["train", "heldout"] as const) {
      for (let index = 0; index < count; index++) {
        const problem = sampleProblem(task, { seed, index, level, split });
        const again = sampleProblem(task, { seed, index, level, split });
        const say = (fault: string): void => void faults.push(`${problem.id}: ${fault}`);
        if (JSON.stringify(problem) !== JSON.stringify(again)) say("the same draw gave another problem");
        checkProblem(task, problem, say);
        if (index === 0 && options.wrongAnswer) checkHostile(task, problem, options.wrongAnswer(problem.facts), say);
      }
    }
  }
  return faults;
}

function checkProblem(task: Task, problem: Problem, say: (fault: string) => void): void {
  const { facts, chance, prompt } = problem;
  const stored: unknown = JSON.parse(JSON.stringify(facts));
  const gold = task.gold(facts);
  const verdict = task.verify(stored, gold);
  if (verdict.score !== 1) say(`gold answer ${JSON.stringify(gold)} scores ${verdict.score}: ${verdict.reason}`);
  if (task.canonical(stored) !== task.canonical(facts)) say("canonical form changes when the facts are stored as JSON");
  if (!(chance >= 0 && chance <= 1)) say(`chance is ${chance}`);
  if (typeof prompt !== "string" || prompt.trim() === "" || /[<>|]{2}|<\/?(?:think|answer)>/.test(prompt))
    say(`unusable prompt ${JSON.stringify(prompt)}`);
}

function checkHostile(task: Task, problem: Problem, wrong: string, say: (fault: string) => void): void {
  for (const { name, answer } of hostileAnswers(problem.prompt, task.gold(problem.facts), wrong)) {
    try {
      const { score, reason } = task.verify(problem.facts, answer);
      if (score !== 0) say(`hostile answer "${name}" scores ${score}`);
      if (typeof reason !== "string" || reason === "") say(`hostile answer "${name}" gets no reason`);
      else if (reason.length > 300) say(`hostile answer "${name}" gets a reason of ${reason.length} characters`);
    } catch (error) {
      say(`hostile answer "${name}" makes the verifier throw: ${String(error)}`);
    }
  }
}
