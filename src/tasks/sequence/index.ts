/**
 * The next term of a sequence that follows one of a few stated rules (see rules.ts). All terms differ, none is
 * negative, and all rules that fit name the same next term.
 *
 * Chance: one whole number drawn uniformly from 0 to three times the greatest term, above which no rule leads.
 */
import type { Random } from "../../util/random.ts";
import { verifyInteger } from "../answers.ts";
import { defineTask, knob } from "../task.ts";
import { nextBy, RULES, type Rule, ruleOf } from "./rules.ts";

export interface SequenceFacts {
  readonly terms: readonly number[];
}

/** Terms shown (of turns 6 or 7); how many of the rules occur; largest term and answer. */
const ladder = { terms: [4, 4, 4, 5, 6], rules: [1, 2, 3, 4, 5], most: [99, 149, 199, 499, 999] } as const;

/** The same for sequences with a ratio, at every level, and their largest first term: otherwise they would be too few. */
const RATIO = { terms: 4, most: 1999, first: 99 };

/** Least greatest term: from here on a guess is right less than once in 30 times. */
const LEAST_GREATEST = 10;

export const sequence = defineTask<SequenceFacts>({
  name: "sequence",
  ladder,
  sample(random, level) {
    // The newest two rules of a level oftener than the others.
    const rules = RULES.slice(0, knob(ladder, "rules", level));
    const rule = random.pick(random.chance(0.5) ? rules.slice(-2) : rules);
    const [count, most] =
      rule === "ratio" ? [RATIO.terms, RATIO.most] : [knob(ladder, "terms", level), knob(ladder, "most", level)];
    for (;;) {
      const terms = draw(random, rule, count, most);
      if (isPosed({ terms }) && terms.every((term) => term <= most) && next(terms) <= most) return { terms };
    }
  },
  prompt: ({ terms }, language) => `${language === "en" ? "Next" : "Weiter"}: ${terms.join(", ")}.`,
  verify: ({ terms }, answer) => verifyInteger(answer, next(terms)),
  gold: ({ terms }) => String(next(terms)),
  chance: ({ terms }) => 1 / (3 * Math.max(...terms) + 1),
  canonical: ({ terms }) => terms.join(","),
});

/** The next term of a sound sequence. */
export function next(terms: readonly number[]): number {
  const rule = ruleOf(terms);
  if (rule === null) throw new Error("internal: a sequence without a rule");
  return nextBy(rule, terms)!;
}

/** Whether terms, for instance such as stand inside another one's solution, could be posed by themselves. */
export function isPosed({ terms }: SequenceFacts): boolean {
  if (terms.length < 4 || new Set(terms).size < terms.length) return false;
  if (terms.some((term) => term < 0) || Math.max(...terms) < LEAST_GREATEST) return false;
  const answers = new Set(RULES.map((rule) => nextBy(rule, terms)).filter((answer) => answer !== null));
  return answers.size === 1 && [...answers][0]! >= 0;
}

function draw(random: Random, rule: Rule, count: number, most: number): number[] {
  const size = Math.ceil(most / 8);
  const terms: number[] = [];
  switch (rule) {
    case "difference": {
      const step = random.int(2, size) * (random.chance(0.5) ? 1 : -1);
      const first = random.int(1, most);
      for (let i = 0; i < count; i++) terms.push(first + i * step);
      return terms;
    }
    case "growing": {
      let step = random.int(1, 9);
      const growth = random.int(1, 9);
      let term = random.int(1, size);
      for (let i = 0; i < count; i++) {
        terms.push(term);
        term += step;
        step += growth;
      }
      return terms;
    }
    case "ratio": {
      const ratio = random.int(2, 3);
      const first = random.int(2, RATIO.first);
      for (let i = 0; i < count; i++) terms.push(first * ratio ** i);
      return terms;
    }
    case "sum": {
      terms.push(random.int(1, size), random.int(1, size));
      while (terms.length < count) terms.push(terms.at(-1)! + terms.at(-2)!);
      return terms;
    }
    case "turns": {
      const [own, other] = [0, 1].map(() => draw(random, "difference", 4, most)) as [number[], number[]];
      for (let i = 0; i < 3; i++) terms.push(own[i]!, other[i]!);
      if (random.chance(0.5)) terms.push(own[3]!);
      return terms;
    }
    default:
      rule satisfies never;
      throw new Error("internal: unknown rule");
  }
}
