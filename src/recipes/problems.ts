/** Problems of a recipe's rungs, from shipped families and users' own. */
import { leftOut, loadTask, type TaskFile } from "../runs/task-files.ts";
import { createJudge, loadUserReward, type UserReward, type UserTask } from "../runs/user-modules.ts";
import { getTask, type Problem, type ProblemWeight, type Split, sampleProblem } from "../tasks/index.ts";
import type { Odds } from "../train/curriculum.ts";
import type { Judge, RuleRewards } from "../train/judge.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { RULES } from "./schema-reward.ts";

export interface ProblemSource {
  draw(request: {
    readonly seed: number;
    readonly index: number;
    readonly split: Split;
    /** Factors on the rungs' weights; default 1. */
    readonly odds?: Odds;
  }): Promise<Problem>;
  readonly judge: Judge;
  /** What was left out of the users' files, to be told. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface ProblemSettings {
  readonly problems: readonly ProblemWeight[];
  readonly rewards: RuleRewards;
  /** The most tokens that an answer may have, for penalties by length. */
  readonly maxNewTokens?: number;
  /** Paths of users' task modules, and files of questions and answers. */
  readonly tasks: readonly (string | TaskFile)[];
  /** Paths of users' reward modules. */
  readonly userRewards: readonly string[];
}

/**
 * Loads what the rungs need.
 * @throws ReckonError TASK_UNKNOWN for a family that is neither shipped nor among the users' tasks; what user modules throw
 */
export async function openProblems(settings: ProblemSettings): Promise<ProblemSource> {
  const userTasks: UserTask[] = [];
  const userRewards: UserReward[] = [];
  const warnings: string[] = [];
  const close = async (): Promise<void> => {
    for (const module of [...userTasks, ...userRewards]) await module.close();
  };
  try {
    for (const source of settings.tasks) {
      const task = await loadTask(source);
      userTasks.push(task);
      warnings.push(...leftOut(task));
    }
    for (const path of settings.userRewards) {
      const reward = await loadUserReward(path);
      userRewards.push(reward);
      if (!RULES.includes(reward.name)) continue;
      throw new ReckonError("REWARD_INVALID", `${path} cannot be called ${reward.name}.`, {
        expected: `a name that no reward of the rules has: ${RULES.join(", ")}`,
        help: "Rename the file, or give it a name of its own: export default { name, reward }.",
      });
    }
    const own = new Map(userTasks.map((task) => [task.name, task]));
    checkRungs(settings.problems, own);
    const weights = settings.problems.map((rung) => rung.weight);
    return {
      judge: createJudge({
        rewards: settings.rewards,
        ...(settings.maxNewTokens === undefined ? {} : { limit: settings.maxNewTokens }),
        userTasks,
        userRewards,
      }),
      warnings,
      close,
      async draw({ seed, index, split, odds }) {
        const now = odds ? settings.problems.map((rung) => rung.weight * odds(rung.family, rung.level)) : weights;
        const { family, level } = Random.of(seed, "rung", split, index).weighted(settings.problems, now);
        const request = { seed, index, level, split };
        return own.get(family)?.problem(request) ?? sampleProblem(getTask(family), request);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * @param own users' tasks by their names
 * @throws ReckonError TASK_UNKNOWN for a family that is neither shipped nor among the users' tasks, TASK_LEVEL
 */
export function checkRungs(
  rungs: readonly Pick<ProblemWeight, "family" | "level">[],
  own: ReadonlyMap<string, Pick<UserTask, "levels">> = new Map(),
): void {
  for (const { family, level } of rungs) {
    const { levels } = own.get(family) ?? getTask(family);
    if (level < levels) continue;
    throw new ReckonError("TASK_LEVEL", `Task ${family} has no level ${level}.`, { expected: `0 to ${levels - 1}` });
  }
}
