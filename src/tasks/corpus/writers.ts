/** Which family is written by which hand: its own, or one made of its method (methods.ts). */
import { countdownWriter } from "../countdown/writer.ts";
import { puzzle24Writer } from "../puzzle24/writer.ts";
import { recallWriter } from "../recall/writer.ts";
import type { Task } from "../task.ts";
import { METHODS } from "./methods.ts";
import { paperWriter, type Writer } from "./writer.ts";

/** Families with a hand of their own. */
const WRITERS: Readonly<Record<string, Writer>> = {
  countdown: countdownWriter as Writer,
  puzzle24: puzzle24Writer as Writer,
  recall: recallWriter as Writer,
};

/** The hand that writes a built-in family. */
export function writerOf(task: Task): Writer {
  const own = WRITERS[task.name];
  if (own !== undefined) return own;
  const method = METHODS[task.name];
  if (method === undefined) throw new Error(`internal: no writer for task ${task.name}`);
  return paperWriter(task, method);
}
