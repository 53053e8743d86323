/**
 * Subtraction on paper, column by column from the right. A column that is too small borrows ten and takes one from the
 * next (`12-8=4 6-3-1>4`): each line ends with what is left to subtract and the digits already found, so that the next
 * column can be read off the end of the line before.
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import type { SubtractionFacts } from "./index.ts";

export const subtractionMethod: Method<SubtractionFacts> = {
  work({ a, b }, pen) {
    let [left, right] = [String(a), String(b)];
    let taken = 0;
    let found = "";
    while (left !== "") {
      const [x, y] = [Number(left.at(-1)), Number(right.at(-1) ?? "0")];
      const borrows = x < y + taken;
      const digit = Math.min(9, pen.slipped(x + (borrows ? 10 : 0) - y - taken));
      const column = `${borrows ? "1" : ""}${x}-${y}${taken ? "-1" : ""}=${digit}`;
      left = left.slice(0, -1);
      right = right.slice(0, -1);
      // The slip of this method is the borrowed one that is forgotten.
      taken = borrows && pen.judged(true) ? 1 : 0;
      found = `${digit}${found}`;
      pen.line(left === "" ? `${column}>${found}` : `${column} ${left}-${right || "0"}${taken ? "-1" : ""}>${found}`);
    }
    return String(Number(found));
  },
  /** The other way round: what was taken away is put back, place by place from the left. */
  check({ a, b }, answer, pen) {
    const parts: string[] = [];
    let sum = Number(answer);
    for (const part of places(b)) {
      const next = pen.slipped(sum + part);
      parts.push(`${sum}+${part}=${next}`);
      sum = next;
    }
    return { text: `${parts.join(" ")} ${sum}=${a}`, holds: sum === a };
  },
  miss: ({ a, b }, random) => missNumber(random, a - b),
};

/** 347 → 300, 40, 7; zeros left out. */
function places(value: number): number[] {
  const text = String(value);
  return [...text].map((digit, i) => Number(digit) * 10 ** (text.length - 1 - i)).filter((part) => part > 0);
}
