/**
 * A chain that grows at either end: it begins with the first comparison, takes in the next one that fits, and restates
 * those that are left (`B>D A>B,D>C`, `A>B>D D>C`, `A>B>D>C`).
 */
import type { Posed } from "../corpus/plain.ts";
import type { Method } from "../trace/calculate.ts";
import { inOrder, type RankingFacts } from "./index.ts";

type Statement = RankingFacts["statements"][number];

/** Shortest chain that is a problem of some level. */
const FEWEST = 4;

export const rankingMethod: Method<RankingFacts> = {
  work({ statements }, pen) {
    let [first, ...left] = statements as [Statement, ...Statement[]];
    let chain: string[] = [...first];
    const write = (): void =>
      pen.line([chain.join(">"), left.map((pair) => pair.join(">")).join(",")].join(" ").trim());
    write();
    while (left.length > 0) {
      const fits = ([greater, less]: Statement): boolean => greater === chain.at(-1) || less === chain[0];
      // After a slip nothing may fit any more: then the first one is taken in as it stands.
      const taken = left.find(fits) ?? left[0]!;
      left = left.filter((pair) => pair !== taken);
      const added = taken.filter((name) => !chain.includes(name));
      const inFront = pen.judged(taken[1] === chain[0]);
      chain = inFront ? [...added, ...chain] : [...chain, ...added];
      write();
    }
    return chain.join(">");
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
