/**
 * What a task is: a family of problems with a verifier.
 *
 * A problem's data (`facts`) is plain JSON; everything else (prompt, gold answer, chance level, split) is a pure function
 * of it. The held-out split is on the canonical problem (operands sorted where their order does not matter), never on
 * the text, so that no reordering or translation of a training problem can be met again as a test problem. What each
 * family takes for one problem its head says, and presentation.test.ts holds it to it.
 */
import { ReckonError } from "../util/errors.ts";
import { hashString, Random } from "../util/random.ts";

/** The two surface languages of prompts and of the words in the thinking. */
export type Language = "en" | "de";

/** One problem as it is posed: plain JSON. */
export interface Problem<F = unknown> {
  /** `family/level/split/seed/index`: names the draw, not the content. */
  readonly id: string;
  readonly family: string;
  readonly level: number;
  readonly language: Language;
  readonly prompt: string;
  readonly facts: F;
  /** Probability that one random legal answer is right. */
  readonly chance: number;
}

/** Problems to train on, and those that are kept for measuring. */
export type Split = "train" | "heldout";

/** A verifier's judgement. */
export interface Verdict {
  /** 0..1; 1 = right. */
  readonly score: number;
  /** Why, in a few words. */
  readonly reason: string;
}

/** Difficulty knobs: for each knob its values from easy to hard. */
export type Ladder = Readonly<Record<string, readonly (number | string)[]>>;

/** A family of problems. Methods never look at anything but their arguments. */
export interface Task<F = unknown> {
  readonly name: string;
  readonly ladder: Ladder;
  /** Levels are 0..levels-1. */
  readonly levels: number;
  /**
   * Draws the facts of one problem; deterministic in the stream.
   * @param split the one that is wanted, for families that know their problems by it; what is of the other is drawn again
   */
  sample(random: Random, level: number, split?: Split): F;
  prompt(facts: F, language: Language): string;
  /** Judges an answer (the text between the answer tags). Never throws, never hangs, whatever the text. */
  verify(facts: F, answer: string): Verdict;
  /** An answer that verifies at exactly 1. */
  gold(facts: F): string;
  /** Probability that one random legal answer is right; each family says what "legal" means. */
  chance(facts: F): number;
  /** The problem's identity for the held-out split: equal for problems that differ only in presentation. */
  canonical(facts: F): string;
  /**
   * Name under which the split is drawn. Default: `name`. A family whose problems are another family's too, with the
   * same canonical form, shares that family's split, so that neither gives away what the other holds out.
   */
  readonly splitAs?: string;
  /** The split that the data itself names; null or no method: by the hash of the canonical problem. */
  heldOut?(facts: F): boolean | null;
  /** The one language that its prompts are in, where there is no other. */
  readonly language?: Language;
}

/** What the author of a task writes: {@link Task} with the parts that have defaults left optional. */
export interface TaskDefinition<F> {
  /** Lower-case letters, digits, `-` and `_`, beginning with a letter. */
  readonly name: string;
  /** Default: no knobs. */
  readonly ladder?: Ladder;
  /** Default: length of the longest ladder entry, at least 1. */
  readonly levels?: number;
  sample(random: Random, level: number, split?: Split): F;
  prompt(facts: F, language: Language): string;
  verify(facts: F, answer: string): Verdict;
  gold(facts: F): string;
  /** Default: 0. */
  chance?(facts: F): number;
  /** Default: the facts as JSON. */
  canonical?(facts: F): string;
  /** Default: the name. */
  readonly splitAs?: string;
  /** Default: by the hash of the canonical problem, 1 in 8. */
  heldOut?(facts: F): boolean | null;
  /** Default: prompts in both languages. */
  readonly language?: Language;
}

/**
 * Completes a task's definition with its defaults and checks it.
 * @throws ReckonError TASK_INVALID when the name or the number of levels is unusable
 */
export function defineTask<F>(definition: TaskDefinition<F>): Task<F> {
  const ladder = definition.ladder ?? {};
  const longest = Math.max(1, ...Object.values(ladder).map((values) => values.length));
  const levels = definition.levels ?? longest;
  if (!/^[a-z][a-z0-9_-]{0,63}$/.test(definition.name)) {
    throw new ReckonError("TASK_INVALID", "A task has an unusable name.", {
      expected: "lower-case letters, digits, - and _, beginning with a letter, at most 64",
      got: JSON.stringify(definition.name),
      help: "Rename the task.",
    });
  }
  if (!Number.isInteger(levels) || levels < 1) {
    throw new ReckonError("TASK_INVALID", `Task ${definition.name} has no levels.`, {
      expected: "levels: a whole number of 1 or more",
      got: String(levels),
      help: "Leave `levels` out, or set it to the length of the ladder.",
    });
  }
  return {
    name: definition.name,
    ladder,
    levels,
    sample: (random, level, split) => definition.sample(random, level, split),
    prompt: (facts, language) => definition.prompt(facts, language),
    verify: (facts, answer) => definition.verify(facts, answer),
    gold: (facts) => definition.gold(facts),
    chance: (facts) => definition.chance?.(facts) ?? 0,
    canonical: (facts) => definition.canonical?.(facts) ?? JSON.stringify(facts),
    ...(definition.splitAs === undefined ? {} : { splitAs: definition.splitAs }),
    ...(definition.heldOut ? { heldOut: (facts: F) => definition.heldOut!(facts) } : {}),
    ...(definition.language ? { language: definition.language } : {}),
  };
}

/** One problem in this many is held out. */
export const HELD_OUT_ONE_IN = 8;

/**
 * Whether a problem belongs to the held-out split: a stable hash of family and canonical problem, 1 in 8, unless the
 * family's data names the split itself.
 */
export function isHeldOut<F>(task: Task<F>, facts: F): boolean {
  const hash = hashString(`${task.splitAs ?? task.name}\n${task.canonical(facts)}`);
  return task.heldOut?.(facts) ?? hash % HELD_OUT_ONE_IN === 0;
}

/** Share of problems posed in German when the caller does not choose the language. */
export const GERMAN_SHARE = 0.2;

/** Which problem to draw: the draw is a pure function of all of these. */
export interface ProblemRequest {
  readonly seed: number;
  readonly index: number;
  readonly level: number;
  readonly split: Split;
  /** Default: German for {@link GERMAN_SHARE} of the problems, else English. */
  readonly language?: Language;
}

const MOST_DRAWS = 2000;

/**
 * Draws problem number `index` of a family, level and split: redraws from one keyed stream until the split fits.
 * @throws ReckonError TASK_LEVEL for a level that the task does not have; TASK_SPLIT_EMPTY when 2,000 draws met no
 * problem of the split (a level with very few problems may have none held out)
 */
export function sampleProblem<F>(task: Task<F>, request: ProblemRequest): Problem<F> {
  const { seed, index, level, split } = request;
  if (!Number.isInteger(level) || level < 0 || level >= task.levels) {
    throw new ReckonError("TASK_LEVEL", `Task ${task.name} has no level ${level}.`, {
      expected: `a whole number from 0 to ${task.levels - 1}`,
      got: String(level),
      help: "Choose one of the task's levels.",
    });
  }
  const random = Random.of(seed, "problem", task.name, level, index);
  const language = task.language ?? request.language ?? (random.split("language").chance(GERMAN_SHARE) ? "de" : "en");
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const facts = task.sample(random, level, split);
    if (isHeldOut(task, facts) !== (split === "heldout")) continue;
    const id = `${task.name}/${level}/${split}/${seed}/${index}`;
    return {
      id,
      family: task.name,
      level,
      language,
      prompt: task.prompt(facts, language),
      facts,
      chance: task.chance(facts),
    };
  }
  throw new ReckonError("TASK_SPLIT_EMPTY", `Task ${task.name}, level ${level}: no ${split} problem was found.`, {
    expected: `a problem of the ${split} split within ${MOST_DRAWS} draws`,
    got: "problems of the other split only",
    help: "Give the level more different problems, or take another level. In a file whose rows name their split, name some of the other.",
  });
}

/** The value of a ladder's knob at a level; knobs with fewer values than levels keep their last one. */
export function knob(ladder: Ladder, name: string, level: number): number {
  const values = ladder[name] ?? [];
  return Number(values[Math.min(level, values.length - 1)]);
}
