/**
 * Counting with tally marks: a line takes the first letter off and moves its count on, with the letters still to come
 * (`t>a0,t1 e-a`, `e>a0,t1 a`, `a>a1,t1`): what a count depends on stands right before it.
 */
import type { Posed } from "../corpus/plain.ts";
import { spell } from "../spell.ts";
import type { Method } from "../trace/calculate.ts";
import { nearMiss } from "../trace/pen.ts";
import { type Counts, isPosed, type LettersFacts, letters, tally } from "./index.ts";

export const lettersMethod: Method<LettersFacts> = {
  work({ text, asked }, pen) {
    let counts: Counts = [...asked].map((letter) => [letter, 0]);
    for (let i = 0; i < text.length; i++) {
      counts = counts.map(([letter, n]) => [letter, letter === text[i] ? pen.slipped(n + 1) : n]);
      pen.line(`${text[i]}>${tally(counts)} ${spell(text.slice(i + 1))}`.trimEnd());
    }
    return tally(counts);
  },
  /** By another route: letter after letter of those asked for, each time with its running count. */
  check({ text, asked }, answer, pen) {
    const parts: string[] = [];
    const counts: Counts = [...asked].map((letter) => {
      let n = 0;
      for (const other of text) {
        if (other !== letter) continue;
        n = pen.slipped(n + 1);
        parts.push(`${letter}${n}`);
      }
      return [letter, n];
    });
    return { text: `${parts.join(" ")} ${tally(counts)}=${answer}`, holds: tally(counts) === answer };
  },
  /** One of the counts is wrong. */
  miss(facts, random) {
    const parts = letters.gold(facts).split(",");
    const at = random.int(0, parts.length - 1);
    const count = Number(parts[at]!.slice(1));
    let wrong = count;
    while (wrong === count || wrong > facts.text.length) wrong = nearMiss(random, count);
    parts[at] = `${parts[at]![0]}${wrong}`;
    return parts.join(",");
  },
};

/** As long as nothing is counted, the letters that are left are a question of their own if they are enough to be posed. */
export function metOnCounting(thinking: string): Posed[] {
  return Array.from(thinking.matchAll(/^(?:\p{L}+ )?[a-z]>([a-z]0(?:,[a-z]0)*) ([a-z](?:-[a-z])*)$/gmu), (match) => ({
    text: match[2]!.replaceAll("-", ""),
    asked: match[1]!.replaceAll(/[0,]/g, ""),
  }))
    .filter(isPosed)
    .map((facts) => ({ family: "letters", facts }));
}
