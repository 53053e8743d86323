/**
 * The o1-style chain that is compared: the recipe `o1` with two reinforcements against its judge, its own by GRPO, and beside
 * it that of `o1-ppo`; its own with the verifier in the judge's place; and against the judge from the base, where a policy has
 * more to gain by pleasing it. The rules' accuracy weighs nothing but with the verifier; the strict format is asked for as elsewhere.
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
  /** `byRules` with the judge in place of the rules, for twice as many steps as `grpo`, since the base has further to go. */
  readonly judged: string;
  /** The reinforcement of `verified` from the base itself, and, as R1-Zero's, not held to where it began. */
  readonly byRules: RecipeInput;
}

export function o1Stages(scale: Scale): O1Stages {
  const recipe = RECIPES["o1"]![scale];
  const before = recipe.stages.filter(({ kind }) => kind !== "reinforce");
  const [grpo, ppo] = [find(recipe, "reinforce"), find(RECIPES["o1-ppo"]![scale], "reinforce")];
  const fromBase = ({ klWeight: _, ...stage }: Reinforcement): Reinforcement => ({ ...stage, from: "models/base" });
  return {
    recipe: {
      ...recipe,
      stages: [
        ...before,
        { ...grpo, name: "grpo" },
        { ...ppo, name: "ppo" },
        { ...byVerifier(grpo), name: "verified" },
        { ...fromBase(grpo), name: "judged", steps: 2 * grpo.steps },
      ],
    },
    tuned: stageNameOf(find(recipe, "supervise")),
    judge: stageNameOf(find(recipe, "reward")),
    grpo: "grpo",
    ppo: "ppo",
    verified: "verified",
    judged: "judged",
    byRules: { ...recipe, name: `${recipe.name}-rules`, stages: [fromBase(byVerifier(grpo))] },
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
