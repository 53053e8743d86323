/**
 * Users' tasks and rewards: TypeScript or JavaScript modules given by path. They run in threads of their own
 * (user-thread.ts); one that throws, hangs or returns nonsense costs its sample, is named, and never stops a run.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Ladder, Problem, ProblemRequest, Verdict } from "../tasks/index.ts";
import { type Judge, judgeByRules, type RuleRewards } from "../train/judge.ts";
import type { Judgement, Rollout } from "../train/rollout.ts";
import { ReckonError } from "../util/errors.ts";
import type { Outcome, RewardRollout, Surveyed } from "./user-protocol.ts";
import { type UserModuleOptions, UserThread } from "./user-thread.ts";

export type { RewardDefinition, RewardFunction, RewardRollout } from "./user-protocol.ts";
export type { UserModuleOptions } from "./user-thread.ts";

interface UserModule {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** SHA-256 of the file, for a run's lineage. */
  readonly hash: string;
  close(): Promise<void>;
}

/** A user's task; its methods run in its thread. */
export interface UserTask extends UserModule {
  readonly levels: number;
  readonly ladder: Ladder;
  /** As `sampleProblem`. @throws ReckonError TASK_FAILED when neither it nor its nine stand-ins can be drawn */
  problem(request: ProblemRequest): Promise<Problem>;
  /** Verdicts in the order given; a message where the verifier failed. */
  verify(answers: readonly { readonly facts: unknown; readonly answer: string }[]): Promise<(Verdict | string)[]>;
  /** The gold answer. @throws ReckonError TASK_FAILED */
  gold(facts: unknown): Promise<string>;
  /** The first `count` facts of a level as they come, of either split. @throws ReckonError TASK_FAILED */
  survey(request: { readonly seed: number; readonly level: number; readonly count: number }): Promise<Surveyed[]>;
  /** All of a data set's answer to a problem, where there is more to it than the gold answer. */
  solution?(facts: unknown): string | undefined;
}

/** A user's reward. */
export interface UserReward extends UserModule {
  readonly weight: number;
  /** Rewards in the order given; a message where it failed. */
  reward(rollouts: readonly RewardRollout[]): Promise<(number | null | string)[]>;
}

const STAND_INS = 9;
/** Far from any index that a run counts to. */
const STAND_IN_STRIDE = 2 ** 40;

/**
 * Loads a task and tries it out: names, gold answers, repeatable draws.
 * @throws ReckonError MODULE_MISSING, MODULE_LOAD, MODULE_EXPORT, TASK_INVALID
 */
export async function loadUserTask(path: string, options: UserModuleOptions = {}): Promise<UserTask> {
  const thread = new UserThread(path, "task", options);
  const loaded = await thread.load();
  if (loaded.kind !== "task") throw new Error("internal: a task was loaded as something else");
  return {
    ...describeModule(thread, loaded.name),
    levels: loaded.levels,
    ladder: loaded.ladder,
    async problem(request) {
      let message = "";
      for (let attempt = 0; attempt <= STAND_INS; attempt++) {
        const index = request.index + attempt * STAND_IN_STRIDE;
        const [outcome] = await thread.run([{ method: "problem", request: { ...request, index } }]);
        if (outcome!.ok) return outcome!.value as Problem;
        message = outcome!.message;
      }
      throw new ReckonError("TASK_FAILED", `The task ${thread.path} cannot draw problems of level ${request.level}.`, {
        expected: `a problem in ${STAND_INS + 1} tries`,
        got: message,
        help: "Correct its sample, prompt, chance or canonical.",
      });
    },
    async verify(answers) {
      const outcomes = await thread.run(answers.map((answer) => ({ method: "verify", ...answer })));
      return outcomes.map((outcome) => (outcome.ok ? (outcome.value as Verdict) : outcome.message));
    },
    async gold(facts) {
      const [outcome] = await thread.run([{ method: "gold", facts }]);
      return resultOf(thread, outcome!) as string;
    },
    async survey({ seed, level, count }) {
      const calls = Array.from({ length: count }, (_, index) => ({ method: "survey", seed, index, level }) as const);
      return (await thread.run(calls)).map((outcome) => resultOf(thread, outcome) as Surveyed);
    },
  };
}

function resultOf(thread: UserThread, outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  throw new ReckonError("TASK_FAILED", `The task ${thread.path} failed.`, {
    got: outcome.message,
    help: "Correct its sample, gold or canonical.",
  });
}

/**
 * Loads a reward.
 * @throws ReckonError MODULE_MISSING, MODULE_LOAD, MODULE_EXPORT, REWARD_INVALID
 */
export async function loadUserReward(path: string, options: UserModuleOptions = {}): Promise<UserReward> {
  const thread = new UserThread(path, "reward", options);
  const loaded = await thread.load();
  if (loaded.kind !== "reward") throw new Error("internal: a reward was loaded as something else");
  return {
    ...describeModule(thread, loaded.name),
    weight: loaded.weight,
    async reward(rollouts) {
      const outcomes = await thread.run(rollouts.map((rollout) => ({ method: "reward", rollout })));
      return outcomes.map((outcome) => (outcome.ok ? (outcome.value as number | null) : outcome.message));
    },
  };
}

function describeModule(thread: UserThread, name: string): UserModule {
  const hash = createHash("sha256").update(readFileSync(thread.path)).digest("hex");
  return { name, path: thread.path, hash, close: () => thread.close() };
}

export interface JudgeOptions {
  readonly rewards: RuleRewards;
  /** The most tokens that an answer may have, for penalties by length. */
  readonly limit?: number;
  readonly userTasks?: readonly UserTask[];
  readonly userRewards?: readonly UserReward[];
}

/**
 * The judge of a run: shipped families by their verifiers, users' tasks and rewards in their threads. A verifier that
 * fails scores 0, a reward that fails adds 0; both are named in the judgement's failures.
 * @throws ReckonError REWARD_INVALID, TASK_INVALID when two have one name
 */
export function createJudge(options: JudgeOptions): Judge {
  const { rewards, limit, userTasks = [], userRewards = [] } = options;
  distinct(userTasks, "TASK_INVALID");
  distinct(userRewards, "REWARD_INVALID");
  const families = new Map(userTasks.map((task) => [task.name, task]));
  return async (rollouts) => {
    const verdicts = await userVerdicts(rollouts, families);
    const judged = rollouts.map((rollout, i) => judgeOne(rollout, rewards, verdicts[i], limit));
    const given = rollouts.map((rollout, i) => rewardRollout(rollout, judged[i]!.score));
    // Each reward has a thread of its own: they run side by side.
    const added = await Promise.all(userRewards.map((reward) => reward.reward(given)));
    return judged.map((judgement, i) =>
      userRewards.reduce((sum, reward, r) => withReward(sum, reward, added[r]![i]!), judgement),
    );
  };
}

/** Verdicts of users' tasks by rollout; a message where the verifier failed; undefined for shipped families. */
async function userVerdicts(
  rollouts: readonly Rollout[],
  families: ReadonlyMap<string, UserTask>,
): Promise<(Verdict | string | undefined)[]> {
  const verdicts: (Verdict | string | undefined)[] = rollouts.map(() => undefined);
  await Promise.all(
    [...families].map(async ([family, task]) => {
      const mine = rollouts.flatMap(({ problem, parsed }, i) =>
        problem.family === family && parsed.answer !== null ? [{ i, facts: problem.facts, answer: parsed.answer }] : [],
      );
      const results = await task.verify(mine.map(({ facts, answer }) => ({ facts, answer })));
      mine.forEach(({ i }, n) => {
        verdicts[i] = results[n];
      });
    }),
  );
  return verdicts;
}

function judgeOne(
  rollout: Rollout,
  weights: RuleRewards,
  verdict: Verdict | string | undefined,
  limit: number | undefined,
): Judgement {
  if (verdict === undefined) return judgeByRules(rollout, weights, undefined, limit);
  if (typeof verdict !== "string") return judgeByRules(rollout, weights, () => verdict, limit);
  const failed = (): Verdict => ({ score: 0, reason: `the verifier failed: ${verdict}` });
  const judgement = judgeByRules(rollout, weights, failed, limit);
  // Without the format the verifier did not count at all.
  if (judgement.rewards["format"] !== 1) return judgement;
  const failures = [...(judgement.failures ?? []), { name: rollout.problem.family, message: verdict }];
  return { ...judgement, rewards: { ...judgement.rewards, accuracy: null }, failures };
}

function withReward(judgement: Judgement, reward: UserReward, value: number | null | string): Judgement {
  const { name, weight } = reward;
  if (typeof value === "string") {
    const failures = [...(judgement.failures ?? []), { name, message: value }];
    return { ...judgement, rewards: { ...judgement.rewards, [name]: null }, failures };
  }
  const total = judgement.reward + weight * (value ?? 0);
  return { ...judgement, reward: total, rewards: { ...judgement.rewards, [name]: value } };
}

function rewardRollout({ problem, text, parsed, finish, length }: Rollout, score: number): RewardRollout {
  return { problem, text, parsed, finish, length, score };
}

function distinct(modules: readonly UserModule[], code: string): void {
  const paths = new Map<string, string>();
  for (const { name, path } of modules) {
    const other = paths.get(name);
    if (other !== undefined) {
      throw new ReckonError(code, `Two modules have the name ${JSON.stringify(name)}.`, {
        expected: "a name of its own for each",
        got: `${other} and ${path}`,
        help: "Rename one of them.",
      });
    }
    paths.set(name, path);
  }
}
