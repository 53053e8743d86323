/**
 * Addition on paper, column by column from the right. Each line writes one column, then what is left to add and the
 * digits already found (`7+6=13 34+28+1>3`), so that the next column can be read off the end of the line before
 * without counting places in the prompt.
 */
import type { Method } from "../trace/calculate.ts";
import { missNumber } from "../trace/calculate.ts";
import type { AdditionFacts } from "./index.ts";

export const additionMethod: Method<AdditionFacts> = {
  work({ a, b }, pen) {
    let [left, right] = [String(a), String(b)];
    let carry = 0;
    let found = "";
    while (left !== "" || right !== "") {
      const [x, y] = [left.at(-1) ?? "0", right.at(-1) ?? "0"];
      const sum = Math.min(19, pen.slipped(Number(x) + Number(y) + carry));
      const column = `${x}+${y}${carry ? "+1" : ""}=${sum}`;
      left = left.slice(0, -1);
      right = right.slice(0, -1);
      if (left === "" && right === "") {
        found = `${sum}${found}`;
        pen.line(`${column}>${found}`);
      } else {
        carry = sum >= 10 ? 1 : 0;
        found = `${sum % 10}${found}`;
        pen.line(`${column} ${left || "0"}+${right || "0"}${carry ? "+1" : ""}>${found}`);
      }
    }
    return String(Number(found));
  },
  /** The other way round: place by place from the left, as a running sum. */
  check({ a, b }, answer, pen) {
    const [left, right] = [String(a), String(b)];
    const parts: string[] = [];
    let sum = 0;
    for (let place = Math.max(left.length, right.length) - 1; place >= 0; place--) {
      const [x, y] = [Number(left.at(-1 - place) ?? 0) * 10 ** place, Number(right.at(-1 - place) ?? 0) * 10 ** place];
      const next = pen.slipped(sum + x + y);
      parts.push(`${sum === 0 ? "" : `${sum}+`}${x}+${y}=${next}`);
      sum = next;
    }
    return { text: `${parts.join(" ")} ${sum}=${answer}`, holds: String(sum) === answer };
  },
  miss: ({ a, b }, random) => missNumber(random, a + b),
};
