/**
 * The verifier of final answers in free text, as data sets of the kind of GSM8K (Cobbe et al. 2021, arXiv 2110.14168) and
 * MATH (Hendrycks et al. 2021, arXiv 2103.03874) have them.
 *
 * What counts as an answer. The whole answer block is the answer; it is read, never searched. It scores 1 when it is
 * - one number of the gold answer's exact value: `1200`, `1,200`, `$1,200.00`, `1.2e3`, `1.2 \times 10^3`, `2400/2`,
 *   `1 1/2`, `\frac{3}{2}`, `-3`, `+3`, each with a full stop, a box or math delimiters around it, and with up to four
 *   words of unit after it (`18 eggs`, `60 km/h`, `5\text{ cm}^2`, `3 million dollars`); or
 * - where the gold answer is no number: the same text, LaTeX's dressing and spaces apart (words in any case).
 * Everything else scores 0: no answer, several candidates in whatever form, words in front, another value.
 *
 * Units are not compared (data sets leave them out), so percent is one too: `50%` is 50 and never 1/2. Values are compared
 * as fractions of whole numbers, never as floats: 0.333 is not 1/3. Nothing here searches backwards or recurses, and
 * texts beyond 400 characters are refused unread.
 *
 * Left out, and scored by its text: roots, powers, π, intervals, tuples in another order, equations, sums. Graders that
 * search a text for its last number, or that accept an overlap of candidate sets, reward lists of guesses; that is why
 * this one does neither.
 */
import { LONGEST_ANSWER, quote, RIGHT, tidy, wrong } from "../answers.ts";
import type { Verdict } from "../task.ts";
import { lastBox, plain } from "./latex.ts";
import { readNumber, sameValue } from "./number.ts";

const MARK = "####";

/**
 * The final answer of a data set's answer text: what stands after the last `####` (GSM8K), else in the last box (MATH),
 * else all of a text of one line. @returns null where there is none, or one longer than 400 characters
 */
export function finalAnswer(text: string): string | null {
  const found = finalPart(text)?.trim();
  return found === undefined || found === "" || found.length > LONGEST_ANSWER ? null : found;
}

function finalPart(text: string): string | null {
  const mark = text.lastIndexOf(MARK);
  if (mark >= 0)
    return text
      .slice(mark + MARK.length)
      .trim()
      .split(/[\r\n]/)[0]!;
  if (text.includes("\\boxed{") || text.includes("\\fbox{")) return lastBox(text);
  return /[\r\n]/.test(text.trim()) ? null : text;
}

/** Whether a final answer is a number; else it is compared as text. */
export function isNumber(final: string): boolean {
  return "value" in readNumber(plain(final));
}

/**
 * Judges an answer block against a final answer.
 * @param gold a final answer as `finalAnswer` gives it
 */
export function verifyFinal(gold: string, answer: string): Verdict {
  const text = tidy(answer);
  if (typeof text !== "string") return text;
  const want = readNumber(plain(gold));
  if ("fault" in want) {
    return sameText(gold, text) ? RIGHT : wrong(`${quote(text)} is not ${gold.slice(0, 40)}`);
  }
  const given = readNumber(plain(text));
  if ("fault" in given) return wrong(`${given.fault}: ${quote(text)}`);
  return sameValue(want.value, given.value) ? RIGHT : wrong(`${quote(text)} is not ${gold.slice(0, 40)}`);
}

function sameText(gold: string, answer: string): boolean {
  const [a, b] = [comparable(gold), comparable(answer)];
  const isWord = /^[a-zäöüß][a-zäöüß ]+$/i.test(a);
  return a !== "" && (isWord ? a.toLowerCase() === b.toLowerCase() : a === b);
}

/** A text without spaces, but for those that keep two words or numbers apart. */
function comparable(text: string): string {
  return plain(text)
    .replace(/\.$/, "")
    .replace(/\\[dt]frac/g, "\\frac")
    .replace(/(?<![\p{L}\p{N}]) | (?![\p{L}\p{N}])/gu, "");
}
