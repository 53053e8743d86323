/** Looking at what a task draws before any split is chosen. */
import { isHeldOut, type Task } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import type { Surveyed } from "./user-protocol.ts";

/** Facts number `index` of a level as they come: what they are, and to which split they belong. */
export function survey(task: Task, seed: number, index: number, level: number): Surveyed {
  const facts = task.sample(Random.of(seed, "survey", task.name, level, index), level);
  return { canonical: task.canonical(facts), heldOut: isHeldOut(task, facts) };
}
