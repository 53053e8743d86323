/**
 * Caesar's cipher letter by letter, and each letter by single places: `t+3=u+2=v+1=w r-a-m>w` goes on one letter and
 * counts down what is left of the shift, then restates the letters that are left and those that are found.
 */
import type { Posed } from "../corpus/plain.ts";
import { shifted, slippedLetter, spell } from "../spell.ts";
import type { Method } from "../trace/calculate.ts";
import { readLines } from "../trace/lines.ts";
import { type CaesarFacts, cipher, isPosed } from "./index.ts";

export const caesarMethod: Method<CaesarFacts> = {
  work({ text, by }, pen) {
    const [sign, step] = by < 0 ? ["-", -1] : ["+", 1];
    let found = "";
    for (let i = 0; i < text.length; i++) {
      let letter = text[i]!;
      let chain = "";
      for (let left = Math.abs(by); left > 0; left--) {
        chain += `${letter}${sign}${left}=`;
        letter = slippedLetter(pen, shifted(letter, step));
      }
      found += letter;
      const left = text.slice(i + 1);
      pen.line(`${chain}${letter}${left === "" ? "" : ` ${spell(left)}`}>${spell(found)}`);
    }
    return spell(found);
  },
  /** The other way round: each letter of the answer shifted back in one step. */
  check({ text, by }, answer, pen) {
    const letters = answer.split("-");
    const parts: string[] = [];
    let holds = true;
    for (let i = 0; i < text.length && holds; i++) {
      const back = slippedLetter(pen, shifted(letters[i]!, -by));
      holds = back === text[i];
      parts.push(`${letters[i]}${by < 0 ? "+" : "-"}${Math.abs(by)}=${back}`);
    }
    return { text: parts.join(" "), holds };
  },
  /** Shifted by one place too many or too few. */
  miss: ({ text, by }, random) => spell(cipher({ text, by: by + random.pick([-1, 1]) })),
};

/** `t+3=u+2=v+1=w r-a-m>w`: the letter, the shift, the letters that are left, and those that are found. */
const STEP = /^([a-z])([+-]\d+)=\S*?(?: ([a-z](?:-[a-z])*))?>([a-z](?:-[a-z])*)$/;

/** What is left after a line is shifted by the lines that follow, and the first letters have been; where they can be posed. */
export function metOnShifting(thinking: string): Posed[] {
  const found: CaesarFacts[] = [];
  let first = "";
  for (const { body } of readLines(thinking)) {
    const step = STEP.exec(body);
    if (step === null) continue;
    const by = Number(step[2]);
    first = step[4]!.length === 1 ? step[1]! : first + step[1]!;
    if (step[3] !== undefined) found.push({ text: first, by }, { text: step[3].replaceAll("-", ""), by });
  }
  return found.filter(isPosed).map((facts) => ({ family: "caesar", facts }));
}
