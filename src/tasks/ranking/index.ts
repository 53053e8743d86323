/**
 * Ordering people from comparisons: every neighbouring pair of the order is stated once (`B>D`), shuffled.
 *
 * Left out: comparisons of people who do not stand side by side, which would only repeat what follows from the others.
 * Chance: the people in a random order, 1/n!.
 */
import { verifyText } from "../spell.ts";
import { defineTask, knob } from "../task.ts";

/** People are capital letters; each statement names the greater one first. */
export interface RankingFacts {
  readonly statements: readonly (readonly [greater: string, less: string])[];
}

const PEOPLE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** How many people. */
const ladder = { people: [4, 5, 6, 7, 8] } as const;

export const ranking = defineTask<RankingFacts>({
  name: "ranking",
  ladder,
  sample(random, level) {
    const order = random.shuffle([...PEOPLE]).slice(0, knob(ladder, "people", level));
    const pairs = order.slice(1).map((less, i) => [order[i]!, less] as const);
    return { statements: random.shuffle(pairs) };
  },
  prompt({ statements }, language) {
    const list = statements.map((pair) => pair.join(">")).join(", ");
    return language === "en" ? `Order ${list}.` : `Ordne ${list}.`;
  },
  verify: (facts, answer) => verifyText(answer, inOrder(facts).join(">")),
  gold: (facts) => inOrder(facts).join(">"),
  chance: ({ statements }) => statements.reduce((share, _, i) => share / (i + 2), 1),
  canonical: (facts) => inOrder(facts).join(">"),
});

/** The people, greatest first. */
export function inOrder({ statements }: RankingFacts): string[] {
  const after = new Map(statements);
  const below = new Set(after.values());
  const order: string[] = [];
  for (let next = [...after.keys()].find((name) => !below.has(name)); next !== undefined; next = after.get(next)) {
    order.push(next);
  }
  return order;
}
