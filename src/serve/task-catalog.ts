/** The task room as the studio shows it: families with a line for newcomers, levels with their chance, held-out problems. */
import { getTask, type Language, listTasks, sampleProblem, type Task } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import type { TaskCatalog } from "./services.ts";
import type { ProblemReference, TaskInfo } from "./wire.ts";

const LANGUAGES: readonly Language[] = ["en", "de"];

/** Problems drawn to estimate a level's chance. */
const CHANCE_DRAWS = 4;

/** A line for newcomers on each built-in family. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  addition: "Sums of longer and longer numbers.",
  multiplication: "Products of longer and longer numbers.",
  expression: "Several operations in one expression.",
  equation: "Linear equations in one unknown.",
  subtraction: "Differences of longer and longer numbers.",
  division: "Quotient and remainder of longer and longer numbers.",
  polynomial: "The value of a polynomial at a small number.",
  modular: "Products and powers by their remainders.",
  gcd: "The greatest common divisor of two numbers.",
  factors: "Numbers taken apart into their primes.",
  base: "Numbers from one base to another.",
  sequence: "Find the rule and the next number.",
  countdown: "Reach the target with all of the numbers, each used once.",
  puzzle24: "Make 24 from four small numbers.",
  max: "The greatest number of a list.",
  sort: "Put numbers in order.",
  filter: "Those numbers of a list that are great, small, even or odd, or their sum.",
  ranking: "One order out of shuffled comparisons.",
  clock: "Hours and minutes on the clock.",
  knights: "Who tells the truth (K), and who lies (L)?",
  maze: "A shortest path past the walls.",
  reverse: "Letters in the other order.",
  letters: "How often some letters occur.",
  caesar: "Each letter moved on by the same number of places.",
  recall: "Invented facts, closed book: thinking does not help here.",
};

/**
 * The built-in families and, if given, the user's own.
 * Problems come from the held-out split: no training problem can be met in Talk.
 */
export function builtInTasks(own: readonly Task[] = []): TaskCatalog {
  const tasks = [...listTasks(), ...own];
  let infos: readonly TaskInfo[] | null = null;
  const find = (family: string): Task => own.find((task) => task.name === family) ?? getTask(family);
  const draw = (reference: ProblemReference) => {
    const task = find(reference.family);
    const { seed, level } = reference;
    return {
      task,
      problem: sampleProblem(task, { seed, index: 0, level, split: "heldout", language: languageOf(reference) }),
    };
  };
  return {
    list() {
      infos ??= tasks.map(describe);
      return infos;
    },
    sample(reference) {
      const { family, level, seed, language } = reference;
      const { problem } = draw(reference);
      return { family, level, seed, language, prompt: problem.prompt, chance: problem.chance };
    },
    verify(reference, answer) {
      const { task, problem } = draw(reference);
      return task.verify(problem.facts, answer);
    },
  };
}

function describe(task: Task): TaskInfo {
  const levels = Array.from({ length: task.levels }, (_, level) => {
    const word = task.levels === 1 ? "" : level === 0 ? " · easiest" : level === task.levels - 1 ? " · hardest" : "";
    return { level, label: `${level}${word}`, chance: chanceOf(task, level) };
  });
  return { family: task.name, description: DESCRIPTIONS[task.name] ?? "", levels, languages: LANGUAGES };
}

function chanceOf(task: Task, level: number): number {
  let sum = 0;
  for (let index = 0; index < CHANCE_DRAWS; index++) {
    sum += sampleProblem(task, { seed: 0, index, level, split: "heldout", language: "en" }).chance;
  }
  return sum / CHANCE_DRAWS;
}

function languageOf({ language }: ProblemReference): Language {
  const known = LANGUAGES.find((one) => one === language);
  if (known !== undefined) return known;
  throw new ReckonError("LANGUAGE_UNKNOWN", `There are no problems in the language ${JSON.stringify(language)}.`, {
    expected: LANGUAGES.join(" or "),
    help: "Choose one of these.",
  });
}
