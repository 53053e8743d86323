/** The corpus that a pretraining stage reads: the default mix with each phase's changes. */
import { type CorpusMix, DEFAULT_MIX } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import type { PretrainStage } from "./schema.ts";

/** The mixes of a stage's phases, each with the share of the steps from which on it is read. */
export function phasesOf(stage: PretrainStage): readonly { readonly from: number; readonly mix: CorpusMix }[] {
  return stage.phases.map(({ from, mix }) => ({ from, mix: corpusMix(mix) }));
}

/** The default mix with a phase's changes; objects are merged key by key, and an unknown key is an error. */
function corpusMix(changes: Readonly<Record<string, unknown>>): CorpusMix {
  const merge = (
    base: Readonly<Record<string, unknown>>,
    change: Readonly<Record<string, unknown>>,
    path: string,
  ): Record<string, unknown> => {
    const out: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(change)) {
      const before = base[key];
      if (before === undefined) {
        throw new ReckonError("RECIPE_INVALID", `the corpus has no knob ${path}${key}`, {
          expected: Object.keys(base).join(", "),
          got: key,
        });
      }
      const nested = typeof before === "object" && before !== null && !Array.isArray(before);
      out[key] = nested
        ? merge(before as Record<string, unknown>, value as Record<string, unknown>, `${path}${key}.`)
        : value;
    }
    return out;
  };
  return merge(DEFAULT_MIX as unknown as Record<string, unknown>, changes, "") as unknown as CorpusMix;
}
