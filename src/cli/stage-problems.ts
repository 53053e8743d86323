/** What the models of a recipe are asked for its stage table, and by what they are judged. */
import { readFile } from "node:fs/promises";
import { hash, ownFiles } from "../recipes/keys.ts";
import { openProblems } from "../recipes/problems.ts";
import type { Recipe, ReinforceStage } from "../recipes/schema.ts";
import {
  EVALUATION_SEED,
  instructionMix,
  isBuiltIn,
  listTasks,
  type Problem,
  type ProblemWeight,
  sampleFromMix,
} from "../tasks/index.ts";
import type { Judge } from "../train/judge.ts";
import { ReckonError } from "../util/errors.ts";
import { ALL_REWARDS } from "./ranker.ts";

export interface Asked {
  readonly problems: readonly Problem[];
  readonly instructions: readonly Problem[];
  /** Every part of the rules' reward, and the users' own rewards. */
  readonly rules: Judge;
  /** Hashes of the users' files that decide over it. */
  readonly sources: readonly string[];
  close(): Promise<void>;
}

export interface AskedOptions {
  readonly problems: number;
  readonly instructions: number;
  /** The most tokens of an answer. */
  readonly maxTokens: number;
  /** Is told what cannot be asked. */
  readonly warn: (message: string) => void;
}

/**
 * Held-out problems of the last stage that poses any, in its shares, and instructions about those of built-in families.
 * Families of users' own that cannot be drawn any more are left out: a run is done, whatever became of their modules.
 */
export async function askedOf(recipe: Recipe, options: AskedOptions): Promise<Asked> {
  const wanted = posed(recipe);
  const builtIn = wanted.problems.filter(({ family }) => isBuiltIn(family));
  const rules = { rewards: ALL_REWARDS, maxNewTokens: options.maxTokens };
  const open = async (own: Posed): Promise<Asked> => {
    const source = await openProblems({ ...rules, ...own });
    try {
      const drawn = own.problems.length === 0 ? 0 : options.problems;
      return {
        problems: await Promise.all(
          Array.from({ length: drawn }, (_, index) => source.draw({ seed: EVALUATION_SEED, index, split: "heldout" })),
        ),
        instructions: Array.from({ length: options.instructions }, (_, index) =>
          sampleFromMix({ seed: EVALUATION_SEED, index, split: "heldout" }, instructionMix(builtIn)),
        ),
        ...{ rules: source.judge, sources: await hashesOf(own), close: source.close },
      };
    } catch (error) {
      await source.close();
      throw error;
    }
  };
  try {
    return await open(wanted);
  } catch (error) {
    if (ownFiles(wanted).length === 0 || !(error instanceof ReckonError)) throw error;
    options.warn(`families and rewards of your own have no part in the table: ${error.message}`);
    return open({ problems: builtIn, tasks: [], userRewards: [] });
  }
}

interface Posed {
  readonly problems: readonly ProblemWeight[];
  readonly tasks: ReinforceStage["tasks"];
  readonly userRewards: ReinforceStage["userRewards"];
}

function hashesOf(own: Pick<Posed, "tasks" | "userRewards">): Promise<string[]> {
  return Promise.all(ownFiles(own).map(async (file) => hash(await readFile(file))));
}

/** The rungs of the last stage that poses any, without instructions, and what is needed for them. */
function posed(recipe: Recipe): Posed {
  const shipped = new Set(listTasks().map((task) => task.name));
  const isProblem = ({ family }: ProblemWeight): boolean => shipped.has(family) || !isBuiltIn(family);
  const stages = recipe.stages.flatMap((stage): Posed[] => {
    if (!("problems" in stage)) return [];
    const own = "tasks" in stage ? stage.tasks : [];
    const userRewards = "userRewards" in stage ? stage.userRewards : [];
    return [{ problems: stage.problems.filter(isProblem), tasks: own, userRewards }];
  });
  return stages.findLast(({ problems }) => problems.length > 0) ?? { problems: [], tasks: [], userRewards: [] };
}
