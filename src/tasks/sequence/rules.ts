/**
 * The rules that a sequence may follow. Whether a rule fits is asked of the terms alone, so a problem is sound when all
 * rules that fit name the same next term.
 */

export type Rule =
  /** One difference, up or down: 3, 7, 11. */
  | "difference"
  /** Rising differences that grow by the same number each time: 2, 5, 10, 17. */
  | "growing"
  /** Each term is the one before times a whole number of 2 or more: 3, 6, 12. */
  | "ratio"
  /** Each term is the sum of the two before it: 3, 5, 8. */
  | "sum"
  /** Two sequences of one difference each, taking turns: 3, 20, 7, 18, 11. */
  | "turns";

/** In the order in which they are tried. */
export const RULES: readonly Rule[] = ["difference", "growing", "ratio", "sum", "turns"];

/** The next term by a rule; null where the rule does not fit the terms (4 or more; for turns 6 or more). */
export function nextBy(rule: Rule, terms: readonly number[]): number | null {
  const last = terms.at(-1)!;
  const steps = differences(terms);
  switch (rule) {
    case "difference":
      return same(steps) ? last + steps[0]! : null;
    case "growing": {
      const growth = differences(steps);
      return steps[0]! > 0 && growth[0]! > 0 && same(growth) ? last + steps.at(-1)! + growth[0]! : null;
    }
    case "ratio": {
      const ratio = terms[1]! / terms[0]!;
      if (!Number.isInteger(ratio) || ratio < 2) return null;
      return terms.every((term, i) => i === 0 || term === terms[i - 1]! * ratio) ? last * ratio : null;
    }
    case "sum":
      return terms.every((term, i) => i < 2 || term === terms[i - 1]! + terms[i - 2]!) ? last + terms.at(-2)! : null;
    case "turns": {
      if (terms.length < 6) return null;
      const [own, other] = [everyOther(terms), everyOther(terms.slice(0, -1))];
      return same(differences(own)) && same(differences(other)) ? own.at(-1)! + own[1]! - own[0]! : null;
    }
    default:
      rule satisfies never;
      throw new Error("internal: unknown rule");
  }
}

/** The first rule that fits; null for terms that follow none. */
export function ruleOf(terms: readonly number[]): Rule | null {
  return RULES.find((rule) => nextBy(rule, terms) !== null) ?? null;
}

/** The terms whose turn it is next: the last but one, and every other one before it. */
export function everyOther(terms: readonly number[]): number[] {
  return terms.filter((_, i) => i % 2 === terms.length % 2);
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - values[i]!);
}

function same(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
