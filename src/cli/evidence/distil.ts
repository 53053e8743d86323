/**
 * Distillation against reinforcement of the same small model (DeepSeek-R1, arXiv 2501.12948, §4.1): in each seed a student
 * base, the student that learns from a teacher's right answers, and the same base reinforced for as many operations of its
 * own. One teacher for all seeds; what it costs is told apart.
 */
import { computeRatio, equalStepsOf } from "../../recipes/distil-control.ts";
import { RECIPES, type RecipeInput, type Scale } from "../../recipes/index.ts";
import type { Collection, Model } from "./collection.ts";
import type { DataRecord, Measurement, TrainingRecord } from "./record.ts";
import { beginnings, measureStage, ONE, type StageSettings } from "./stage-set.ts";

/**
 * Share of steps that the control gets on top, since groups that are all right or all wrong cost it no training: R1-Zero
 * has trained on five of six of its answers. Rather too many than too few: the comparison must not flatter distillation.
 */
const SPARE = 1.3;

/** How many more operations than the student's the control may have had; fewer would flatter the student. */
export const MOST = 1.5;
/** What a second try aims at, where the first was beyond that. */
const AIM = 1.2;

export interface DistilSeed {
  readonly seed: number;
  readonly base: Measurement;
  readonly student: Measurement;
  /** The control. */
  readonly reinforced: Measurement;
  /** What the teacher wrote for it. */
  readonly data: DataRecord;
}

export interface Distil {
  readonly settings: StageSettings;
  readonly teacher: Measurement;
  /** What the teacher began with. */
  readonly teacherBase: TrainingRecord;
  readonly seeds: readonly DistilSeed[];
}

export async function collectDistil(collection: Collection, settings: StageSettings): Promise<Distil> {
  const { scale, seeds: list, problems } = settings;
  const { base: teacherBase, zero: teacher } = await beginnings(collection);
  const measure = (name: string, model: Model): Promise<Measurement> =>
    collection.measure(`distil ${scale} ${name}`, model, problems, ONE, { traits: true });
  const seeds: DistilSeed[] = [];
  const taught = await measureStage(collection, { scale, name: "zero", model: teacher }, problems);
  for (const seed of list) {
    const stages = await collection.pipeline(`distil-${scale}-${seed}`, "distil", {
      recipe: RECIPES["distil"]![scale],
      seed,
      place: () => teacher,
    });
    const base = stages.model("base");
    const before = await measure(`base ${seed}`, base);
    const student = await measure(`student ${seed}`, stages.model("student"));
    const { recipe, cost } = control(scale);
    // How long the control's answers will be is not known before; how equal it became is told. They grow beyond those of its
    // base, towards the teacher's, and prompts are trained on as well.
    const answerTokens = 1.25 * taught.summary.tokens_mean;
    const steps = Math.ceil(SPARE * equalStepsOf({ tokens: student.training!.tokens! }, { ...cost, answerTokens }));
    const reinforce = async (name: string, count: number): Promise<Measurement> => {
      const model = await collection.trained(`distil-rl-${scale}-${seed}`, "distil-rl", {
        ...{ scale, seed, from: base, recipe, set: [`steps=${count}`] },
      });
      return measure(name, model);
    };
    const first = await reinforce(`reinforced ${seed}`, steps);
    const again = stepsAgain(steps, computeRatio(first.training!, student.training!));
    const reinforced = again === undefined ? first : await reinforce(`reinforced ${seed} again`, again);
    seeds.push({ seed, base: before, student, reinforced, data: await stages.data("teacher") });
  }
  return { settings, teacher: taught, teacherBase: teacherBase.training()!, seeds };
}

/** Steps of a second try; undefined where the first had operations enough and not too many. */
export function stepsAgain(steps: number, ratio: number): number | undefined {
  return isEqual(ratio) ? undefined : Math.ceil((steps * AIM) / ratio);
}

/** @param ratio of the control's operations over the student's */
export function isEqual(ratio: number): boolean {
  return ratio >= 1 && ratio <= MOST;
}

/** The control's reinforcement alone: it begins with the base that the student began with. */
function control(scale: Scale): {
  readonly recipe: RecipeInput;
  readonly cost: { readonly promptsPerStep: number; readonly samplesPerPrompt: number; readonly iterations: number };
} {
  const whole = RECIPES["distil-rl"]![scale];
  const stage = whole.stages.find(({ kind }) => kind === "reinforce");
  if (stage?.kind !== "reinforce") throw new Error("internal: the control has no reinforcement");
  const { promptsPerStep, samplesPerPrompt, iterations } = stage;
  if (promptsPerStep === undefined || samplesPerPrompt === undefined || iterations === undefined) {
    throw new Error("internal: the control does not say what a step is");
  }
  const { name: _, ...alone } = stage;
  return {
    recipe: { ...whole, stages: [{ ...alone, from: "models/base" }] },
    cost: { promptsPerStep, samplesPerPrompt, iterations },
  };
}
