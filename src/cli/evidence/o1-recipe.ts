/**
 * The o1-style chain that is compared: the recipe `o1` with two reinforcements against its judge, its own by GRPO, and beside
 * it that of `o1-ppo`; and its own with the verifier in the judge's place. The rules' accuracy weighs nothing in the first
 * two; the strict format is asked for as elsewhere.
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
  /** `grpo` with the verifier in place of the judge, and all else alike. */
  readonly verified: string;
  /** The reinforcement of `verified` from the base itself, and, as R1-Zero's, not held to where it began. */
  readonly byRules: RecipeInput;
}

export function o1Stages(scale: Scale): O1Stages {
  const recipe = RECIPES["o1"]![scale];
  const before = recipe.stages.filter(({ kind }) => kind !== "reinforce");
  const [grpo, ppo] = [find(recipe, "reinforce"), find(RECIPES["o1-ppo"]![scale], "reinforce")];
  const { klWeight: _, from: __, ...free } = byVerifier(grpo);
  return {
    recipe: {
      ...recipe,
      stages: [
        ...before,
        { ...grpo, name: "grpo" },
        { ...ppo, name: "ppo" },
        { ...byVerifier(grpo), name: "verified" },
      ],
    },
    tuned: stageNameOf(find(recipe, "supervise")),
    judge: stageNameOf(find(recipe, "reward")),
    grpo: "grpo",
    ppo: "ppo",
    verified: "verified",
    byRules: { ...recipe, name: `${recipe.name}-rules`, stages: [{ ...free, from: "models/base" }] },
  };
}

type Reinforcement = Extract<StageInput, { readonly kind: "reinforce" }>;

/** What differs is what the reward is: that of R1-Zero. */
function byVerifier({ name: _, rewardModel: __, rewards: ___, ...rest }: Reinforcement): Reinforcement {
  return { ...rest, rewards: { accuracy: 1, format: 0.1 } };
}

function find<K extends StageInput["kind"]>(recipe: RecipeInput, kind: K): Extract<StageInput, { readonly kind: K }> {
  const found = recipe.stages.find((stage): stage is Extract<StageInput, { readonly kind: K }> => stage.kind === kind);
  if (found === undefined) throw new Error(`internal: the recipe ${recipe.name} has no stage of the kind ${kind}`);
  return found;
}
