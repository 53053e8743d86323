/**
 * A reward model's opinion of held-out answers beside the truth, arm by arm: whether a policy that was reinforced against it
 * has learnt to please it instead of to be right, and what that looks like.
 */
import type { Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import { type Collection, MAX_TOKENS, type Model } from "./collection.ts";
import { measurementKey } from "./keys.ts";
import { fenced, figure, markdown, percent } from "./markdown.ts";
import { ONE } from "./stage-set.ts";

export interface Opinion {
  readonly arm: string;
  /** Share of right answers. */
  readonly right: number;
  /** Share of answers in the strict format: of others it is not asked. */
  readonly asked: number;
  /** Mean opinions, 0 to 1; null where there is no such answer. */
  readonly opinion: number | null;
  readonly ofRight: number | null;
  readonly ofWrong: number | null;
  /** The wrong answers that it likes best, the best one first. */
  readonly liked: readonly Liked[];
}

export interface Liked {
  readonly prompt: string;
  readonly text: string;
  readonly opinion: number;
}

export interface Opinions {
  readonly arms: readonly Opinion[];
}

/** Wrong answers that are kept of an arm. */
const LIKED = 2;

/** To be raised when the same answers would be told otherwise. */
const FORMAT = 1;

const JUDGE = "judge";

export function collectOpinions(
  collection: Collection,
  name: string,
  judge: Model,
  { arms, problems }: { readonly arms: Readonly<Record<string, Model>>; readonly problems: readonly Problem[] },
): Promise<Opinions> {
  const list = Object.entries(arms);
  const keys = [judge.key, ...list.map(([arm, { key }]) => `${arm} ${key}`)].join(" ");
  return collection.record(name, measurementKey(keys, problems, ONE, [MAX_TOKENS, FORMAT]), async () => {
    const rewards = [{ name: JUDGE, folder: await judge.open() }];
    const found: Opinion[] = [];
    for (const [arm, model] of list) {
      const answers = await collection.answers(`${name} ${arm}`, model, problems, ONE, rewards);
      const told = answers.map(({ rollout, judgement }, i) => ({
        prompt: problems[i]!.prompt,
        text: rollout.text,
        right: judgement.score === 1,
        opinion: judgement.rewards[JUDGE] ?? null,
      }));
      found.push(condense(arm, told));
    }
    return { arms: found };
  });
}

export interface Judged {
  readonly prompt: string;
  readonly text: string;
  readonly right: boolean;
  /** Null where the judge was not asked. */
  readonly opinion: number | null;
}

export function condense(arm: string, answers: readonly Judged[]): Opinion {
  const asked = answers.flatMap((answer) => (answer.opinion === null ? [] : [{ ...answer, opinion: answer.opinion }]));
  const over = (list: typeof asked): number | null => (list.length === 0 ? null : mean(list.map((one) => one.opinion)));
  const wrong = asked.filter((one) => !one.right);
  return {
    arm,
    right: mean(answers.map((one) => (one.right ? 1 : 0))),
    asked: asked.length / answers.length,
    opinion: over(asked),
    ofRight: over(asked.filter((one) => one.right)),
    ofWrong: over(wrong),
    liked: wrong
      .sort((a, b) => b.opinion - a.opinion)
      .slice(0, LIKED)
      .map(({ prompt, text, opinion }) => ({ prompt, text, opinion })),
  };
}

/** The table of all seeds, and of the first seed what is wrong and liked. */
export function opinionsText(seeds: readonly { readonly seed: number; readonly opinions: Opinions }[]): string {
  const said = (x: number | null): string => (x === null ? "–" : figure(x, 3));
  const table = markdown(
    ["seed", "arm", "right", "asked", "opinion", "of right answers", "of wrong ones"],
    seeds.flatMap(({ seed, opinions: { arms } }) =>
      arms.map(({ arm, right, asked, opinion, ofRight, ofWrong }) => [
        ...[String(seed), arm, percent(right), percent(asked), said(opinion), said(ofRight), said(ofWrong)],
      ]),
    ),
  );
  const examples = (seeds[0]?.opinions.arms ?? []).flatMap(({ arm, liked }) =>
    liked.map(({ prompt, text, opinion }) => `${arm}, opinion ${said(opinion)}:\n\n${fenced(`${prompt}\n${text}`)}`),
  );
  return [table, "Wrong answers that it likes best, in the first seed:", ...examples].join("\n\n");
}
