/**
 * Graded chains of thought: several on one problem, of differing quality, each with the ratings and the step labels that
 * follow from what was done to it. What reward models learn from where nobody has rated anything (docs/reward-models.md).
 *
 * A chain is written in the corpus' hand: carefully, with slips that are believed, with slips that are caught, or not at all
 * (an answer at once). Then its text may be spoiled: another language or a mixture, lines left out, said again, out of
 * order, an answer that does not follow. A pure function of its request.
 * Left out: what no rule here can rate, such as tone, and chains of models (sample them and rate them by hand).
 */
import { Random } from "../../util/random.ts";
import { meetsHeldOut } from "../corpus/leaks.ts";
import { demoMix, type ProblemWeight, sampleFromMix, standIn } from "../corpus/mix.ts";
import { getTask } from "../registry.ts";
import type { Problem, Split } from "../task.ts";
import type { Trace } from "../traces/index.ts";
import { rate } from "./rate.ts";
import { spoil } from "./spoil.ts";
import { type Draft, writeDraft } from "./write.ts";

export type { Defect } from "./spoil.ts";

/** A trace with what was done to it. */
export interface GradedTrace extends Trace {
  readonly defects: readonly string[];
}

export interface GradedRequest {
  readonly seed: number;
  /** Number of the problem. */
  readonly index: number;
  readonly split: Split;
  /** Chains on it, at most: equal ones are written once. Default 4. */
  readonly chains?: number;
  /** Which problems are posed; default those of the base. */
  readonly problems?: readonly ProblemWeight[];
}

/** Times that a chain is drawn again because it equals another. */
const AGAIN = 8;

/** The chains on problem `index`, in no order of quality. Of the train split none meets a held-out problem on its way. */
export function gradedTraces(request: GradedRequest): GradedTrace[] {
  const { seed, index, split, chains = 4, problems = demoMix } = request;
  for (let attempt = 0; ; attempt++) {
    const problem = sampleFromMix({ seed, index: standIn(index, attempt), split }, problems);
    const traces: GradedTrace[] = [];
    const texts = new Set<string>();
    for (let chain = 0; chain < chains; chain++) {
      for (let again = 0; again < AGAIN; again++) {
        const trace = gradedTrace(problem, Random.of(seed, "graded", split, index, attempt, chain, again));
        const text = `${trace.thinking}\n${trace.answer}`;
        if (texts.has(text)) continue;
        texts.add(text);
        traces.push({ ...trace, id: `graded/${split}/${seed}/${index}/${chain}` });
        break;
      }
    }
    if (split === "heldout" || traces.every(({ thinking }) => !meetsHeldOut(problem.family, thinking))) return traces;
  }
}

function gradedTrace(problem: Problem, random: Random): Omit<GradedTrace, "id"> {
  const { family, level, facts, language, prompt } = problem;
  const draft: Draft = writeDraft(problem, random);
  const spoilt = spoil(draft, problem, random);
  const score = getTask(family).verify(facts, spoilt.answer).score;
  const { ratings, steps } = rate(spoilt, score, language);
  return {
    prompt,
    thinking: spoilt.lines.map(({ text }) => text).join("\n"),
    answer: spoilt.answer,
    family,
    level,
    facts,
    language,
    score,
    ratings,
    steps,
    source: "corpus",
    defects: spoilt.defects,
  };
}
