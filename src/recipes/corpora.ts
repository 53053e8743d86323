/**
 * Data that the program writes itself, `corpus:NAME` in a stage's `data`: a function of name, seed and number.
 *
 * `solutions`: clean solutions of the stage's problems. `instructions`: what one asks of an assistant beside problems.
 */
import { instructionMix, type ProblemWeight, type Trace } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import type { DataPlace } from "./schema.ts";
import { cleanSolution } from "./solutions.ts";

const CORPUS = "corpus:";

/** What a corpus' solutions are of, where its stage poses these problems. */
const PROBLEMS: Readonly<Record<string, (problems: readonly ProblemWeight[]) => readonly ProblemWeight[]>> = {
  solutions: (problems) => problems,
  instructions: instructionMix,
};

/** The corpus that a place names; undefined where it names none. */
export function corpusOf(place: string): string | undefined {
  return place.startsWith(CORPUS) ? place.slice(CORPUS.length) : undefined;
}

/** Names of the corpora among places. */
export function corporaOf(places: DataPlace): string[] {
  const list = typeof places === "string" ? [places] : places.map((source) => source.data);
  return list.flatMap((place) => corpusOf(place) ?? []);
}

/**
 * The first traces of a corpus.
 * @param problems that its stage poses: `solutions` are of them, `instructions` of families among them
 * @throws ReckonError RECIPE_INVALID for an unknown name
 */
export function corpusTraces(name: string, count: number, seed: number, problems: readonly ProblemWeight[]): Trace[] {
  const posed = PROBLEMS[name]?.(problems);
  if (posed === undefined) {
    throw new ReckonError("RECIPE_INVALID", `there is no corpus ${name}`, {
      expected: Object.keys(PROBLEMS)
        .map((known) => CORPUS + known)
        .join(", "),
      got: CORPUS + name,
    });
  }
  return Array.from({ length: count }, (_, index) => ({
    id: `${name}-${index}`,
    ...cleanSolution(seed, index, posed),
    source: "corpus",
  }));
}
