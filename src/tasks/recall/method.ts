/**
 * Thinking about a fact that one knows or does not: naming it, or musing over several names until one cannot tell
 * any more which it was. So more thinking goes with worse answers, as closed-book questions have it.
 */
import type { Random } from "../../util/random.ts";
import type { Pen } from "../trace/pen.ts";
import { NAMES } from "./facts.ts";
import { asked, type RecallFacts } from "./index.ts";

/** How the writer thinks about a fact; probabilities. */
export interface Musing {
  /** Several names come to mind. */
  readonly muse: number;
  /** The answer is right after musing. */
  readonly museRight: number;
  /** The answer is right when one name comes to mind. */
  readonly plainRight: number;
}

/** Writes the thinking and returns the answer. */
export function museOn(facts: RecallFacts, pen: Pen, musing: Musing): string {
  const { country } = facts;
  const { name } = asked(facts);
  const { random } = pen;
  if (!random.chance(musing.muse)) {
    const answer = random.chance(musing.plainRight) ? name : missName(facts, random);
    pen.line(`${country} ${answer}`);
    return answer;
  }
  const others = random.int(1, 3);
  const named = random.shuffle([name, ...Array.from({ length: others }, () => missName(facts, random))]);
  for (const [i, one] of named.entries()) {
    if (i > 0) pen.opening = "wait";
    pen.line(`${country} ${one}`);
  }
  const answer = random.chance(musing.museRight) ? name : random.pick(named);
  pen.line((words) => `${words.so} ${answer}`);
  return answer;
}

/** Another country's capital, river or coin. */
export function missName(facts: RecallFacts, random: Random): string {
  const { relation, name } = asked(facts);
  for (;;) {
    const other = random.pick(NAMES[relation]);
    if (other !== name) return other;
  }
}
