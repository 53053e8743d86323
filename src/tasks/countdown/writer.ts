/** Countdown is searched, in the mix's manner of searching; a clean search is drawn anew until it ends well. */
import { DEFAULT_MIX } from "../corpus/mix.ts";
import type { Writer } from "../corpus/writer.ts";
import { Pen } from "../trace/pen.ts";
import { type CountdownFacts, countdown } from "./index.ts";
import { randomExpression, search } from "./search.ts";
import { solve, term } from "./solver.ts";

export const countdownWriter: Writer<CountdownFacts> = {
  think: (facts, pen, mix) => search(facts, pen, mix.search),
  clean(facts, random, language, options) {
    const manner = {
      ...DEFAULT_MIX.search,
      notation: options.notation ?? DEFAULT_MIX.search.notation,
      hint: options.hint ?? 0.3,
      branchHint: Math.max(0.6, options.hint ?? 0),
      giveUp: 0,
      resume: 0,
      slip: 0,
      misjudge: 0,
      recheck: 0,
      catch: 0,
      again: 0,
    };
    for (let tries = 0; tries < 20; tries++) {
      const pen = new Pen(random, language, 0);
      const answer = search(facts, pen, tries < 19 ? manner : { ...manner, hint: 1, branchHint: 1 });
      if (countdown.verify(facts, answer).score === 1) return { thinking: pen.text, answer };
    }
    return { thinking: "", answer: solve(facts.numbers.map(term), facts.target)! };
  },
  guess: (facts, random) => randomExpression(facts, random, false),
};
