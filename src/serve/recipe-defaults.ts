/** A run's recipe beside today's defaults: what it does not name, because it is older or written by hand, is filled in. */
import { type RecipeInput, resolveRecipe } from "../recipes/schema.ts";
import { ReckonError } from "../util/errors.ts";
import type { RunDetail } from "./wire.ts";

const NO_SCHEDULE = { kind: "constant", warmup: 0 } as const;
const OPTIMIZER = { name: "adamw" } as const;

/** The least that a stage of each kind must say; the rest are defaults. */
const LEAST = {
  reinforce: {
    kind: "reinforce",
    from: "-",
    problems: [{ family: "-", level: 0, weight: 1 }],
    steps: 1,
    learningRate: 1,
    schedule: NO_SCHEDULE,
    optimizer: OPTIMIZER,
  },
  supervise: {
    kind: "supervise",
    from: "-",
    problems: [{ family: "-", level: 0, weight: 1 }],
    steps: 1,
    learningRate: 1,
    schedule: NO_SCHEDULE,
    optimizer: OPTIMIZER,
  },
  sample: { kind: "sample", from: "-", problems: [{ family: "-", level: 0, weight: 1 }], prompts: 1 },
  pretrain: {
    kind: "pretrain",
    model: { hiddenSize: 1, layers: 1, heads: 1, kvHeads: 1, headDim: 1, intermediateSize: 1 },
    tokenizer: {},
    steps: 1,
    learningRate: 1,
    schedule: NO_SCHEDULE,
    optimizer: OPTIMIZER,
  },
  reward: {
    kind: "reward",
    from: "-",
    problems: [{ family: "-", level: 0, weight: 1 }],
    steps: 1,
    learningRate: 1,
    schedule: NO_SCHEDULE,
    optimizer: OPTIMIZER,
  },
  graded: { kind: "graded", problems: [{ family: "-", level: 0, weight: 1 }], prompts: 1 },
} satisfies Record<string, RecipeInput["stages"][number]>;

/** The recipe with defaults filled in, and the defaults of its first stage. Never throws: a recipe may be anything. */
export function resolvedRecipe(recipe: unknown): Pick<RunDetail, "resolved" | "defaults"> {
  try {
    const resolved = resolveRecipe(recipe as RecipeInput);
    return { resolved, defaults: defaultsOf(resolved.stages[0]!.kind) };
  } catch (error) {
    if (error instanceof ReckonError || error instanceof TypeError) return { resolved: null, defaults: {} };
    throw error;
  }
}

function defaultsOf(kind: keyof typeof LEAST): Record<string, unknown> {
  const least: Readonly<Record<string, unknown>> = LEAST[kind];
  const stage = resolveRecipe({ name: "defaults", description: "", stages: [LEAST[kind]] }).stages[0]!;
  return without(stage, least) as Record<string, unknown>;
}

/** What was not said: the values of `filled` at keys that `said` does not have. */
function without(filled: object, said: Readonly<Record<string, unknown>>): object {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(filled)) {
    const before = said[key];
    if (before === undefined) out[key] = value;
    else if (typeof before === "object" && before !== null && !Array.isArray(before))
      out[key] = without(value as object, before as Readonly<Record<string, unknown>>);
  }
  return out;
}
