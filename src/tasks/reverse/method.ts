/**
 * Reversing letter by letter: the first letter that is left goes in front of what is found (`r-a-m>t`, `a-m>r-t`), so
 * each line is made of the line before and no place has to be counted.
 */
import type { Posed } from "../corpus/plain.ts";
import { slippedLetter, spell } from "../spell.ts";
import type { Method } from "../trace/calculate.ts";
import { isPosed, type ReverseFacts, reversed } from "./index.ts";

export const reverseMethod: Method<ReverseFacts> = {
  work({ text }, pen) {
    let found = "";
    for (let i = 0; i < text.length; i++) {
      found = slippedLetter(pen, text[i]!) + found;
      const left = text.slice(i + 1);
      pen.line(left === "" ? spell(found) : `${spell(left)}>${spell(found)}`);
    }
    return spell(found);
  },
  /** The other way round: the answer from its end against the letters from their beginning. */
  check({ text }, answer, pen) {
    const letters = answer.split("-").reverse();
    const parts: string[] = [];
    let holds = true;
    for (let i = 0; i < text.length && holds; i++) {
      holds = pen.judged(letters[i] === text[i]);
      parts.push(`${letters[i]}=${text[i]}`);
    }
    return { text: parts.join(" "), holds };
  },
  /** Two neighbours changed over, or two letters that are. */
  miss({ text }, random) {
    const letters = [...reversed(text)];
    for (;;) {
      const at = random.int(0, letters.length - 2);
      const [x, y] = [letters[at]!, letters[at + 1]!];
      if (x === y) continue;
      letters[at] = y;
      letters[at + 1] = x;
      return spell(letters);
    }
  },
};

/** What is left after a line is reversed by the lines that follow, and the first letters have been; where they can be posed. */
export function metOnReversing(thinking: string): Posed[] {
  return Array.from(thinking.matchAll(/^(?:\p{L}+ )?([a-z](?:-[a-z])*)>([a-z](?:-[a-z])*)$/gmu), (match) => [
    { text: match[1]!.replaceAll("-", "") },
    { text: reversed(match[2]!.replaceAll("-", "")) },
  ])
    .flat()
    .filter(isPosed)
    .map((facts) => ({ family: "reverse", facts }));
}
