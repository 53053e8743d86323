/**
 * Thinking about a fact that one knows or does not: naming it, or musing over several capitals until one cannot tell
 * any more which it was. So more thinking goes with worse answers, as closed-book questions have it.
 */
import type { Random } from "../../util/random.ts";
import type { Pen } from "../trace/pen.ts";
import { CAPITALS } from "./facts.ts";
import type { RecallFacts } from "./index.ts";

/** How the writer thinks about a fact; probabilities. */
export interface Musing {
  /** Several capitals come to mind. */
  readonly muse: number;
  /** The answer is right after musing. */
  readonly museRight: number;
  /** The answer is right when one capital comes to mind. */
  readonly plainRight: number;
}

/** Writes the thinking and returns the answer. */
export function museOn(facts: RecallFacts, pen: Pen, musing: Musing): string {
  const { country, capital } = facts;
  const { random } = pen;
  if (!random.chance(musing.muse)) {
    const answer = random.chance(musing.plainRight) ? capital : missCapital(facts, random);
    pen.line(`${country} ${answer}`);
    return answer;
  }
  const others = random.int(1, 3);
  const named = random.shuffle([capital, ...Array.from({ length: others }, () => missCapital(facts, random))]);
  for (const [i, name] of named.entries()) {
    if (i > 0) pen.opening = "wait";
    pen.line(`${country} ${name}`);
  }
  const answer = random.chance(musing.museRight) ? capital : random.pick(named);
  pen.line((words) => `${words.so} ${answer}`);
  return answer;
}

/** Another country's capital. */
export function missCapital({ capital }: RecallFacts, random: Random): string {
  for (;;) {
    const other = random.pick(CAPITALS);
    if (other !== capital) return other;
  }
}
