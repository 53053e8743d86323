/**
 * Filtering a list of different numbers: those over or under a limit, the even or the odd ones; listed in their order or
 * summed up. At least one number passes and at least one does not; none is the limit itself.
 *
 * Chance: of a list, one of the 2^n lists that can be had by leaving numbers out; of a sum, one whole number from 0 to
 * the sum of all.
 */
import { verifyInteger, verifyIntegers } from "../answers.ts";
import { drawDistinct } from "../draw.ts";
import { defineTask, knob, type Language } from "../task.ts";

export interface FilterFacts {
  readonly numbers: readonly number[];
  readonly keep: "over" | "under" | "even" | "odd";
  /** The limit of `over` and `under`; 0 for the others. */
  readonly limit: number;
  readonly give: "list" | "sum";
}

/** How many numbers, the largest of them, and what is asked. */
const ladder = {
  numbers: [5, 6, 8, 9, 10],
  most: [99, 99, 30, 50, 99],
  keep: ["limit", "any", "limit", "any", "any"],
  give: ["list", "list", "sum", "any", "any"],
} as const;

export const filter = defineTask<FilterFacts>({
  name: "filter",
  ladder,
  sample(random, level) {
    const most = knob(ladder, "most", level);
    for (;;) {
      const numbers = drawDistinct(random, knob(ladder, "numbers", level), most);
      const byLimit = ladder.keep[level] === "limit" || random.chance(0.5);
      const keep = random.pick(byLimit ? (["over", "under"] as const) : (["even", "odd"] as const));
      const limit = byLimit ? random.int(2, most - 1) : 0;
      const asked = ladder.give[level];
      const give = asked === "list" || asked === "sum" ? asked : random.pick(["list", "sum"] as const);
      const facts: FilterFacts = { numbers, keep, limit, give };
      const count = kept(facts).length;
      if (count > 0 && count < numbers.length && !numbers.includes(limit)) return facts;
    }
  },
  prompt(facts, language) {
    const { keep, limit, give, numbers } = facts;
    const words = PROMPTS[language];
    return `${words[give]} ${words[keep]}${limit > 0 ? ` ${limit}` : ""}: ${numbers.join(", ")}.`;
  },
  verify(facts, answer) {
    const numbers = kept(facts);
    return facts.give === "sum" ? verifyInteger(answer, total(numbers)) : verifyIntegers(answer, numbers);
  },
  gold(facts) {
    const numbers = kept(facts);
    return facts.give === "sum" ? String(total(numbers)) : numbers.join(",");
  },
  chance: ({ numbers, give }) => (give === "sum" ? 1 / (total(numbers) + 1) : 1 / 2 ** numbers.length),
  canonical: ({ numbers, keep, limit, give }) =>
    `${give} ${keep} ${limit}: ${[...numbers].sort((x, y) => x - y).join(",")}`,
});

const PROMPTS: Readonly<Record<Language, Readonly<Record<FilterFacts["keep"] | FilterFacts["give"], string>>>> = {
  en: { list: "List", sum: "Sum", over: "over", under: "under", even: "even", odd: "odd" },
  de: { list: "Liste", sum: "Summe", over: "über", under: "unter", even: "gerade", odd: "ungerade" },
};

/** Whether a number passes. */
export function passes({ keep, limit }: FilterFacts, value: number): boolean {
  switch (keep) {
    case "over":
      return value > limit;
    case "under":
      return value < limit;
    case "even":
      return value % 2 === 0;
    case "odd":
      return value % 2 === 1;
    default:
      keep satisfies never;
      throw new Error("internal: unknown filter");
  }
}

/** The numbers that pass, in their order. */
export function kept(facts: FilterFacts): number[] {
  return facts.numbers.filter((value) => passes(facts, value));
}

export function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0);
}
