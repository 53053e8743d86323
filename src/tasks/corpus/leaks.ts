/**
 * Problems that stand inside other problems' solutions: a longer expression's rest is an expression, and a countdown
 * with four numbers becomes one with three. Read from the text, so that nothing the writer does can slip by.
 */
import { countdown } from "../countdown/index.ts";
import { expression } from "../expression/index.ts";
import { isHeldOut, type Task } from "../task.ts";
import type { Posed } from "./plain.ts";

/** A step and the rest: `21+5=26 3>29`, the second step of the stepwise notation, or a branch `12+5=17 3,7>29`. */
const ATTEMPT = /(?:^|[ \n])(\d+)[+\-*/](\d+)=(\d+) (?:\d+(,\d+)*>(\d+))/g;
const STEPWISE = /(?:^|[ \n])(\d+)[+\-*/](\d+)=(\d+) (\d+)[+\-*/](\d+)=\d+>(\d+)/g;
/** An expression with two or more operators. */
const REST = /(?:^|[ \n])(\d+(?:[+\-*]\d+){2,})(?=$|\n)/g;

/** The problems of the family's own kind that a thought meets on its way. */
export function met(family: string, thinking: string): Posed[] {
  const out: Posed[] = [];
  if (family === "countdown") {
    for (const match of thinking.matchAll(ATTEMPT)) {
      const text = match[0];
      const rest = text.slice(text.lastIndexOf(" ") + 1, text.indexOf(">")).split(",");
      const numbers = [match[1], match[2], ...rest].map(Number);
      out.push({ family, facts: { numbers, target: Number(match[5]) } });
    }
    for (const match of thinking.matchAll(STEPWISE)) {
      const [a, b, result, x, y, target] = match.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      out.push({ family, facts: { numbers: [a, b, x === result ? y : x], target } });
    }
  } else if (family === "expression") {
    for (const match of thinking.matchAll(REST)) {
      const text = match[1]!;
      const values = text.split(/[+\-*]/).map(Number);
      const operators = text.match(/[+\-*]/g) ?? [];
      out.push({ family, facts: { values, operators } });
    }
  }
  return out;
}

/** Whether a thought meets a held-out problem on its way. */
export function meetsHeldOut(family: string, thinking: string): boolean {
  if (family !== "countdown" && family !== "expression") return false;
  const task: Task = family === "countdown" ? countdown : expression;
  return met(family, thinking).some(({ facts }) => isHeldOut(task, facts));
}
