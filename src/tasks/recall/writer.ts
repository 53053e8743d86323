/** Recall is mused on, in the mix's manner; a clean solution names the fact and no other. */
import type { Writer } from "../corpus/writer.ts";
import { Pen } from "../trace/pen.ts";
import type { RecallFacts } from "./index.ts";
import { missName, museOn } from "./method.ts";

export const recallWriter: Writer<RecallFacts> = {
  think: (facts, pen, mix) => museOn(facts, pen, mix.musing),
  clean(facts, random, language) {
    const pen = new Pen(random, language, 0);
    const answer = museOn(facts, pen, { muse: 0, museRight: 1, plainRight: 1 });
    return { thinking: pen.text, answer };
  },
  guess: (facts, random) => missName(facts, random),
};
