/**
 * Problems that stand inside other problems' solutions: a longer expression's rest is an expression, and a countdown
 * with four numbers becomes one with three. Read from the text, so that nothing the writer does can slip by.
 */
import { countdown } from "../countdown/index.ts";
import { expression } from "../expression/index.ts";
import { isHeldOut, type Task } from "../task.ts";
import { readAttempt, readLines } from "../trace/lines.ts";
import type { Posed } from "./plain.ts";

/** An expression with two or more operators. */
const REST = /(?:^|[ \n])(\d+(?:[+\-*]\d+){2,})(?=$|\n)/g;

/** The problems of the family's own kind that a thought meets on its way. */
export function met(family: string, thinking: string): Posed[] {
  const out: Posed[] = [];
  if (family === "countdown") {
    for (const line of readLines(thinking)) {
      const attempt = readAttempt(line);
      if (attempt === null) continue;
      const { a, b, rest, target } = attempt;
      out.push({ family, facts: { numbers: [a, b, ...rest], target } });
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
