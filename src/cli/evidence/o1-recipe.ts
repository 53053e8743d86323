/**
 * The o1-style chain that is compared: the recipe `o1` with two reinforcements against its judge, its own by GRPO, and beside
 * it that of `o1-ppo`. The rules' accuracy weighs nothing in either; the strict format is asked for as elsewhere.
 */
import { RECIPES, type RecipeInput, type Scale, stageNameOf } from "../../recipes/index.ts";

type StageInput = RecipeInput["stages"][number];

/** The stages by what they are for. */
export interface O1Stages {
  readonly recipe: RecipeInput;
  readonly tuned: string;
  readonly judge: string;
  readonly grpo: string;
  readonly ppo: string;
  /** The reinforcement of `grpo` with rules in place of the judge, from the base itself. */
  readonly byRules: RecipeInput;
}

export function o1Stages(scale: Scale): O1Stages {
  const recipe = RECIPES["o1"]![scale];
  const before = recipe.stages.filter(({ kind }) => kind !== "reinforce");
  const reinforced = (name: string, from: RecipeInput): StageInput => ({ ...find(from, "reinforce"), name });
  return {
    recipe: {
      ...recipe,
      stages: [...before, reinforced("grpo", recipe), reinforced("ppo", RECIPES["o1-ppo"]![scale])],
    },
    tuned: stageNameOf(find(recipe, "supervise")),
    judge: stageNameOf(find(recipe, "reward")),
    grpo: "grpo",
    ppo: "ppo",
    byRules: { ...recipe, name: `${recipe.name}-rules`, stages: [byRules(find(recipe, "reinforce"))] },
  };
}

/** What differs is what the reward is, and what it begins with; the rewards are those of R1-Zero. */
function byRules(stage: StageInput): StageInput {
  if (stage.kind !== "reinforce") throw new Error("internal: no reinforcement");
  const { name: _, rewardModel: __, rewards: ___, ...rest } = stage;
  return { ...rest, from: "models/base", rewards: { accuracy: 1, format: 0.1 } };
}

function find(recipe: RecipeInput, kind: StageInput["kind"]): StageInput {
  const found = recipe.stages.find((stage) => stage.kind === kind);
  if (found === undefined) throw new Error(`internal: the recipe ${recipe.name} has no stage of the kind ${kind}`);
  return found;
}
