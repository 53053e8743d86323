/**
 * A reward model beside the rules: its opinion joins the reward under a name of its own, logged apart from accuracy and format,
 * so that a reward that rises while accuracy falls is seen for what it is (DeepSeek-R1, arXiv 2501.12948, Fig. 6). It may
 * count in the last part of a run alone, as R1's preferences do for that very reason: the last 400 of 1,700 steps.
 *
 * A model that fails is treated as a reward of the rules that does: the answers earn nothing from it, and the failure stands in
 * their judgements, where the watch over the run counts and reports it. No run ends by it.
 */
import { ReckonError } from "../util/errors.ts";
import type { Judge } from "./judge.ts";
import type { Judgement, Rollout } from "./rollout.ts";

/** Opinions from 0 to 1 on rollouts in the strict format; null where it cannot judge, and no finite number where it failed. */
export type Opinions = (
  texts: readonly { readonly prompt: string; readonly thinking: string; readonly answer: string }[],
) => Promise<readonly (number | null)[]>;

/** Of a rollout: an opinion, null where there is none, and a message where the model failed. */
type Given = number | null | string;

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
 * model and earns nothing from it; `score` stays the verifier's. Several models stand around one another. What the model
 * throws is a failure of all answers that it was shown, unless somebody has called the whole off (`AbortError`).
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
    const given = await ask(
      opinions,
      shown.map(({ text }) => text),
    );
    const values: Given[] = rollouts.map(() => null);
    shown.forEach(({ i }, n) => {
      values[i] = given[n]!;
    });
    return judged.map((judgement, i) => withOpinion(judgement, name, weight, values[i]!));
  };
}

async function ask(opinions: Opinions, texts: Parameters<Opinions>[0]): Promise<Given[]> {
  try {
    const given = await opinions(texts);
    return texts.map((_, n) => {
      const value = given[n];
      return value === null || Number.isFinite(value) ? value! : `it returned ${value}`;
    });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    const message = error instanceof Error ? error.message : String(error);
    return texts.map(() => message);
  }
}

function withOpinion(judgement: Judgement, name: string, weight: number, given: Given): Judgement {
  const value = typeof given === "string" ? null : given;
  const rewards = { ...judgement.rewards, [name]: value };
  const reward = judgement.reward + weight * (value ?? 0);
  if (typeof given !== "string") return { ...judgement, reward, rewards };
  return { ...judgement, rewards, failures: [...(judgement.failures ?? []), { name, message: given }] };
}

/** What the model said of a rollout; null where it said nothing, or where no model was asked. */
export function opinionOn({ rewards }: Judgement): number | null {
  return rewards[MODEL_NAME] ?? null;
}

/** Why the model failed on a rollout; undefined where it did not. */
export function opinionFailure({ failures = [] }: Judgement): string | undefined {
  return failures.find(({ name }) => name === MODEL_NAME)?.message;
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
