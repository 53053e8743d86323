/**
 * o1-style against R1-style: a policy reinforced against a learnt judge of whole chains of thought; the same with the verifier
 * in the judge's place, for as many steps; and one reinforced from the base by rule rewards, for as many operations as
 * fine-tuning, judge and reinforcement by GRPO took together. Beside them R1-Zero with all that its recipe has (curriculum,
 * waits), and the base itself against the judge.
 */
import { READ, TRAINED } from "../../recipes/estimate.ts";
import type { Collection, Model } from "./collection.ts";
import { type JudgeRecord, judgeRecord } from "./course.ts";
import { o1Stages } from "./o1-recipe.ts";
import { collectOpinions, type Opinions } from "./opinions.ts";
import { collectPairs, type Pairs } from "./pairs.ts";
import type { Measurement } from "./record.ts";
import { beginnings, grownZero, measureStage, ONE, type StageSettings } from "./stage-set.ts";

export interface O1Seed {
  readonly seed: number;
  readonly judge: JudgeRecord;
  /** What it can tell apart. */
  readonly pairs: Pairs;
  readonly base: Measurement;
  readonly tuned: Measurement;
  readonly grpo: Measurement;
  readonly ppo: Measurement;
  /** The verifier in the judge's place. */
  readonly verified: Measurement;
  /** The base itself against the judge. */
  readonly judged: Measurement;
  /** Rule rewards, for as many operations as the arm with GRPO in all. */
  readonly rules: Measurement;
  /** Rule rewards, for as long as the recipe has it. */
  readonly zero: Measurement;
  /** What the judge thinks of the held-out answers of all of these. */
  readonly opinions: Opinions;
}

export interface O1 {
  readonly settings: StageSettings;
  readonly seeds: readonly O1Seed[];
}

export async function collectO1(collection: Collection, settings: StageSettings): Promise<O1> {
  const { scale, problems } = settings;
  const { recipe, byRules, ...names } = o1Stages(scale);
  const seeds: O1Seed[] = [];
  for (const seed of settings.seeds) {
    const { base } = await beginnings(collection);
    const stages = await collection.pipeline(`o1-${scale}-${seed}`, "o1", { recipe, seed, place: () => base });
    const measure = (name: string, model: Model): Promise<Measurement> =>
      collection.measure(`o1 ${scale} ${seed} ${name}`, model, problems, ONE, { traits: true });
    const own = stages.model(names.judge);
    const judge = await collection.record(`o1 ${scale} ${seed} judge`, own.key, async () =>
      judgeRecord(await own.open()),
    );
    const pairs = await collectPairs(collection, `o1 ${scale} ${seed} pairs`, own, { scale, prompts: problems.length });
    const tuned = await measure("tuned", stages.model(names.tuned));
    const grpo = await measure("grpo", stages.model(names.grpo));
    const ppo = await measure("ppo", stages.model(names.ppo));
    const verified = await measure("verified", stages.model(names.verified));
    const judged = await measure("judged", stages.model(names.judged));
    const zero = await grownZero(collection, scale, seed);
    const asShipped = await measureStage(collection, { scale, seed, name: "grown", model: zero }, problems);
    const total = armOperations({ judge, tuned, policy: grpo });
    const reinforce = async (name: string, count: number): Promise<{ model: Model; measured: Measurement }> => {
      const model = await collection.trained(`o1-rules-${scale}-${seed}`, "o1-rules", {
        ...{ scale, seed, from: base, recipe: byRules, set: [`steps=${count}`] },
      });
      return { model, measured: await measure(name, model) };
    };
    // How much there will be to train on, and how long answers will be, is not known before.
    const steps = equalSteps(total, grpo);
    const first = await reinforce("rules", steps);
    const ratio = (first.measured.training?.flops ?? Number.NaN) / total;
    const rules = isAsMany(ratio) ? first : await reinforce("rules again", Math.max(1, Math.round(steps / ratio)));
    const arms = {
      ...{ base, "fine-tuned": stages.model(names.tuned), "o1-style, GRPO": stages.model(names.grpo) },
      ...{
        "o1-style, PPO": stages.model(names.ppo),
        "the verifier in its place": stages.model(names.verified),
        "the base against the judge": stages.model(names.judged),
        "R1-style, as many operations": rules.model,
        "R1-style, as the recipe": zero,
      },
    };
    seeds.push({
      ...{ seed, judge, pairs, tuned, grpo, ppo, verified, judged, zero: asShipped },
      opinions: await collectOpinions(collection, `o1 ${scale} ${seed} opinions`, own, { arms, problems }),
      base: await measureStage(collection, { scale, name: "base", model: base }, problems),
      rules: rules.measured,
    });
  }
  return { settings, seeds };
}

/** How far the operations of two arms that are called equal may be apart. */
export const EQUAL = 0.25;

/** @param ratio of R1-style's operations over o1-style's */
export function isAsMany(ratio: number): boolean {
  return Math.abs(ratio - 1) <= EQUAL;
}

/**
 * Operations of an arm that has the fine-tuned model: fine-tuning, the judge if it has one, and reinforcement with what
 * `trainingFlops` leaves out: the judge's (its reader's too) and the reference's reading of every answer, and with PPO a critic that reads and
 * learns what the policy does.
 */
export function armOperations({
  judge = { parameters: 0, flops: 0 },
  tuned,
  policy,
  critic = false,
  anchored = true,
}: {
  readonly judge?: Pick<JudgeRecord, "parameters" | "flops" | "marks">;
  readonly tuned: Pick<Measurement, "training">;
  readonly policy: Pick<Measurement, "training" | "parameters">;
  readonly critic?: boolean;
  /** Held to where it began, which is read too. */
  readonly anchored?: boolean;
}): number {
  const { flops = Number.NaN, tokens = Number.NaN } = policy.training ?? {};
  const readings = judge.marks === undefined ? 1 : 2;
  const reading = READ * (readings * judge.parameters + (anchored ? policy.parameters : 0)) * tokens;
  const valuing = critic ? (READ + TRAINED) * policy.parameters * tokens : 0;
  return (tuned.training?.flops ?? Number.NaN) + judge.flops + flops + reading + valuing;
}

/**
 * Share of steps on top of what a step against the judge takes: groups whose answers are all right or all wrong give the
 * rules nothing to train on, where a judge tells every answer from the next.
 */
const SPARE = 1.15;

/** Steps of reinforcement by rules that take so many operations; at least 1. */
function equalSteps(total: number, { training }: Measurement): number {
  const { flops, steps } = training!;
  return Math.max(1, Math.round((SPARE * total * steps) / flops));
}
