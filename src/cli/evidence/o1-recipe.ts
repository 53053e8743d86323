/**
 * The o1-style chain that is compared: fine-tuning on worked solutions, a reward model that has learnt to rate whole chains
 * of thought, and reinforcement against that model, once with GRPO's advantages and once with PPO's. The rules' accuracy
 * weighs nothing in it; the strict format is asked for as elsewhere.
 */
import { RECIPES, type RecipeInput, type Scale, stageNameOf } from "../../recipes/index.ts";

type StageInput = RecipeInput["stages"][number];
type Reinforce = StageInput & { readonly kind: "reinforce" };

/** The stages by what they are for. */
export interface O1Stages {
  readonly recipe: RecipeInput;
  readonly tuned: string;
  readonly judge: string;
  readonly grpo: string;
  readonly ppo: string;
}

const NAMES = { tuned: "tune", judge: "judge", grpo: "grpo", ppo: "ppo" } as const;

/**
 * The recipe `o1` where there is one, and with both algorithms: what it reinforces with one of them is reinforced with the
 * other from the same stage.
 */
export function o1Stages(scale: Scale): O1Stages {
  return withBoth(RECIPES["o1"]?.[scale] ?? chain(scale));
}

/** A recipe with one reinforcement against a reward model, made to have two. */
export function withBoth(recipe: RecipeInput): O1Stages {
  const find = (what: (stage: StageInput) => boolean): StageInput => {
    const found = recipe.stages.find(what);
    if (found === undefined) throw new Error("internal: the recipe o1 lacks a stage");
    return found;
  };
  const tuned = find(({ kind }) => kind === "supervise");
  const judge = find(({ kind }) => kind === "reward");
  const against = (stage: StageInput): stage is Reinforce =>
    stage.kind === "reinforce" && stage.rewardModel !== undefined;
  const rl = find(against) as Reinforce;
  const { ppo: settings, ...plain } = rl;
  const given = (ppo: boolean): StageInput | undefined =>
    recipe.stages.find((stage) => against(stage) && (stage.ppo !== undefined) === ppo);
  const grpo = given(false) ?? { ...plain, name: NAMES.grpo };
  const ppo = given(true) ?? { ...plain, name: NAMES.ppo, ppo: { critic: rl.rewardModel!.from, ...settings } };
  const before = recipe.stages.filter((stage) => !against(stage));
  return {
    recipe: { ...recipe, stages: [...before, grpo, ppo] },
    tuned: stageNameOf(tuned),
    judge: stageNameOf(judge),
    grpo: stageNameOf(grpo),
    ppo: stageNameOf(ppo),
  };
}

/** Made of the recipes `sft`, `reward` and `r1-zero`. */
function chain(scale: Scale): RecipeInput {
  const stage = (recipe: string): StageInput => RECIPES[recipe]![scale].stages[0]!;
  const rl = stage("r1-zero") as Reinforce;
  return {
    ...{ name: scale === "tiny" ? "o1" : "o1-small", description: "", seed: 0, shards: 2 },
    stages: [
      { ...stage("sft"), name: NAMES.tuned },
      { ...stage("reward"), name: NAMES.judge },
      {
        ...rl,
        name: NAMES.grpo,
        from: `stage:${NAMES.tuned}`,
        rewards: { accuracy: 0, format: 0.1 },
        rewardModel: { from: `stage:${NAMES.judge}` },
      },
    ],
  };
}
