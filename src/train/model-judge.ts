/**
 * A reward model beside the rules: its opinion joins the reward under the name `model`, logged apart from accuracy and format,
 * so that a reward that rises while accuracy falls is seen for what it is (DeepSeek-R1, arXiv 2501.12948, Fig. 6).
 */
import type { Judge } from "./judge.ts";
import type { Judgement, Rollout } from "./rollout.ts";

/** Opinions from 0 to 1 on rollouts in the strict format; null where it cannot judge. */
export type Opinions = (
  texts: readonly { readonly prompt: string; readonly thinking: string; readonly answer: string }[],
) => Promise<readonly (number | null)[]>;

/**
 * The rules' judgement with the model's opinion times `weight`. What is not in the strict format is not shown to the
 * model and earns nothing from it; `score` stays the verifier's.
 */
export function modelJudge(rules: Judge, opinions: Opinions, weight: number): Judge {
  return async (rollouts) => {
    const judged = await rules(rollouts);
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
      return { ...judgement, reward, rewards: { ...judgement.rewards, model: value } };
    });
  };
}

/** What the model said of a rollout; null where it said nothing, or where no model was asked. */
export function opinionOn({ rewards }: Judgement): number | null {
  return rewards["model"] ?? null;
}

function textOf({ problem, parsed, finish }: Rollout): Parameters<Opinions>[0][number] | undefined {
  const { formatOk, thinking, answer } = parsed;
  return formatOk && answer !== null && finish === "stop" ? { prompt: problem.prompt, thinking, answer } : undefined;
}
