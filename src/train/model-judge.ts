/**
 * A reward model beside the rules: its opinion joins the reward under a name of its own, logged apart from accuracy and format,
 * so that a reward that rises while accuracy falls is seen for what it is (DeepSeek-R1, arXiv 2501.12948, Fig. 6). It may
 * count in the last part of a run alone, as R1's preferences do for that very reason: the last 400 of 1,700 steps.
 */
import { ReckonError } from "../util/errors.ts";
import type { Judge } from "./judge.ts";
import type { Judgement, Rollout } from "./rollout.ts";

/** Opinions from 0 to 1 on rollouts in the strict format; null where it cannot judge. */
export type Opinions = (
  texts: readonly { readonly prompt: string; readonly thinking: string; readonly answer: string }[],
) => Promise<readonly (number | null)[]>;

/** What the opinion of a reward model without a name is called. */
export const MODEL_NAME = "model";

export interface ModelJudgeOptions {
  /** What its opinion is called among the rewards; default {@link MODEL_NAME}. */
  readonly name?: string | undefined;
  /** Share of a run's steps after which it counts; before it is neither asked nor named. Default 0. */
  readonly after?: number | undefined;
}

/**
 * The rules' judgement with the model's opinion times `weight`. What is not in the strict format is not shown to the
 * model and earns nothing from it; `score` stays the verifier's. Several models stand around one another.
 * @throws ReckonError REWARD_INVALID, at its first rollouts, where another reward has its name
 */
export function modelJudge(rules: Judge, opinions: Opinions, weight: number, options: ModelJudgeOptions = {}): Judge {
  const { name = MODEL_NAME, after = 0 } = options;
  return async (rollouts, progress = 1) => {
    const judged = await rules(rollouts, progress);
    if (judged.some(({ rewards }) => name in rewards)) throw nameTaken(name);
    if (progress < after) return judged;
    const shown = rollouts.flatMap((rollout, i) => {
      const text = textOf(rollout);
      return text ? [{ i, text }] : [];
    });
    const given = await opinions(shown.map(({ text }) => text));
    const values: (number | null)[] = rollouts.map(() => null);
    shown.forEach(({ i }, n) => {
      values[i] = given[n]!;
    });
    return judged.map((judgement, i): Judgement => {
      const value = values[i]!;
      const reward = judgement.reward + weight * (value ?? 0);
      return { ...judgement, reward, rewards: { ...judgement.rewards, [name]: value } };
    });
  };
}

/** What the model said of a rollout; null where it said nothing, or where no model was asked. */
export function opinionOn({ rewards }: Judgement): number | null {
  return rewards[MODEL_NAME] ?? null;
}

function textOf({ problem, parsed, finish }: Rollout): Parameters<Opinions>[0][number] | undefined {
  const { formatOk, thinking, answer } = parsed;
  return formatOk && answer !== null && finish === "stop" ? { prompt: problem.prompt, thinking, answer } : undefined;
}

function nameTaken(name: string): ReckonError {
  return new ReckonError("REWARD_INVALID", `Two rewards have the name ${JSON.stringify(name)}.`, {
    expected: "a name of its own for each",
    got: "a reward model called as another reward is",
    help: "Give the reward model another name.",
  });
}
