/**
 * Chains that are followed downwards: from the first comparison that is left on to whoever comes next, and into the chain of the
 * line before, with the comparisons still left (`B>D>C A>B,E>A`, `A>B>D>C E>A`, `E>A>B>D>C`). Every step looks a name up
 * and writes what stands behind it.
 */
import type { Posed } from "../corpus/plain.ts";
import type { Method } from "../trace/calculate.ts";
import { inOrder, type RankingFacts } from "./index.ts";

type Statement = RankingFacts["statements"][number];

/** Shortest chain that is a problem of some level. */
const FEWEST = 4;

export const rankingMethod: Method<RankingFacts> = {
  work({ statements }, pen) {
    let left: readonly Statement[] = statements;
    let known: readonly string[] = [];
    while (left.length > 0) {
      const next = new Map([...left, ...known.slice(1).map((less, i): Statement => [known[i]!, less])]);
      const chain = [left[0]![0]];
      for (;;) {
        const less = next.get(chain.at(-1)!);
        // After a slip a name may come again: then the chain ends there.
        if (less === undefined || chain.includes(less)) break;
        if (chain.length > 1 && pen.judged(false)) break;
        chain.push(less);
      }
      left = left.filter(([greater]) => !chain.slice(0, -1).includes(greater));
      known = chain;
      pen.line([chain.join(">"), left.map((pair) => pair.join(">")).join(",")].join(" ").trim());
    }
    return known.join(">");
  },
  /** Each pair of neighbours in the answer has to be a comparison of the question. */
  check({ statements }, answer, pen) {
    const order = answer.split(">");
    const stated = new Map(statements);
    const parts: string[] = [];
    let holds = order.length > 1;
    for (let i = 0; i + 1 < order.length && holds; i++) {
      holds = pen.judged(stated.get(order[i]!) === order[i + 1]);
      parts.push(`${order[i]}>${order[i + 1]}`);
    }
    return { text: parts.join(" "), holds: holds && order.length === statements.length + 1 };
  },
  /** Two neighbours changed over. */
  miss(facts, random) {
    const order = inOrder(facts);
    const at = random.int(0, order.length - 2);
    [order[at], order[at + 1]] = [order[at + 1]!, order[at]!];
    return order.join(">");
  },
};

/** A chain that is not yet the whole one is the answer to the comparisons that it was made of. */
export function metOnRanking(thinking: string): Posed[] {
  const out: Posed[] = [];
  for (const [, text] of thinking.matchAll(/^(?:\p{L}{2,} )?([A-Z](?:>[A-Z])+) /gmu)) {
    const order = text!.split(">");
    if (order.length < FEWEST) continue;
    const statements = order.slice(1).map((less, i) => [order[i]!, less] as const);
    out.push({ family: "ranking", facts: { statements } });
  }
  return out;
}
