/**
 * Data that the program writes itself, `corpus:NAME` in a stage's `data`: a function of name, seed and number.
 *
 * `solutions`: clean solutions of the stage's problems. `answers`: the same problems with their answers alone, without thinking.
 * `instructions`: what one asks of an assistant beside problems.
 * What reward models learn from: `graded`, rated chains of thought; `helpful` and `harmless`, preferences.
 */
import {
  type GradedRequest,
  gradedTraces,
  instructionMix,
  PREFERENCES,
  type ProblemWeight,
  preferenceTraces,
  type Trace,
} from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import type { DataPlace } from "./schema.ts";
import { cleanSolution } from "./solutions.ts";

const CORPUS = "corpus:";

/** What a corpus' solutions are of, where its stage poses these problems. */
const PROBLEMS: Readonly<Record<string, (problems: readonly ProblemWeight[]) => readonly ProblemWeight[]>> = {
  solutions: (problems) => problems,
  answers: (problems) => problems,
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
 * @param problems that its stage poses: `solutions` and `answers` are of them, `instructions` of families among them
 * @throws ReckonError RECIPE_INVALID for an unknown name
 */
export function corpusTraces(name: string, count: number, seed: number, problems: readonly ProblemWeight[]): Trace[] {
  const posed = PROBLEMS[name]?.(problems);
  if (posed === undefined) throw unknownCorpus(name, Object.keys(PROBLEMS));
  return Array.from({ length: count }, (_, index) => ({
    id: `${name}-${index}`,
    ...cleanSolution(seed, index, posed),
    ...(name === "answers" ? { thinking: "" } : {}),
    source: "corpus",
  }));
}

/** Several traces on one prompt each, that say which are better. */
export type RatedCorpus = (request: GradedRequest) => readonly Trace[];

const RATED: Readonly<Record<string, RatedCorpus>> = {
  graded: gradedTraces,
  ...Object.fromEntries(
    PREFERENCES.map((about): [string, RatedCorpus] => [about, (request) => preferenceTraces({ ...request, about })]),
  ),
};

/**
 * A corpus that reward models learn from.
 * @throws ReckonError RECIPE_INVALID for an unknown name
 */
export function ratedCorpus(name: string): RatedCorpus {
  const corpus = RATED[name];
  if (corpus === undefined) throw unknownCorpus(name, Object.keys(RATED));
  return corpus;
}

function unknownCorpus(name: string, known: readonly string[]): ReckonError {
  return new ReckonError("RECIPE_INVALID", `there is no corpus ${name} of this kind`, {
    expected: known.map((one) => CORPUS + one).join(", "),
    got: CORPUS + name,
  });
}
