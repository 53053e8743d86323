/**
 * The search of countdown, with small numbers and one target: a step that leaves three numbers opens a branch
 * (`12+5=17 3,7>24`), attempts within it follow (`17-3=14 14+7=21>24 no`).
 *
 * It differs from countdown's in the choice of branches only: with a target that one knows by heart it shows which three
 * numbers can make it, so that the writer opens a promising branch more often than not.
 */
import type { Writer } from "../corpus/writer.ts";
import { randomExpression, search } from "../countdown/search.ts";
import { countdownWriter } from "../countdown/writer.ts";
import type { Puzzle24Facts } from "./index.ts";

/** Share of branches that are drawn from those that lead to 24. */
const PROMISING = 0.6;

export const puzzle24Writer: Writer<Puzzle24Facts> = {
  think: (facts, pen, mix) =>
    search(facts, pen, { ...mix.search, branchHint: Math.max(PROMISING, mix.search.branchHint) }),
  clean: (facts, random, language, options) => countdownWriter.clean(facts, random, language, options),
  guess: (facts, random) => randomExpression(facts, random, false),
};
