/**
 * Preferences: several responses to one prompt, of which one is preferred to another for the manner in which it is given. What
 * R1's two judges of taste learn from (DeepSeek-R1, arXiv 2501.12948, §3.1), made by rule.
 *
 * - `helpful`, read off the final answer: it is as it was told and no longer than that takes, or it is not (helpful.ts).
 * - `harmless`, read off the whole response: one language throughout, nothing said again and no thought where none is
 *   wanted, or not so (harmless.ts).
 *
 * It stands for something much larger. R1 has 66,000 pairs that a strong model judged four times each, and 106,000 prompts
 * with responses that are safe or not; here a rule knows which is better before a word is written, and "harmless" means no
 * more than what may be wrong with the text of a small model that reckons. Two responses in a pair say the same, right or
 * wrong, so that a judge learns manner and leaves truth to the verifier. Left out: tone, honesty, refusals and all else
 * that no rule here can tell; pairs of like length (R1's helpful ones are), since too long is one of the faults; breaches of
 * the format, which are never shown to a judge and earn nothing from it.
 *
 * A pure function of its request. Prompts are those of the problems given and, as many, of instructions of their families.
 */
import { Random } from "../../util/random.ts";
import { meetsHeldOut } from "../corpus/leaks.ts";
import { demoMix, type ProblemWeight, sampleFromMix, standIn } from "../corpus/mix.ts";
import { instructionMix, solvedFamily } from "../instructions/index.ts";
import type { Problem, Split } from "../task.ts";
import type { Trace } from "../traces/index.ts";
import { harmlessPair } from "./harmless.ts";
import { helpfulPair } from "./helpful.ts";
import type { PreferencePair } from "./pair.ts";

export const PREFERENCES = ["helpful", "harmless"] as const;
export type Preference = (typeof PREFERENCES)[number];

/** A trace whose `score` says whether it is preferred: 1, or 0 for what it is preferred to. */
export interface PreferenceTrace extends Trace {
  readonly defects: readonly string[];
}

export interface PreferenceRequest {
  readonly about: Preference;
  readonly seed: number;
  /** Number of the prompt. */
  readonly index: number;
  readonly split: Split;
  /** Responses to it, at most: in pairs, and equal ones are written once. Default 4. */
  readonly chains?: number;
  /** Which problems are posed; default those of the base. */
  readonly problems?: readonly ProblemWeight[];
}

const PAIRS: Readonly<Record<Preference, (problem: Problem, random: Random) => PreferencePair | undefined>> = {
  helpful: helpfulPair,
  harmless: harmlessPair,
};

/** The responses to prompt `index`; of the train split none meets a held-out problem on its way. */
export function preferenceTraces(request: PreferenceRequest): PreferenceTrace[] {
  const { about, seed, index, split, chains = 4, problems = demoMix } = request;
  const posed = [...evenly(problems), ...evenly(instructionMix(problems))];
  for (let attempt = 0; ; attempt++) {
    const problem = sampleFromMix({ seed, index: standIn(index, attempt), split }, posed);
    const traces: PreferenceTrace[] = [];
    const texts = new Set<string>();
    for (let pair = 0; pair < Math.max(1, Math.floor(chains / 2)); pair++) {
      const made = PAIRS[about](problem, Random.of(seed, "preference", about, split, index, attempt, pair));
      if (made === undefined) continue;
      const { preferred, other, defect } = made;
      for (const { reply, score, defects } of [
        { reply: preferred, score: 1, defects: [] },
        { reply: other, score: 0, defects: [defect] },
      ]) {
        const text = `${reply.thinking}\n\n${reply.answer}`;
        if (texts.has(text)) continue;
        texts.add(text);
        const { prompt, family, level, facts, language } = problem;
        const id = `${about}/${split}/${seed}/${index}/${traces.length}`;
        traces.push({ id, prompt, ...reply, family, level, facts, language, score, source: "corpus", defects });
      }
    }
    const solved = solvedFamily(problem);
    const clean = split === "heldout" || traces.every(({ thinking }) => !meetsHeldOut(solved, thinking));
    if (clean && traces.length > 1) return traces;
  }
}

/** The rungs with weights that add up to 1; none where there are none. */
function evenly(rungs: readonly ProblemWeight[]): ProblemWeight[] {
  const total = rungs.reduce((sum, { weight }) => sum + weight, 0);
  return rungs.map((rung) => ({ ...rung, weight: rung.weight / total }));
}
